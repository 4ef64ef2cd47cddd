import t from 'tap';
import { timePattern } from '../../../contract/time/pattern.ts';

const NOW = Date.UTC(2026, 0, 5);
const read = (pattern: string, text: string, zone?: string): string | undefined => {
  const found = timePattern(pattern, zone)(text, NOW);
  return found && (found.text ?? new Date(found.time).toISOString());
};

t.test("patterns of Java's DateTimeFormatter", (t) => {
  for (const [pattern, text, expected, zone] of [
    ['yyyy-MM-dd HH:mm:ss.SSS', '2021-10-23 14:15:48.491', '2021-10-23T14:15:48.491Z'],
    ['yyyy-MM-dd HH:mm:ss.SSS', '2021-10-23 14:15:48,491', '2021-10-23T14:15:48.491Z'],
    ['yyyy-MM-dd HH:mm:ss.SSS', '2021-10-23 14:15:48.491', '2021-10-23T05:15:48.491Z', 'Asia/Seoul'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", '2021-10-23T14:15:48.491123+09:00', '2021-10-23T05:15:48.491123Z'],
    ['dd/MMM/yyyy:HH:mm:ss Z', '23/Oct/2021:14:15:48 +0900', '2021-10-23T05:15:48.000Z'],
    ['EEE MMM dd HH:mm:ss yyyy', 'Sat Oct 23 14:15:48 2021', '2021-10-23T14:15:48.000Z'],
    ['MMM d, yyyy h:mm:ss a', 'Oct 3, 2021 2:15:48 PM', '2021-10-03T14:15:48.000Z'],
    ['MMM d, yyyy h:mm:ss a', 'Oct 3, 2021 12:15:48 AM', '2021-10-03T00:15:48.000Z'],
    ['yyyyMMdd HHmmss', '20211023 141548', '2021-10-23T14:15:48.000Z'],
    ["HH 'o''clock', dd.MM.yy", "14 o'clock, 23.10.21", '2021-10-23T14:00:00.000Z'],
    ['yyyy-MM-dd HH:mm:ss', '2021-02-30 14:15:48', undefined],
    ['yyyy-MM-dd HH:mm:ss', '2021-10-23 25:15:48', undefined],
    ['yyyy-MM-dd HH:mm:ss', '2021-13-23 14:15:48', undefined],
    ['yyyy-MM-dd HH:mm:ss', 'no time', undefined],
  ] as const)
    t.equal(read(pattern, text, zone), expected, `${pattern} of ${text}`);
  t.throws(() => timePattern('yyyy-MM-dd QQ', undefined), /QQ is no known field/);
  t.end();
});

t.test('conversions of strptime', (t) => {
  for (const [pattern, text, expected] of [
    ['%Y-%m-%d %H:%M:%S.%L', '2021-10-23 14:15:48.491', '2021-10-23T14:15:48.491Z'],
    ['%Y-%m-%dT%H:%M:%S.%f%z', '2021-10-23T14:15:48.491123+0900', '2021-10-23T05:15:48.491123Z'],
    ['%d/%b/%Y:%H:%M:%S %z', '23/Oct/2021:14:15:48 +0900', '2021-10-23T05:15:48.000Z'],
    ['%b %e %H:%M:%S', 'Oct  3 14:15:48', '2025-10-03T14:15:48.000Z'],
    ['%F %T', '2021-10-23 14:15:48', '2021-10-23T14:15:48.000Z'],
    ['%s', '1635000000', '2021-10-23T14:40:00.000Z'],
    ['100%% %Y', '100% 2021', '2021-01-01T00:00:00.000Z'],
    ['%Y-%m-%d %I:%M %p', '2021-10-23 02:15 PM', '2021-10-23T14:15:00.000Z'],
  ] as const)
    t.equal(read(pattern, text), expected, `${pattern} of ${text}`);
  t.throws(() => timePattern('%Y %Q', undefined), /%Q is no known conversion/);
  t.end();
});

t.test('a time without a year is the nearest one', (t) => {
  t.equal(read('MMM d HH:mm:ss', 'Dec 31 23:59:59'), '2025-12-31T23:59:59.000Z', 'read in January');
  t.equal(read('MMM d HH:mm:ss', 'Jan  6 00:00:00'), '2026-01-06T00:00:00.000Z');
  t.equal(read('MMM d HH:mm:ss', 'Feb 29 00:00:00'), undefined, 'there is none near');
  t.end();
});
