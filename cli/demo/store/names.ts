/** Longest name of an index, bytes of UTF-8 (Elasticsearch, "Create index API", index name limits). */
const MAX_NAME = 255;

/** What Elasticsearch refuses in an index name (same page), in its words; undefined for a good one. Control characters pass there, too. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'must not be empty';
  if (name !== name.toLowerCase()) return 'must be lowercase';
  if (/[\\/*?"<>| ,]/.test(name))
    return "must not contain the following characters [' ','\"','*',',','/','<','>','?','\\','|']";
  for (const sign of ['#', ':']) if (name.includes(sign)) return `must not contain '${sign}'`;
  if (/^[-_+]/.test(name)) return "must not start with '_', '-', or '+'";
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME) return `index name is too long, (${bytes} > ${MAX_NAME})`;
  return name === '.' || name === '..' ? "must not be '.' or '..'" : undefined;
}

/** An index expression of a URL (`_all`, `*`, a wildcard, a comma list) names what was never created. */
export interface Missing {
  readonly missing: string;
}

/** The existing names that an index expression means; a wildcard may mean none, a plain name must exist. */
export function resolveNames(expression: string, existing: readonly string[]): string[] | Missing {
  const found = new Set<string>();
  for (const part of expression.split(',')) {
    const pattern = part === '_all' ? '*' : part;
    if (!pattern.includes('*')) {
      if (!existing.includes(pattern)) return { missing: pattern };
      found.add(pattern);
      continue;
    }
    const regex = wildcard(pattern, '');
    for (const name of existing) if (regex.test(name)) found.add(name);
  }
  return existing.filter((name) => found.has(name));
}

/** `*` is any text, `?` is one character where `single` says so (`'?'`); the rest stands for itself. */
export function wildcard(pattern: string, single: '?' | ''): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\/?]/g, (sign) => (sign === single ? '.' : `\\${sign}`));
  return new RegExp(`^${source.replaceAll('*', '.*')}$`, 'su');
}
