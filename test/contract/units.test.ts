import t from 'tap';
import { formatSize, parseDuration, parseSize } from '../../contract/units.ts';

t.test('sizes', (t) => {
  for (const [text, bytes] of [
    [0, 0],
    [4096, 4096],
    ['4096', 4096],
    ['12B', 12],
    ['64KB', 64_000],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['2MB', 2_000_000],
    ['1GiB', 1_073_741_824],
    ['1GB', 1_000_000_000],
    [' 5 MiB ', 5_242_880],
  ] as const)
    t.equal(parseSize(text), bytes, String(text));
  for (const wrong of ['', '5m', '5mib', '-1', -1, 1.5, Number.NaN, '1e3', 'MiB', '9999999999GiB', null, true, [], {}])
    t.equal(parseSize(wrong), undefined, JSON.stringify(wrong));
  t.equal(parseSize('1constructor'), undefined, 'a name that every object has is no unit');
  t.end();
});

t.test('durations', (t) => {
  for (const [text, ms] of [
    ['0s', 0],
    ['250ms', 250],
    ['15s', 15_000],
    ['2m', 120_000],
    ['1.5h', 5_400_000],
  ] as const)
    t.equal(parseDuration(text), ms, text);
  for (const wrong of ['15', 15, '15 sec', '1d', '-1s', '', null, undefined])
    t.equal(parseDuration(wrong), undefined, String(wrong));
  t.end();
});

t.test('sizes for people', (t) => {
  t.equal(formatSize(0), '0 B');
  t.equal(formatSize(1023), '1023 B');
  t.equal(formatSize(1024), '1 KiB');
  t.equal(formatSize(1_572_864), '1.5 MiB');
  t.equal(formatSize(3 * 2 ** 30), '3 GiB');
  t.end();
});
