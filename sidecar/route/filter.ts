import { type FilterConfig, type FilterKind, kindOf } from '../../contract/config/filters.ts';
import { LEVELS, type Level, type LogEvent } from '../types.ts';
import { type Changes, jsonText, withChanges } from './change.ts';
import { compileCondition, type Matches } from './condition.ts';
import { redactor } from './redact.ts';

/** What a filter makes of a record; undefined: it does not pass. */
type Apply = (event: LogEvent, now: number) => LogEvent | undefined;

/** A filter, and where it stands in the configuration: the label of its counter. */
export interface Rule {
  readonly name: string;
  readonly kind: FilterKind;
  readonly apply: Apply;
}

/** The filters of an input, in order. `path`: where they stand, e.g. `filters` or `inputs.app.filters`. */
export function rulesOf(filters: readonly FilterConfig[], path: string): Rule[] {
  return filters.map((filter, i) => {
    const kind = kindOf(filter);
    const apply = APPLIES[kind](filter);
    const when = filter.when && compileCondition(filter.when);
    return {
      name: `${path}[${i}]`,
      kind,
      apply: when === undefined ? apply : (event, now) => (when(event) ? apply(event, now) : event),
    };
  });
}

/** Only records of this level and above; those without a level pass. */
export function minLevel(least: Level): Apply {
  const bound = LEVELS.indexOf(least);
  return (event) => (event.level === undefined || LEVELS.indexOf(event.level) >= bound ? event : undefined);
}

const pass =
  (matches: Matches, wanted: boolean): Apply =>
  (event) =>
    matches(event) === wanted ? event : undefined;

const APPLIES: Readonly<Record<FilterKind, (filter: FilterConfig) => Apply>> = {
  minLevel: ({ minLevel: least }) => minLevel(least!),
  keep: ({ keep }) => pass(compileCondition(keep!), true),
  drop: ({ drop }) => pass(compileCondition(drop!), false),
  redact: ({ redact }) => redactor(redact!),
  sample:
    ({ sample }) =>
    (event) =>
      share(event) < sample! ? event : undefined,
  rateLimit: ({ rateLimit }) => bucket(rateLimit!.perSecond, rateLimit!.burst ?? Math.max(1, rateLimit!.perSecond)),
  add: ({ add }) => adder(add!),
  remove: ({ remove }) => remover(remove!),
  rename: ({ rename }) => renamer(rename!),
};

/** A number from 0 to 1 that follows from where the record stands: the same after a restart (FNV-1a, 32 bits). */
function share({ file, start }: LogEvent): number {
  let hash = 0x811c9dc5;
  for (const text of [file.id, String(start)])
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** A token bucket by the time of reading. */
function bucket(perSecond: number, burst: number): Apply {
  let tokens = burst;
  let last: number | undefined;
  return (event, now) => {
    tokens = Math.min(burst, tokens + (Math.max(0, now - (last ?? now)) / 1000) * perSecond);
    last = now;
    if (tokens < 1) return undefined;
    tokens -= 1;
    return event;
  };
}

/** Changes the entries of the record's own object, at the top. */
const top = (change: (entries: [string, unknown][]) => [string, unknown][]): Changes => ({
  entries: (entries, path) => (path === '' ? change(entries) : undefined),
});

function adder(fields: Readonly<Record<string, unknown>>): Apply {
  const changes = top((entries) => [
    ...entries.filter(([name]) => !Object.hasOwn(fields, name)),
    ...Object.entries(fields),
  ]);
  return (event) => withChanges(event.fields === undefined ? { ...event, fields: {} } : event, changes);
}

/** Removes fields by their names, with dots for what is nested; of a JSON line from its text, too. */
function remover(names: readonly string[]): Apply {
  const changes: Changes = {
    entries(entries, path) {
      const left = entries.filter(([key]) => !names.includes(path === '' ? key : `${path}.${key}`));
      return left.length === entries.length ? undefined : left;
    },
  };
  return (event) => {
    if (event.fields === undefined) return event;
    const changed = withChanges(event, changes);
    return changed === event || !event.isJson ? changed : { ...changed, text: jsonText(changed) };
  };
}

function renamer(names: Readonly<Record<string, string>>): Apply {
  const changes = top((entries) =>
    entries.map(([name, value]) => [Object.hasOwn(names, name) ? names[name]! : name, value]),
  );
  const isOld = (name: string): boolean => Object.hasOwn(names, name);
  return (event) =>
    event.fields === undefined || !Object.keys(event.fields).some(isOld) ? event : withChanges(event, changes);
}
