import { INJECT, NAMESPACE_SWITCH, PREFIX, WRITTEN } from '../injection.ts';

/**
 * The closed list of keys under `sidetail.dev/`. `supported`: acted upon; `later`: part of the contract, answered with a problem until its
 * behaviour exists; `written`: by the webhook, users have no business with it.
 */
export const ANNOTATIONS = {
  inject: 'supported',
  paths: 'supported',
  profile: 'supported',
  output: 'supported',
  index: 'supported',
  'data-stream': 'supported',
  format: 'supported',
  fields: 'supported',
  secret: 'supported',
  multiline: 'later',
  encoding: 'later',
  'time-zone': 'later',
  'log-group': 'later',
  'log-stream': 'later',
  'min-level': 'later',
  filters: 'later',
  config: 'later',
  mode: 'later',
  requests: 'later',
  limits: 'later',
  volume: 'later',
  'size-limit': 'later',
  'run-as': 'later',
  retention: 'later',
  'disk-budget': 'later',
  'drain-timeout': 'later',
  status: 'written',
  resolved: 'written',
} as const satisfies Record<string, 'supported' | 'later' | 'written'>;

/** A key without its prefix. */
export type Key = keyof typeof ANNOTATIONS;

/** Keys that a user may set on a pod, as full names: what a suggestion is taken from. */
export const USER_KEYS: readonly string[] = Object.entries(ANNOTATIONS)
  .filter(([, state]) => state !== 'written')
  .map(([key]) => PREFIX + key);

/** Labels of a pod that are ours. */
export const POD_LABELS: readonly string[] = [INJECT, WRITTEN.injected, WRITTEN.revision];

/** Labels that belong on a namespace. */
export const NAMESPACE_LABELS: readonly string[] = [NAMESPACE_SWITCH];

/** The full name of a key: `sidetail.dev/paths`. */
export function fullKey(key: Key): string {
  return PREFIX + key;
}
