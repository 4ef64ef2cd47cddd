import type { Found } from './found.ts';

/**
 * Fields of a logfmt line (`level=info msg="hello there" took=12ms debug`): undefined when it has no pair, or text that is none. A key without
 * a value is `true`; the last of two equal keys counts.
 */
export function logfmt(text: string): Found | undefined {
  const fields: Record<string, unknown> = {};
  let pairs = 0;
  PAIR.lastIndex = 0;
  for (let at = 0; at < text.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(text);
    if (match === null) return undefined;
    const [, key, quoted, plain] = match;
    if (key === undefined) continue; // blanks at the end
    const name = key.startsWith('"') ? unquote(key) : key;
    if (quoted === undefined && plain === undefined) fields[name] = true;
    else {
      fields[name] = quoted === undefined ? plain : unquote(quoted);
      pairs += 1;
    }
  }
  return pairs === 0 ? undefined : { fields };
}

/** A key (quoted where it has to be), and what is behind its equals sign, if it has one. */
const PAIR = /\s*(?:("(?:[^"\\]|\\.)*"|[^\s="]+)(?:=(?:("(?:[^"\\]|\\.)*")|([^\s"]*)))?(?=\s|$)|$)/y;

/** Go's strconv.Quote and JSON agree on what loggers write; what neither knows stays as it is. */
function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
  }
}
