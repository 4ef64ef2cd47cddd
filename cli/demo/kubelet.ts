import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
}
interface Container {
  readonly name: string;
  readonly env?: readonly { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[];
  readonly volumeMounts?: readonly Mount[];
}
interface Volume {
  readonly name: string;
  readonly downwardAPI?: { readonly items: readonly { path: string; fieldRef: { fieldPath: string } }[] };
}
export interface Pod {
  readonly metadata: {
    name?: string;
    generateName?: string;
    namespace?: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  readonly spec: {
    containers: readonly Container[];
    initContainers?: readonly Container[];
    volumes?: readonly Volume[];
  };
}

/**
 * What a kubelet would do for a pod's containers, without containers: below `folder`, for each container a root with its mounts, and the
 * files of downwardAPI volumes. A volume is a folder where it is mounted first, init containers before others, and a link to it elsewhere:
 * the sidecar, which is the first, follows links as they are meant in the container that wrote them, and must find none in the place of a
 * mount.
 */
export class Kubelet {
  readonly #pod: Pod;
  readonly #folder: string;

  constructor(pod: Pod, folder: string) {
    this.#pod = pod;
    this.#folder = folder;
    const places = new Map<string, string>();
    for (const container of this.#containers) {
      for (const { name, mountPath, subPath = '' } of container.volumeMounts ?? []) {
        const place = places.get(join(name, subPath));
        const mount = this.locate(container.name, mountPath);
        if (place === undefined) {
          mkdirSync(mount, { recursive: true });
          places.set(join(name, subPath), mount);
        } else {
          mkdirSync(dirname(mount), { recursive: true });
          symlinkSync(place, mount);
        }
      }
    }
    for (const { name, downwardAPI } of pod.spec.volumes ?? []) {
      for (const { path, fieldRef } of downwardAPI?.items ?? []) {
        const place = places.get(name);
        if (place !== undefined) writeFileSync(join(place, path), this.#field(fieldRef.fieldPath));
      }
    }
  }

  /** Where a path of a container is on this machine. */
  locate(container: string, path: string): string {
    return join(this.#folder, 'containers', container, path);
  }

  /** A container's environment, with the values of the Downward API. */
  environment(container: string): Record<string, string> {
    const env = this.#containers.find(({ name }) => name === container)?.env ?? [];
    return Object.fromEntries(
      env.map(({ name, value, valueFrom }) => [name, value ?? this.#field(valueFrom?.fieldRef?.fieldPath ?? '')]),
    );
  }

  get #containers(): readonly Container[] {
    return [...(this.#pod.spec.initContainers ?? []), ...this.#pod.spec.containers];
  }

  /** A field as the Downward API shows it. */
  #field(path: string): string {
    const { metadata } = this.#pod;
    const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
    if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '';
    const all = /^metadata\.(labels|annotations)$/.exec(path);
    if (all) {
      const values = Object.entries(metadata[all[1] as 'labels' | 'annotations'] ?? {});
      return values.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join('\n');
    }
    const fields: Record<string, string | undefined> = {
      'metadata.name': metadata.name,
      'metadata.namespace': metadata.namespace,
      'metadata.uid': metadata.uid,
      'status.podIP': '127.0.0.1',
      'spec.nodeName': 'this-machine',
    };
    return fields[path] ?? '';
  }
}
