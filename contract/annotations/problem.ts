/** One thing wrong with an annotation or a label: which, its value, what is wrong and how to mend it. */
export interface AnnotationProblem {
  /** Full key, `sidetail.dev/paths`; a label's begins with `label `. */
  readonly key: string;
  /** The value, or the part of it that is wrong, as the user wrote it. */
  readonly value: string;
  readonly problem: string;
  readonly fix: string;
}

/** Kubernetes cuts longer warnings, and kubectl shows them on one line. */
export const WARNING_LENGTH = 120;
const SHORTEST_VALUE = 10;

/**
 * The problem as one line of at most 120 characters: `sidetail.dev/format="jsn": not a known format. Did you mean "json"?`
 * What is too long is taken from the value first, then from the end. Control characters never pass: a warning travels in an HTTP header.
 */
export function formatWarning({ key, value, problem, fix }: AnnotationProblem): string {
  const rest = `${key}=: ${problem}. ${fix}`.length;
  const shown = cut(JSON.stringify(value), Math.max(SHORTEST_VALUE, WARNING_LENGTH - rest));
  return cut(clean(`${key}=${shown}: ${problem}. ${fix}`), WARNING_LENGTH);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 3)).toWellFormed()}...`;
}

function clean(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}
