import { type OffsetAt, toUtc, zoneOf } from './zone.ts';

/** A record's own time. */
export interface RecordTime {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** As complete ISO 8601, where that says more than the milliseconds: keeps micro- and nanoseconds. */
  readonly text: string | undefined;
}

/** Reads a text as a time; undefined when it is none. `now`: for times without a year, ms since the epoch. */
export type ReadTime = (text: string, now: number) => RecordTime | undefined;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What a letter of a pattern stands for: the expression, and the group that it fills. */
type Field = readonly [pattern: string, name: Name | undefined];
type Name =
  | 'year'
  | 'month'
  | 'monthName'
  | 'day'
  | 'hour'
  | 'hour12'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'half'
  | 'zone'
  | 'epoch';

const ZONE = 'Z|UTC|GMT|[+-]\\d{2}:?\\d{2}|[+-]\\d{2}|[A-Z][A-Za-z_]+/[A-Za-z_/]+';
const NAMED = '[A-Za-z]{3,9}\\.?';

/** Letters of java.time.format.DateTimeFormatter; how often one stands says how it is written. */
const JAVA: Readonly<Record<string, (count: number) => Field>> = {
  y: (n) => [n === 2 ? '\\d{2}' : '\\d{4}', 'year'],
  u: (n) => [n === 2 ? '\\d{2}' : '\\d{4}', 'year'],
  M: (n) => (n > 2 ? [NAMED, 'monthName'] : [n === 2 ? '\\d{2}' : '\\d{1,2}', 'month']),
  L: (n) => (n > 2 ? [NAMED, 'monthName'] : [n === 2 ? '\\d{2}' : '\\d{1,2}', 'month']),
  d: (n) => [n === 2 ? '[ \\d]\\d' : '[ \\d]?\\d', 'day'],
  H: (n) => [n === 2 ? '\\d{2}' : '\\d{1,2}', 'hour'],
  h: (n) => [n === 2 ? '\\d{2}' : '\\d{1,2}', 'hour12'],
  m: (n) => [n === 2 ? '\\d{2}' : '\\d{1,2}', 'minute'],
  s: (n) => [n === 2 ? '\\d{2}' : '\\d{1,2}', 'second'],
  S: (n) => [`\\d{${Math.min(n, 3)},9}`, 'fraction'],
  n: () => ['\\d{1,9}', 'fraction'],
  a: () => ['[AaPp]\\.?[Mm]\\.?', 'half'],
  E: () => [NAMED, undefined],
  X: () => [ZONE, 'zone'],
  x: () => [ZONE, 'zone'],
  Z: () => [ZONE, 'zone'],
  z: () => ['[A-Z]{3,5}|[+-]\\d{2}:?\\d{2}', 'zone'],
  V: () => [ZONE, 'zone'],
};

/** Conversions of strptime, with `%L` and `%f` for fractions as Fluent Bit and Python have them. */
const STRPTIME: Readonly<Record<string, Field>> = {
  Y: ['\\d{4}', 'year'],
  y: ['\\d{2}', 'year'],
  m: ['\\d{1,2}', 'month'],
  b: [NAMED, 'monthName'],
  B: [NAMED, 'monthName'],
  h: [NAMED, 'monthName'],
  d: ['[ \\d]?\\d', 'day'],
  e: ['[ \\d]?\\d', 'day'],
  H: ['\\d{1,2}', 'hour'],
  I: ['\\d{1,2}', 'hour12'],
  M: ['\\d{1,2}', 'minute'],
  S: ['\\d{1,2}', 'second'],
  L: ['\\d{1,9}', 'fraction'],
  f: ['\\d{1,9}', 'fraction'],
  N: ['\\d{1,9}', 'fraction'],
  p: ['[AaPp]\\.?[Mm]\\.?', 'half'],
  a: [NAMED, undefined],
  A: [NAMED, undefined],
  z: [ZONE, 'zone'],
  Z: ['[A-Za-z]{3,5}|[+-]\\d{2}:?\\d{2}', 'zone'],
  s: ['\\d{9,11}', 'epoch'],
};

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replaceAll(/\s+/g, '\\s+');

/** Compiles a pattern, of Java or of strptime (where it holds a `%`). Throws a RangeError that says which part is not known. */
export function timePattern(pattern: string, zone: string | undefined): ReadTime {
  const names: (Name | undefined)[] = [];
  const field = ([expression, name]: Field): string => {
    names.push(name);
    return `(${expression})`;
  };
  const source = pattern.includes('%') ? strptime(pattern, field) : java(pattern, field);
  const regex = new RegExp(`^\\s*${source}\\s*$`);
  const offset = zoneOf(zone ?? 'UTC');
  return (text, now) => {
    const match = regex.exec(text);
    if (match === null) return undefined;
    const found: Partial<Record<Name, string>> = {};
    names.forEach((name, i) => {
      if (name !== undefined) found[name] = match[i + 1]!.trim();
    });
    return timeFrom(found, offset, now);
  };
}

