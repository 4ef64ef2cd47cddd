import { exact } from './exact.ts';
import type { Found } from './found.ts';

/** The JSON object that the text is, or undefined. The text must be one whole line: no raw line break can be in it. */
export function json(text: string): Found | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const fields = value as Record<string, unknown>;
    // Two of one name (Go's slog writes them): Elasticsearch refuses such a document, so the last one counts, as everywhere.
    return colons(text) === names(fields) ? { fields, isJson: true } : { fields, isJson: true, exact: exact(text) };
  } catch {
    return undefined;
  }
}

/** How many colons of a JSON text stand outside of its strings: as many as it has names. */
function colons(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 58) count += 1;
    else if (code === 34) {
      at = text.indexOf('"', at + 1);
      while (isEscaped(text, at)) at = text.indexOf('"', at + 1);
    }
  }
  return count;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === 92) before -= 1;
  return (at - before) % 2 === 0;
}

/** How many names an object has, with those below it. */
function names(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const one of Object.values(value)) if (typeof one === 'object') count += names(one);
  return count;
}
