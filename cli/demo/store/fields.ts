import { wildcard } from './names.ts';

/** Every value at a dotted path, of nested objects or of keys that hold the dots themselves; lists are their elements, null is no value. */
export function valuesAt(doc: unknown, path: string): unknown[] {
  if (Array.isArray(doc)) return doc.flatMap((element) => valuesAt(element, path));
  if (path === '') return doc === null || doc === undefined ? [] : [doc];
  if (typeof doc !== 'object' || doc === null) return [];
  return Object.entries(doc).flatMap(([key, value]) => {
    if (key === path) return valuesAt(value, '');
    return path.startsWith(`${key}.`) ? valuesAt(value, path.slice(key.length + 1)) : [];
  });
}

/** Whether there is a value at a path or below it. */
export function exists(doc: unknown, path: string): boolean {
  if (Array.isArray(doc)) return doc.some((element) => exists(element, path));
  if (typeof doc !== 'object' || doc === null) return false;
  return Object.entries(doc).some(([key, value]) => {
    if (key === path || key.startsWith(`${path}.`)) return leaves(value).length > 0;
    return path.startsWith(`${key}.`) && exists(value, path.slice(key.length + 1));
  });
}

/** Every string, number and boolean of a document. */
export function leaves(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  return typeof value === 'object' ? Object.values(value).flatMap(leaves) : [value];
}

/**
 * The words of a text as Elasticsearch's `standard` analyzer finds them: word boundaries of Unicode's UAX #29, lower case. An ideograph or
 * hiragana sign is a word; `.` `:` `'` join letters, `.` `,` `;` join digits, `_` joins both.
 */
export function words(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

const LETTER = String.raw`[[\p{L}\p{M}]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]]`;
const WORD = new RegExp(
  String.raw`[\p{sc=Han}\p{sc=Hira}]|[\p{sc=Kana}ー]+|\p{RGI_Emoji}|_*(?:${LETTER}|\p{Nd})(?:${LETTER}|\p{Nd}|_|(?<=${LETTER})[.:'’·](?=${LETTER})|(?<=\p{Nd})[.,;'](?=\p{Nd}))*`,
  'gv',
);

/** Longest text that has a `.keyword`, characters (dynamic mapping's `ignore_above`). */
const MAX_KEYWORD = 256;

/** The whole text of the strings at `FIELD.keyword`, as dynamic mapping keeps them beside the words; undefined for other fields. */
export function keywordsAt(doc: unknown, field: string): string[] | undefined {
  if (!field.endsWith('.keyword')) return undefined;
  const values = valuesAt(doc, field.slice(0, -'.keyword'.length));
  return values.filter((value): value is string => typeof value === 'string' && value.length <= MAX_KEYWORD);
}

/** ms since the epoch of a string that dynamic mapping takes for a date, else undefined. */
export function dateOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d.*)?)?$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Compiles a wildcard over words or whole strings. */
export const wildcardOf = (pattern: string): RegExp => wildcard(pattern, '?');