function strptime(pattern: string, field: (of: Field) => string): string {
  const expanded = pattern.replaceAll('%T', '%H:%M:%S').replaceAll('%F', '%Y-%m-%d').replaceAll('%D', '%m/%d/%y');
  let source = '';
  for (let i = 0; i < expanded.length; i++) {
    if (expanded[i] !== '%') {
      source += literal(expanded[i]!);
      continue;
    }
    // `%3N` of Ruby: the width says nothing that the text does not.
    while (/\d|-/.test(expanded[i + 1] ?? '')) i += 1;
    const letter = expanded[++i] ?? '';
    if (letter === '%') source += '%';
    else if (Object.hasOwn(STRPTIME, letter)) source += field(STRPTIME[letter]!);
    else throw new RangeError(`%${letter} is no known conversion`);
  }
  return source;
}

function java(pattern: string, field: (of: Field) => string): string {
  let source = '';
  for (const [piece, quoted, letter] of pattern.matchAll(/'((?:[^']|'')*)'|(([A-Za-z])\3*)|[^A-Za-z']+/g)) {
    if (quoted !== undefined) source += literal(quoted === '' ? "'" : quoted.replaceAll("''", "'"));
    else if (letter === undefined) source += literal(piece).replaceAll(',', '[.,]').replaceAll('\\.', '[.,]');
    else if (letter === 'T') source += '[T ]';
    else if (Object.hasOwn(JAVA, letter[0]!)) source += field(JAVA[letter[0]!]!(letter.length));
    else throw new RangeError(`${letter} is no known field; letters that stand for themselves go in quotes`);
  }
  return source;
}

/** The time that fields say; undefined when they say none that there is (February 30th, 25 o'clock). */
export function timeFrom(found: Partial<Record<Name, string>>, zone: OffsetAt, now: number): RecordTime | undefined {
  if (found.epoch !== undefined) return withFraction(Number(found.epoch) * 1000, found.fraction ?? '');
  const month =
    found.monthName === undefined
      ? Number(found.month ?? 1) - 1
      : MONTHS.indexOf(found.monthName.slice(0, 3).toLowerCase());
  const hour = found.hour12 === undefined ? Number(found.hour ?? 0) : twelve(Number(found.hour12), found.half ?? '');
  const [day, minute, second] = [Number(found.day ?? 1), Number(found.minute ?? 0), Number(found.second ?? 0)];
  if (month < 0 || month > 11 || hour > 23 || minute > 59 || second > 60) return undefined;
  const offset = found.zone === undefined ? zone : offsetOf(found.zone);
  if (offset === undefined) return undefined;
  const at = (year: number): number | undefined => {
    const local = Date.UTC(year, month, day, hour, minute, Math.min(second, 59));
    return new Date(local).getUTCDate() === day ? toUtc(local, offset) : undefined;
  };
  const time = found.year === undefined ? withoutYear(at, now) : at(fullYear(found.year));
  return time === undefined ? undefined : withFraction(time, found.fraction ?? '');
}

const twelve = (hour: number, half: string): number => (hour % 12) + (/^p/i.test(half) ? 12 : 0);
const fullYear = (text: string): number =>
  text.length > 2 ? Number(text) : Number(text) + (Number(text) < 70 ? 2000 : 1900);

/** RFC 3164 has no year: the one that makes the time nearest to now, for logs of last December are read in January. */
function withoutYear(at: (year: number) => number | undefined, now: number): number | undefined {
  const year = new Date(now).getUTCFullYear();
  const times = [year - 1, year, year + 1].flatMap((one) => at(one) ?? []);
  return times.sort((a, b) => Math.abs(a - now) - Math.abs(b - now))[0];
}

function offsetOf(text: string): OffsetAt | undefined {
  if (/^(?:Z|UTC|GMT)$/.test(text)) return () => 0;
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(text);
  if (match !== null) {
    const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
    return minutes > 18 * 60 ? undefined : () => (match[1] === '-' ? -1 : 1) * minutes * 60_000;
  }
  try {
    return zoneOf(text);
  } catch {
    return undefined; // an abbreviation that is the name of several zones
  }
}

/** The moment with a fraction of a second; what is finer than milliseconds is kept in the text. */
function withFraction(seconds: number, fraction: string): RecordTime {
  const time = seconds + Number(fraction.slice(0, 3).padEnd(3, '0'));
  if (fraction.length <= 3) return { time, text: undefined };
  return { time, text: `${new Date(seconds).toISOString().slice(0, 19)}.${fraction.slice(0, 9)}Z` };
}
