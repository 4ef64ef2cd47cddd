import { CONTAINER, ENVIRONMENT, logsVolume, VOLUMES, WRITTEN } from '../contract/injection.ts';
import { type Container, isMap, type Pod, type Strings, type Volume } from './pod.ts';
import { readRecord } from './status.ts';

/**
 * The pod without what an earlier call of ours added. The record of that call is never trusted alone: what it names must look like ours as well; `volumes` are those taken away, by name,
 * `sidecar` is the container. The given pod is not changed.
 */
export function strip(pod: Pod): Stripped {
  const owned = readRecord(pod);
  const { spec } = pod;
  const isOurs = (c: Container) => owned.containers.includes(c.name) && isOurContainer(c);
  const sidecar = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].find(isOurs);
  if (!sidecar) return { pod, volumes: new Map() };
  const isOurVolume = (v: Volume) => owned.volumes.includes(v.name) && looksLikeOurVolume(v);
  const volumes = new Map((spec.volumes ?? []).filter(isOurVolume).map((v) => [v.name, v]));
  const unmount = (c: Container): Container => {
    const mounts = c.volumeMounts ?? [];
    // Only the mount that we made: other injectors copy mounts of the app into containers of theirs, and the volume comes back in a moment.
    const kept = mounts.filter((m) => !(volumes.has(m.name) && m.name === logsVolume(c.name, m.mountPath)));
    return kept.length === mounts.length ? c : withList(c, 'volumeMounts', kept);
  };
  let stripped = { ...spec, containers: spec.containers.filter((c) => !isOurs(c)).map(unmount) };
  stripped = withList(
    stripped,
    'initContainers',
    (spec.initContainers ?? []).filter((c) => !isOurs(c)),
  );
  stripped = withList(
    stripped,
    'volumes',
    (spec.volumes ?? []).filter((v) => !volumes.has(v.name)),
  );
  return { pod: { ...pod, metadata: stripMetadata(pod), spec: stripped }, volumes, sidecar };
}

export interface Stripped {
  readonly pod: Pod;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly sidecar?: Container;
}

/** By name and by the environment that only ours has. */
function isOurContainer(container: Container): boolean {
  const marked = container.env?.some((e) => e.name === 'SIDETAIL_CONFIG' && e.value === ENVIRONMENT.SIDETAIL_CONFIG);
  return container.name === CONTAINER && marked === true;
}

function looksLikeOurVolume(volume: Volume): boolean {
  if (volume.name === VOLUMES.podinfo) return isMap(volume.downwardAPI);
  if (volume.name === VOLUMES.secret) return isMap(volume.secret);
  return isReservedVolume(volume.name) && isMap(volume.emptyDir);
}

/** Whether only the webhook may give this name to a volume. */
export function isReservedVolume(name: string): boolean {
  const { state, podinfo, secret, logs } = VOLUMES;
  return name === state || name === podinfo || name === secret || name.startsWith(logs);
}

function stripMetadata(pod: Pod): NonNullable<Pod['metadata']> {
  const without = (map: Strings, keys: readonly string[]) =>
    Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
  const { labels, annotations, ...rest } = pod.metadata ?? {};
  return {
    ...rest,
    ...(labels ? { labels: without(labels, [WRITTEN.injected, WRITTEN.revision]) } : {}),
    ...(annotations ? { annotations: without(annotations, [WRITTEN.status, WRITTEN.resolved]) } : {}),
  };
}

/** The object with the list, or without the key where the list is empty. */
function withList<T extends object, K extends keyof T>(object: T, key: K, list: T[K] & readonly unknown[]): T {
  const { [key]: _, ...rest } = object;
  return (list.length > 0 ? { ...object, [key]: list } : rest) as T;
}
