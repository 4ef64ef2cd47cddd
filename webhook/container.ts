import {
  ADMIN_PORT,
  ADMIN_PORT_NAME,
  CONTAINER,
  DEFAULT_UID,
  ENVIRONMENT,
  MOUNTS,
  POD_ENVIRONMENT,
  PODINFO,
  VOLUMES,
} from '../contract/injection.ts';
import { type Container, isMap, type Mount, type Pod, type Volume } from './pod.ts';
import type { Settings } from './settings.ts';

/** What the admin server of a pod's sidecar is given, and whether its port is declared. */
export interface Admin {
  /** Overrides `admin` of the configuration; undefined: leave the default. */
  readonly config: unknown;
  readonly declarePort: boolean;
}

/**
 * The admin server, unless the port is taken: by the app in the pod's network, or by anybody in the node's. What the profile says of it holds,
 * but in the node's network.
 */
export function adminFor(pod: Pod, wished: unknown): Admin {
  if (pod.spec.hostNetwork === true) return { config: false, declarePort: false };
  const port = isMap(wished) ? (wished.port ?? ADMIN_PORT) : ADMIN_PORT;
  if (wished === false || port !== ADMIN_PORT) return { config: wished, declarePort: false };
  const taken = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some((c) =>
    c.ports?.some((port) => port.containerPort === ADMIN_PORT),
  );
  return taken ? { config: { port: 0 }, declarePort: false } : { config: undefined, declarePort: true };
}

/**
 * The native sidecar. It satisfies the `restricted` Pod Security Standard, and has no probe: a backend that is down must never
 * make the app's pod unready.
 */
export function sidecarContainer(
  settings: Settings,
  uid: number | undefined,
  declarePort: boolean,
  mounts: readonly Mount[],
): Container {
  const fixed = Object.entries(ENVIRONMENT).map(([name, value]) => ({ name, value }));
  const fields = Object.entries(POD_ENVIRONMENT).map(([name, fieldPath]) => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  }));
  return {
    name: CONTAINER,
    image: settings.image,
    ...(settings.imagePullPolicy === undefined ? {} : { imagePullPolicy: settings.imagePullPolicy }),
    restartPolicy: 'Always',
    env: [...fixed, ...fields],
    ...(declarePort ? { ports: [{ name: ADMIN_PORT_NAME, containerPort: ADMIN_PORT, protocol: 'TCP' }] } : {}),
    resources: { requests: quantities(settings.resources.requests), limits: quantities(settings.resources.limits) },
    securityContext: {
      runAsNonRoot: true,
      // The app's own user can read the app's files, whatever their mode; root is not allowed to be one.
      runAsUser: uid || DEFAULT_UID,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: VOLUMES.state, mountPath: MOUNTS.state },
      { name: VOLUMES.podinfo, mountPath: MOUNTS.podinfo, readOnly: true },
      ...mounts,
    ],
  };
}

/** Where the sidecar finds the keys of its Secret, if it has one. */
export function secretMounts(secret: string | undefined): Mount[] {
  return secret === undefined ? [] : [{ name: VOLUMES.secret, mountPath: MOUNTS.secret, readOnly: true }];
}

/**
 * The sidecar's own volumes: its state, what it knows of the pod, live, and its Secret. That is optional: one that nobody made yet must
 * not keep the app's pod from starting.
 */
export function sidecarVolumes(secret: string | undefined): Volume[] {
  const items = Object.entries(PODINFO).map(([path, fieldPath]) => ({ path, fieldRef: { fieldPath } }));
  return [
    { name: VOLUMES.state, emptyDir: {} },
    { name: VOLUMES.podinfo, downwardAPI: { items } },
    ...(secret === undefined ? [] : [{ name: VOLUMES.secret, secret: { secretName: secret, optional: true } }]),
  ];
}

function quantities(given: Readonly<Record<string, string | number | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).flatMap(([k, v]) => (v === undefined ? [] : [[k, String(v)]])));
}
