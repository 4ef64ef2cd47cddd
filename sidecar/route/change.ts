import { exact } from '../parse/exact.ts';
import type { LogEvent } from '../types.ts';

type Json = Record<string, unknown>;

/** What becomes of a record's fields. A path is the names on the way to a value, with dots between. */
export interface Changes {
  /** Another text for a string, or for a number as it was written; undefined: it stays. */
  value?(text: string, path: string): string | undefined;
  /** Another text in place of an object or a list; undefined: it stays. */
  container?(path: string): string | undefined;
  /** Of an object: its entries under other names, without some, with more; undefined: they stay. */
  entries?(entries: [string, unknown][], path: string): [string, unknown][] | undefined;
}

/** V8's `JSON.rawJSON` (https://tc39.es/proposal-json-parse-with-source). */
const exactly = JSON as unknown as {
  isRawJSON(value: unknown): value is { rawJSON: string };
};

/**
 * The record with these changes. A JSON line is read again with its numbers as they were written, so that none loses a digit; its text stays
 * what it was (`jsonText` makes another one).
 */
export function withChanges(event: LogEvent, changes: Changes): LogEvent {
  let changed = false;
  const change = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') return replaced(value, value, path);
    if (exactly.isRawJSON(value)) return replaced(value, value.rawJSON, path);
    if (typeof value !== 'object' || value === null) return replaced(value, String(value), path);
    const instead = path === '' ? undefined : changes.container?.(path);
    if (instead !== undefined) {
      changed = true;
      return instead;
    }
    if (Array.isArray(value)) return value.map((one) => change(one, path));
    let entries = Object.entries(value);
    const others = changes.entries?.(entries, path);
    if (others !== undefined) {
      changed = true;
      entries = others;
    }
    return Object.fromEntries(entries.map(([key, one]) => [key, change(one, path === '' ? key : `${path}.${key}`)]));
  };
  const replaced = (value: unknown, text: string, path: string): unknown => {
    const other = changes.value?.(text, path);
    if (other === undefined) return value;
    changed = true;
    return other;
  };
  const before = event.exact ?? (event.isJson ? exact(event.text) : event.fields!);
  const after = change(before, '') as Json;
  if (!changed) return event;
  return { ...event, exact: after, fields: plain(after), isJson: event.isJson };
}

/** For looking: raw numbers are numbers again. */
function plain(fields: Json): Json {
  return JSON.parse(JSON.stringify(fields)) as Json;
}

/** The text of a JSON line whose fields were changed. */
export function jsonText(event: LogEvent): string {
  return JSON.stringify(event.exact ?? event.fields);
}
