import fc from 'fast-check';
import t from 'tap';
import { toUtc, zoneOf } from '../../../contract/time/zone.ts';

declare const Temporal: {
  PlainDateTime: { from(text: string): { toZonedDateTime(zone: string): { epochMilliseconds: number } } };
};

const local = (text: string): number => Date.parse(`${text}Z`);
const utc = (text: string, zone: string): string => new Date(toUtc(local(text), zoneOf(zone))).toISOString();

t.test('zones, with and without daylight saving time', (t) => {
  t.equal(utc('2026-11-21T10:00:00', 'Asia/Seoul'), '2026-11-21T01:00:00.000Z');
  t.equal(utc('2026-07-01T10:00:00', 'Europe/Berlin'), '2026-07-01T08:00:00.000Z');
  t.equal(utc('2026-01-01T10:00:00', 'Europe/Berlin'), '2026-01-01T09:00:00.000Z');
  t.equal(utc('2026-01-01T10:00:00', '+05:30'), '2026-01-01T04:30:00.000Z');
  t.equal(utc('2026-01-01T10:00:00', 'Z'), '2026-01-01T10:00:00.000Z');
  t.throws(() => zoneOf('Asia/Soul'), RangeError);
  t.end();
});

t.test('the hour that is left out, and the one that is there twice', (t) => {
  t.equal(utc('2026-03-29T02:30:00', 'Europe/Berlin'), '2026-03-29T01:30:00.000Z', 'as far after the change');
  t.equal(utc('2026-10-25T02:30:00', 'Europe/Berlin'), '2026-10-25T00:30:00.000Z', 'the first of the two');
  t.equal(utc('2026-10-25T03:00:00', 'Europe/Berlin'), '2026-10-25T02:00:00.000Z');
  t.equal(utc('2026-03-29T03:00:00', 'Europe/Berlin'), '2026-03-29T01:00:00.000Z');
  t.end();
});

t.test(
  'property: any time in any zone is what Temporal makes of it',
  { skip: typeof Temporal === 'undefined' && 'no Temporal here' },
  (t) => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Asia/Seoul',
      'Australia/Lord_Howe',
      'America/St_Johns',
      'Asia/Kathmandu',
      'Africa/Casablanca',
    ];
    const times = fc.oneof(
      fc.integer({ min: Date.UTC(1990), max: Date.UTC(2040) }),
      // Around changes: the last Sundays of March and October, at all hours.
      fc
        .tuple(fc.integer({ min: 2000, max: 2035 }), fc.constantFrom(2, 3, 9, 10), fc.nat(30 * 24 * 60))
        .map(([year, month, minutes]) => Date.UTC(year, month) + minutes * 60_000),
    );
    fc.assert(
      fc.property(fc.constantFrom(...zones), times, (zone, time) => {
        const plain = new Date(time).toISOString().slice(0, -1);
        return toUtc(time, zoneOf(zone)) === Temporal.PlainDateTime.from(plain).toZonedDateTime(zone).epochMilliseconds;
      }),
      { numRuns: 3000 },
    );
    t.end();
  },
);
