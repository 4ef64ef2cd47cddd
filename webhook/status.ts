import { type AnnotationProblem, formatWarning } from '../contract/annotations/problem.ts';
import { WRITTEN } from '../contract/injection.ts';
import { isMap, type Pod } from './pod.ts';
import { REASONS, type Reason } from './reasons.ts';

/** The status annotation: what was done to a pod and why. Nothing in it changes between two calls with the same input. */
export interface Status {
  readonly result: 'injected' | 'skipped';
  readonly reason: Reason;
  readonly mode?: 'native';
  readonly revision?: string;
  readonly image?: string;
  readonly profile?: string;
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly paths: readonly string[];
  readonly sources: Readonly<Record<string, string>>;
  readonly assigned: Assigned;
}

/**
 * Which containers a path without `container=` was given to, and whether that was a guess. Kept, because containers that other injectors add
 * between two calls must not make the second one choose differently.
 */
export type Assigned = Readonly<Record<string, { readonly containers: readonly string[]; readonly guess: boolean }>>;

/** Annotations share 256 KiB, and a thousand wrong paths are no better explained than twenty. */
const MOST_WARNINGS = 20;

/** The annotation's text. Keys stand in the order in which a person wants to read them. */
export function formatStatus(status: Status, problems: readonly AnnotationProblem[]): string {
  const { result, reason, mode, revision, image, profile, containers, volumes, paths, sources, assigned } = status;
  const message = REASONS[reason];
  const warnings = warningsOf(problems, MOST_WARNINGS);
  const what = { mode, revision, image, profile, containers, volumes, paths };
  return JSON.stringify({ result, reason, message, ...what, warnings, sources, assigned });
}

/** The problems as lines, the last one counting those that did not fit. */
export function warningsOf(problems: readonly AnnotationProblem[], most: number): string[] {
  const lines = [...new Set(problems.map(formatWarning))];
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `and ${lines.length - most + 1} more warnings`];
}

/** What the status annotation of an earlier call says, whoever wrote it; empty where there is none or it is not ours. */
export function readRecord(pod: Pod): { containers: string[]; volumes: string[]; assigned: Assigned } {
  const annotations = pod.metadata?.annotations ?? {};
  const status = Object.hasOwn(annotations, WRITTEN.status) ? parse(annotations[WRITTEN.status]!) : undefined;
  const strings = (v: unknown) => (Array.isArray(v) ? v.filter((s): s is string => typeof s === 'string') : []);
  if (!isMap(status)) return { containers: [], volumes: [], assigned: {} };
  const assigned = Object.entries(isMap(status.assigned) ? status.assigned : {}).flatMap(([path, entry]) =>
    isMap(entry) ? [[path, { containers: strings(entry.containers), guess: entry.guess === true }]] : [],
  );
  return {
    containers: strings(status.containers),
    volumes: strings(status.volumes),
    assigned: Object.fromEntries(assigned) as Assigned,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not ours then, and it is overwritten
  }
}
