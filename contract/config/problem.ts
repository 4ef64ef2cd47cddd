/** One thing wrong with a configuration: where, what, and how to mend it. */
export interface Problem {
  /** Path of the key, as a user would write it: `inputs[0].maxLineBytes`; empty for the whole. */
  readonly path: string;
  readonly problem: string;
  readonly fix: string;
}

/** The problem as one line: `inputs[0].formt: unknown key "formt". Did you mean "format"?` */
export function formatProblem({ path, problem, fix }: Problem): string {
  return `${path === '' ? 'configuration' : path}: ${problem}. ${fix}`;
}

/** A value as messages show it: JSON, cut at 60 characters, never across lines. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The path of a key below `path`: `outputs.es`, `labels["a.b"]`. */
export function keyPath(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}
