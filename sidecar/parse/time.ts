/** A record's own time. */
export interface RecordTime {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** As written, when that is a complete ISO 8601 time with a zone: keeps micro- and nanoseconds. */
  readonly text: string | undefined;
}

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
