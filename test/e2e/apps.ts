/** Apps that log to files, as Kubernetes objects. They run Node from the sidecar's own image: there is none else that every cluster has. */

const IMAGE = process.env.SIDETAIL_E2E_SIDECAR ?? 'sidetail-sidecar:e2e';

/**
 * Writes `lines` lines `POD line N` to a file, `perSecond` of them, with `rotations` rotations in between; then ends, or stays until
 * SIGTERM, after which it writes one more, `POD last`.
 */
const PROGRAM = `
const fs = require('node:fs'), path = require('node:path');
const { FILE, LINES = '100', PER_SECOND = '200', ROTATIONS = '0', STAY = '', POD = require('node:os').hostname() } = process.env;
fs.mkdirSync(path.dirname(FILE), { recursive: true });
let n = 0, rotated = 0;
const write = (text) => fs.appendFileSync(FILE, new Date().toISOString() + ' INFO  [main] k.s.App - ' + POD + ' ' + text + '\\n');
const end = () => { write('last'); process.exit(0); };
const timer = setInterval(() => {
  for (let i = 0; i < Number(PER_SECOND) / 20 && n < Number(LINES); i++) {
    write('line ' + n++);
    if (rotated < Number(ROTATIONS) && n >= (rotated + 1) * Number(LINES) / (Number(ROTATIONS) + 1)) {
      fs.renameSync(FILE, FILE + '.' + ++rotated);
      fs.writeFileSync(FILE, '');
    }
  }
  if (n < Number(LINES)) return;
  clearInterval(timer);
  if (STAY) setInterval(() => {}, 1000); else end();
}, 50);
process.on('SIGTERM', end);
`;

export interface App {
  readonly file?: string;
  readonly lines?: number;
  readonly perSecond?: number;
  readonly rotations?: number;
  readonly stay?: boolean;
  readonly container?: object;
  readonly pod?: object;
}

/** A restricted security context of a container. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  runAsUser: 1000,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The container that writes. */
export function writer(
  name: string,
  { file = '/var/log/app/app.log', lines = 100, perSecond = 200, rotations = 0, stay = false, container = {} }: App,
): object {
  const values = {
    FILE: file,
    LINES: lines,
    PER_SECOND: perSecond,
    ROTATIONS: rotations,
    ...(stay ? { STAY: '1' } : {}),
  };
  return {
    name,
    image: IMAGE,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '-e', PROGRAM],
    env: [
      ...Object.entries(values).map(([key, value]) => ({ name: key, value: String(value) })),
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    securityContext: RESTRICTED,
    ...container,
  };
}

/** A pod template (without kind) with one writer, `app`. */
export function template(app: string, annotations: Record<string, string>, options: App = {}): object {
  return {
    metadata: { labels: { app }, annotations },
    spec: {
      // Ends soon, so that tests do: what a drain needs, and no more.
      terminationGracePeriodSeconds: 20,
      containers: [writer('app', options)],
      ...options.pod,
    },
  };
}

export const PATHS = { 'sidetail.dev/paths': '/var/log/app/*.log' };

/** A workload of a pod template. */
export function workload(
  kind: string,
  name: string,
  namespace: string,
  podTemplate: object,
  spec: object = {},
): object {
  const apiVersion = kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1';
  const selector = kind === 'Job' || kind === 'CronJob' ? {} : { selector: { matchLabels: { app: name } } };
  return { apiVersion, kind, metadata: { name, namespace }, spec: { ...selector, template: podTemplate, ...spec } };
}

/** A pod by itself. */
export function pod(name: string, namespace: string, podTemplate: object): object {
  const { metadata, spec } = podTemplate as { metadata: object; spec: object };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name, namespace }, spec };
}

export function namespace(name: string, labels: Record<string, string> = {}): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** A name that no earlier run used: its records may still be in the store. */
export function unique(name: string): string {
  return `${name}-${Date.now().toString(36).slice(-5)}`;
}
