/**
 * The useful part of Lucene's query strings: `field:value`, `"phrases"`, `*` wildcards, `AND OR NOT`, parentheses, bare words (looked for
 * in `message`), `_exists_:field`. Text is compared as Elasticsearch's dynamic `text` fields do: by words, in any case.
 */
export type Predicate = (doc: unknown) => boolean;

/** Compiles a query; throws an error that says where it cannot be understood. */
export function compileQuery(query: string): Predicate {
  const tokens = [...query.matchAll(/\s*(\(|\)|(?:[\w.@*-]+:)?"[^"]*"|[^\s()]+)/g)].map((match) => match[1]!);
  let at = 0;
  const or = (): Predicate => {
    let left = and();
    while (at < tokens.length && tokens[at] !== ')') {
      if (tokens[at] === 'OR') at += 1;
      const [a, b] = [left, and()];
      left = (doc) => a(doc) || b(doc);
    }
    return left;
  };
  const and = (): Predicate => {
    let left = not();
    while (tokens[at] === 'AND') {
      at += 1;
      const [a, b] = [left, not()];
      left = (doc) => a(doc) && b(doc);
    }
    return left;
  };
  const not = (): Predicate => {
    const token = tokens[at++];
    if (token === undefined || token === ')') throw new Error(`Failed to parse query [${query}]`);
    if (token === 'NOT') {
      const inner = not();
      return (doc) => !inner(doc);
    }
    if (token !== '(') return term(token);
    const inner = or();
    if (tokens[at++] !== ')') throw new Error(`Failed to parse query [${query}]`);
    return inner;
  };
  if (tokens.length === 0 || query.trim() === '*') return () => true;
  const predicate = or();
  if (at < tokens.length) throw new Error(`Failed to parse query [${query}]`);
  return predicate;
}

function term(token: string): Predicate {
  const colon = /^([\w.@*-]+):(.+)$/s.exec(token);
  const [field, value] = colon ? [colon[1]!, colon[2]!] : ['message', token];
  if (field === '_exists_') return (doc) => valuesAt(doc, value).length > 0;
  if (value === '*') return (doc) => valuesAt(doc, field).length > 0;
  const wanted = value.replace(/^"|"$/g, '');
  if (wanted.includes('*')) {
    const pattern = new RegExp(
      `^${wanted
        .toLowerCase()
        .split('*')
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
    );
    return (doc) => valuesAt(doc, field).some((found) => words(found).some((word) => pattern.test(word)));
  }
  const phrase = words(wanted);
  return (doc) => valuesAt(doc, field).some((found) => holdsPhrase(words(found), phrase));
}

function holdsPhrase(text: readonly string[], phrase: readonly string[]): boolean {
  return text.some((_, i) => phrase.every((word, j) => text[i + j] === word));
}

function words(value: unknown): string[] {
  return (
    String(value)
      .toLowerCase()
      .match(/[\p{L}\p{N}_]+(?:[.'][\p{L}\p{N}_]+)*/gu) ?? []
  );
}

/** Every value at a dotted path, of nested objects or of keys that hold the dots themselves; lists are their elements. */
function valuesAt(doc: unknown, path: string): unknown[] {
  if (Array.isArray(doc)) return doc.flatMap((element) => valuesAt(element, path));
  if (path === '') return doc === null || doc === undefined ? [] : [doc];
  if (typeof doc !== 'object' || doc === null) return [];
  return Object.entries(doc).flatMap(([key, value]) => {
    if (key === path) return valuesAt(value, '');
    return path.startsWith(`${key}.`) ? valuesAt(value, path.slice(key.length + 1)) : [];
  });
}
