import { type AnnotationProblem, formatWarning } from '../contract/annotations/problem.ts';
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
}

/** Annotations share 256 KiB, and a thousand wrong paths are no better explained than twenty. */
const MOST_WARNINGS = 20;

/** The annotation's text. Keys stand in the order in which a person wants to read them. */
export function formatStatus(status: Status, problems: readonly AnnotationProblem[]): string {
  const { result, reason, mode, revision, image, profile, containers, volumes, paths, sources } = status;
  const message = REASONS[reason];
  const warnings = warningsOf(problems, MOST_WARNINGS);
  const what = { mode, revision, image, profile, containers, volumes, paths };
  return JSON.stringify({ result, reason, message, ...what, warnings, sources });
}

/** The problems as lines, the last one counting those that did not fit. */
export function warningsOf(problems: readonly AnnotationProblem[], most: number): string[] {
  const lines = [...new Set(problems.map(formatWarning))];
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `and ${lines.length - most + 1} more warnings`];
}
