import type { TimeConfig } from '../../contract/config/formats.ts';
import { type RecordTime, timePattern } from '../../contract/time/pattern.ts';
import { readTime } from './formats.ts';

/** Offsets end at ±18:00, as in java.time: Elasticsearch refuses a document whose time has a greater one. */
const ISO =
  /^\d{4}-\d{2}-\d{2}[T ](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-](?:(?:0\d|1[0-7]):?[0-5]\d|18:?00))$/;
/** 2001-09-09 in seconds and 5138-11-16 in milliseconds: between the two a number of 10 digits is seconds, one of 13 milliseconds. */
const FIRST_SECOND = 1e9;
const FIRST_MILLISECOND = 1e11;
const FIRST_MICROSECOND = 1e14;
const FIRST_NANOSECOND = 1e17;
/** 5138 again, in nanoseconds: a number beyond it is no time. */
const END = 1e20;

/**
 * The time that a field's value says: ISO 8601 with a zone, or a number since the epoch whose magnitude tells its unit.
 * Undefined when it says none; a time without a zone says none here (which hour it is depends on a zone that nobody named).
 */
export function timeOf(value: unknown): RecordTime | undefined {
  if (typeof value === 'string' && ISO.test(value) && inCalendar(value)) {
    const text = value.replace(' ', 'T').replace(',', '.');
    const time = Date.parse(text);
    return Number.isNaN(time) ? undefined : { time, text: /(?:Z|:\d{2})$/.test(text) ? text : undefined };
  }
  if (typeof value !== 'number' || value < FIRST_SECOND || value >= END) return undefined;
  if (value < FIRST_MILLISECOND) return { time: Math.round(value * 1000), text: undefined };
  if (value < FIRST_MICROSECOND) return { time: Math.round(value), text: undefined };
  return { time: Math.round(value / (value < FIRST_NANOSECOND ? 1e3 : 1e6)), text: undefined };
}

/** Whether the day exists: `Date.parse` takes February 30th for March 2nd, and a server that gets it as it was written refuses it. */
function inCalendar(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return day <= 28 || new Date(text.slice(0, 10)).getUTCDate() === day;
}

/** Reads a field's value as a time; undefined when it says none. `now`: ms since the epoch. */
export type ReadValue = (value: unknown, now: number) => RecordTime | undefined;

/** Digits of a second that a number since the epoch has behind its seconds. */
const EPOCHS = { epoch: 0, epoch_ms: 3, epoch_us: 6, epoch_ns: 9 } as const;

/** ISO 8601 without a zone, also with a blank for the T and a comma for the point. */
const LOCAL = ['yyyy-MM-ddTHH:mm:ss.SSS', 'yyyy-MM-ddTHH:mm:ss', 'yyyy-MM-ddTHH:mm'];

/** How a value says its time, as configured. Without a format what `timeOf` knows; and, where a zone is given, ISO 8601 without one. */
export function valueReader({ format, zone }: Pick<TimeConfig, 'format' | 'zone'>): ReadValue {
  if (format !== undefined && format in EPOCHS) return (value) => sinceEpoch(value, EPOCHS[format as 'epoch']);
  if (format === undefined || format === 'iso') {
    const local = zone === undefined && format === undefined ? undefined : readTime(LOCAL, zone);
    return (value, now) => timeOf(value) ?? (typeof value === 'string' ? local?.(value, now) : undefined);
  }
  const read = timePattern(format, zone);
  return (value, now) =>
    typeof value === 'string' || typeof value === 'number' ? read(String(value), now) : undefined;
}

/** A number, or the text of one, of seconds with `digits` of a fraction behind them, and perhaps a point and more of it. */
function sinceEpoch(value: unknown, digits: number): RecordTime | undefined {
  const match = /^(-?\d{1,20})(?:\.(\d{1,9}))?$/.exec(typeof value === 'number' ? plain(value) : String(value));
  if (match === null) return undefined;
  const whole = match[1]!.padStart(digits + 1, '0');
  const seconds = Number(whole.slice(0, whole.length - digits));
  const fraction = (whole.slice(whole.length - digits) + (match[2] ?? '')).slice(0, digits === 0 ? 9 : undefined);
  const time = seconds * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  if (!(Math.abs(time) < END_OF_DATES)) return undefined;
  const finer = fraction.length > 3 && /[1-9]/.test(fraction.slice(3));
  return {
    time,
    text: finer ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction.slice(0, 9)}Z` : undefined,
  };
}

/** The last moment that a Date can be, ms. */
const END_OF_DATES = 8.64e15;

/** A number without an exponent; of a double more than microseconds of today's seconds is noise. */
const plain = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(6));
