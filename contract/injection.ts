import { createHash } from 'node:crypto';

/** Names that the webhook writes into a pod and the sidecar relies on there (CONTRACT section 6). Changing one needs both programs. */

export const PREFIX = 'sidetail.dev/';

/** The injected container. */
export const CONTAINER = 'sidetail';

/** Volumes of the injected container; `logs` is the beginning of the names of those that it shares with the app. */
export const VOLUMES = {
  state: 'sidetail-state',
  podinfo: 'sidetail-podinfo',
  secret: 'sidetail-secret',
  logs: 'sidetail-logs-',
} as const;

/** Where they are mounted in the injected container. */
export const MOUNTS = {
  state: '/var/lib/sidetail',
  podinfo: '/etc/sidetail/podinfo',
  /** Keys of the Secret that the profile or the pod names, one file each: what `passwordFile` and its like point to. */
  secret: '/etc/sidetail/secret',
  logs: '/logs',
} as const;

/** Files of the podinfo volume and the fields of the pod that they show, live. */
export const PODINFO = {
  labels: 'metadata.labels',
  annotations: 'metadata.annotations',
  config: `metadata.annotations['${PREFIX}resolved']`,
} as const;

/** Environment with fixed values. */
export const ENVIRONMENT = {
  SIDETAIL_CONFIG: `${MOUNTS.podinfo}/config`,
  /** A typo in an annotation must not stop an app. */
  SIDETAIL_ON_BAD_CONFIG: 'wait',
} as const;

/** Environment from the Downward API: variable to field of the pod. */
export const POD_ENVIRONMENT = {
  POD_NAME: 'metadata.name',
  POD_NAMESPACE: 'metadata.namespace',
  POD_UID: 'metadata.uid',
  POD_IP: 'status.podIP',
  NODE_NAME: 'spec.nodeName',
} as const;

/** The sidecar's admin server, and the name of its container port. */
export const ADMIN_PORT = 9808;
export const ADMIN_PORT_NAME = 'sidetail-admin';

/** User of the injected container where the app's is not known (the "nonroot" of distroless images). */
export const DEFAULT_UID = 65532;

/** Annotations and labels written by the webhook, never by users. */
export const WRITTEN = {
  /** JSON: what was done and why. */
  status: `${PREFIX}status`,
  /** JSON: the sidecar's whole configuration. */
  resolved: `${PREFIX}resolved`,
  /** Label, `"true"`. */
  injected: `${PREFIX}injected`,
  /** Label: `hash8` of image and resolved configuration. */
  revision: `${PREFIX}revision`,
} as const;

/** Label of a pod, and annotation: the switch. */
export const INJECT = `${PREFIX}inject`;
/** Label of a namespace: `enabled` or `disabled`. */
export const NAMESPACE_SWITCH = `${PREFIX}injection`;

/** The first eight hex digits of the SHA-256 of the parts; parts are kept apart, so `a, bc` is not `ab, c`. */
export function hash8(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 8);
}

/** Name of the emptyDir that the webhook adds for one folder of one container. */
export function logsVolume(container: string, directory: string): string {
  return `${VOLUMES.logs}${hash8(container, directory)}`;
}

/** Folder of the sidecar in which a container's folders are found; `root` of that container's inputs. */
export function logsRoot(container: string): string {
  return `${MOUNTS.logs}/${container}`;
}
