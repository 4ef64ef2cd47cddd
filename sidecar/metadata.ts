import { readFileSync } from 'node:fs';
import type { Config } from '../contract/config/schema.ts';
import { LEVELS, type Level } from './types.ts';

/** What is known of the pod; empty strings become undefined. */
export interface PodMetadata {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly uid: string | undefined;
  readonly ip: string | undefined;
  readonly node: string | undefined;
  readonly cluster: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Least level of the records that are shipped, by the annotation of the running pod. */
  readonly minLevel?: Level | undefined;
}

/** Folder of the downwardAPI volume's files `labels` and `annotations`. */
export const PODINFO = '/etc/sidetail/podinfo';

/** Changed on a running pod it takes effect at once. */
const MIN_LEVEL = 'sidetail.dev/min-level';

/** Annotations that are machinery, not metadata: they are large, and they are ours or kubectl's. */
const HIDDEN = /^(?:sidetail\.dev\/|kubectl\.kubernetes\.io\/last-applied-configuration$|kubernetes\.io\/config\.)/;

/** The pod's metadata from configuration, environment and podinfo files, in this order of precedence. */
export function readMetadata(config: Config, env: NodeJS.ProcessEnv, podinfo = PODINFO): PodMetadata {
  const { pod } = config;
  const all = pod.annotations ?? readPodinfo(`${podinfo}/annotations`);
  return {
    name: pod.name ?? (env.POD_NAME || undefined),
    namespace: pod.namespace ?? (env.POD_NAMESPACE || undefined),
    uid: pod.uid ?? (env.POD_UID || undefined),
    ip: pod.ip ?? (env.POD_IP || undefined),
    node: pod.node ?? (env.NODE_NAME || undefined),
    cluster: config.cluster,
    labels: pod.labels ?? readPodinfo(`${podinfo}/labels`),
    minLevel: LEVELS.find((level) => level === all[MIN_LEVEL]?.trim().toLowerCase()),
    annotations: Object.fromEntries(Object.entries(all).filter(([key]) => !HIDDEN.test(key))),
  };
}

function readPodinfo(path: string): Record<string, string> {
  try {
    return parsePodinfo(readFileSync(path, 'utf8'));
  } catch {
    return {}; // outside a cluster there is none
  }
}

/** Parses a downwardAPI file: `key="value"` a line, the value quoted as Go's %q does. */
export function parsePodinfo(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) values[line.slice(0, equals)] = unquote(line.slice(equals + 1));
  }
  return values;
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unquote(quoted: string): string {
  return quoted
    .replace(/^"|"$/g, '')
    .replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/g, (_, x, u, U, c: string) => {
      const hex = x ?? u ?? U;
      return hex === undefined ? (GO_ESCAPES[c] ?? c) : String.fromCodePoint(Number.parseInt(hex, 16));
    });
}
