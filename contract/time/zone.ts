/** A zone's offset from UTC at a moment, ms; east is positive. */
export type OffsetAt = (time: number) => number;

/** Zones change their offset at full quarters of an hour, as far as IANA's data goes back for the times of logs. */
const QUARTER = 15 * 60_000;
const REMEMBERED = 256;

const known = new Map<string, OffsetAt>([['UTC', () => 0]]);

/** The zone of an IANA name (`Asia/Seoul`, with its daylight saving time) or an offset (`+09:00`, `Z`). Throws a RangeError for another name. */
export function zoneOf(name: string): OffsetAt {
  let zone = known.get(name);
  if (zone === undefined) {
    zone = name === 'Z' ? () => 0 : named(name);
    known.set(name, zone);
  }
  return zone;
}

function named(name: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsets = new Map<number, number>();
  return (time) => {
    const quarter = Math.floor(time / QUARTER);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      const at = quarter * QUARTER;
      const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
      const local = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
      offset = local - at;
      if (offsets.size >= REMEMBERED) offsets.clear();
      offsets.set(quarter, offset);
    }
    return offset;
  };
}

/**
 * The moment of a local time, which is given as if it were UTC. Of a time that is there twice (the hour that is set back) the first, of one that
 * is not there (the hour that is left out) the moment as far after the change: as java.time does.
 */
export function toUtc(local: number, zone: OffsetAt): number {
  const before = zone(local - 24 * 3_600_000);
  const after = zone(local + 24 * 3_600_000);
  if (before === after) return local - before;
  // Near a change: with the offset before it, if that was still in force then.
  const early = local - before;
  if (zone(early) === before) return early;
  const late = local - after;
  return zone(late) === after ? late : early;
}
