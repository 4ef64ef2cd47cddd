import { FLAGS, type Flag, type LogEvent, type LogFile } from '../types.ts';

/** A record as one JSON object, without a line break. */
export type Render = (event: LogEvent) => string;

export type Json = Record<string, unknown>;

const FLAG_LISTS = new Map<number, string>();

/** `["partial","time_from_read"]`: one string for each combination that occurs. */
export function flagsJson(flags: number): string {
  let json = FLAG_LISTS.get(flags);
  if (json === undefined) {
    json = JSON.stringify((Object.keys(FLAGS) as Flag[]).filter((flag) => (flags & FLAGS[flag]) !== 0));
    FLAG_LISTS.set(flags, json);
  }
  return json;
}

/** The inside of an object, without its braces. */
export function inside(fields: Readonly<Json>): string {
  return JSON.stringify(fields).slice(1, -1);
}

/** The object without what is undefined; undefined when nothing is left. */
export function compact(object: Json): Json | undefined {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Dots in keys become underscores, as Beats and Fluent Bit do: `app` and `app.kubernetes.io/name` would be a value and an object of one field. */
export function dedot(values: Readonly<Record<string, string>>): Json | undefined {
  return compact(Object.fromEntries(Object.entries(values).map(([key, value]) => [key.replaceAll('.', '_'), value])));
}

/**
 * The record's own fields with the static ones of its input, as the inside of an object; a static field gives way to one of the same name.
 * A JSON line is spliced in as it was written; `without`: names of another format's fields that have other places in the document.
 */
export function fieldsJson(event: LogEvent, without: ReadonlySet<string> = NONE): string {
  const { fields, exact, isJson, text, file } = event;
  const statics = file.input.fields;
  const hasStatics = Object.keys(statics).length > 0;
  if (fields === undefined) return hasStatics ? inside(statics) : '';
  const own = isJson && exact === undefined ? text.trim().slice(1, -1).trimStart() : inside(written(event, without));
  if (!hasStatics) return own;
  const more = Object.entries(statics).filter(([key]) => !Object.hasOwn(fields, key));
  if (more.length === 0) return own;
  return `${inside(Object.fromEntries(more))}${own === '' ? '' : ','}${own}`;
}

const NONE: ReadonlySet<string> = new Set();

/** The fields as they are to be written. */
function written({ exact, fields, isJson }: LogEvent, without: ReadonlySet<string>): Readonly<Json> {
  const all = exact ?? fields ?? {};
  return isJson || without.size === 0
    ? all
    : Object.fromEntries(Object.entries(all).filter(([key]) => !without.has(key)));
}

/** What is the same for all records of a file, made once for each and again when its path changes. */
export function perFile<T>(make: (file: LogFile) => T): (file: LogFile) => T {
  const made = new WeakMap<LogFile, { readonly path: string; readonly value: T }>();
  return (file) => {
    let one = made.get(file);
    if (one === undefined || one.path !== file.path) {
      one = { path: file.path, value: make(file) };
      made.set(file, one);
    }
    return one.value;
  };
}
