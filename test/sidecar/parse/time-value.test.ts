import t from 'tap';
import { timeOf } from '../../../sidecar/parse/time-value.ts';

const MS = Date.UTC(2021, 9, 23, 14, 15, 48, 491);

t.test('ISO 8601 with a zone keeps its precision', (t) => {
  for (const [text, kept] of [
    ['2021-10-23T14:15:48.491Z', '2021-10-23T14:15:48.491Z'],
    ['2021-10-23T14:15:48.491123456Z', '2021-10-23T14:15:48.491123456Z'],
    ['2021-10-23 14:15:48,491Z', '2021-10-23T14:15:48.491Z'],
    ['2021-10-23T23:15:48.491+09:00', '2021-10-23T23:15:48.491+09:00'],
    ['2021-10-23T23:15:48.491+0900', undefined],
  ] as const)
    t.same(timeOf(text), { time: MS, text: kept }, text);
  t.same(timeOf('2021-10-23T14:15:48Z'), { time: MS - 491, text: '2021-10-23T14:15:48Z' });
  t.end();
});

t.test('numbers since the epoch: their magnitude tells the unit', (t) => {
  for (const value of [1634998548.491, 1634998548491, 1634998548491000, 1634998548491000000])
    t.same(timeOf(value), { time: MS, text: undefined }, String(value));
  t.end();
});

t.test('bug: an offset beyond 18 hours was handed on, and Elasticsearch refused the document', (t) => {
  for (const offset of ['+18:00', '-18:00', '+17:59', '-1200', 'Z'])
    t.ok(timeOf(`2021-10-23T14:15:48${offset}`), offset);
  for (const offset of ['+18:01', '-19:00', '+99:99', '+1860', '+01:60'])
    t.equal(timeOf(`2021-10-23T14:15:48${offset}`), undefined, offset);
  t.end();
});

t.test('what says no time', (t) => {
  for (const value of [
    '2021-10-23T14:15:48.491',
    '2021-10-23',
    '14:15:48Z',
    '2021-13-23T14:15:48Z',
    '2021-10-23T14:15:48.Z',
    'yesterday',
    '',
    0,
    12,
    -1634998548,
    null,
    true,
    {},
  ])
    t.equal(timeOf(value), undefined, JSON.stringify(value));
  t.end();
});

t.test('bug: a number beyond all dates made a time that cannot be written, and the record crashed the sidecar', (t) => {
  for (const value of [1e21, 1e22, 1e300, Number.MAX_VALUE, Number.POSITIVE_INFINITY])
    t.equal(timeOf(value), undefined, String(value));
  for (const value of [1e9, 1e11, 1e14, 1e17, 9.9e19])
    t.doesNotThrow(() => new Date(timeOf(value)!.time).toISOString(), String(value));
  t.end();
});

t.test(
  'bug: a day that is not in the calendar was handed on as it was written, which a server refuses for good',
  (t) => {
    for (const value of [
      '2021-02-30T00:00:00Z',
      '2021-04-31T10:00:00+02:00',
      '2021-01-01T24:00:00Z',
      '2023-02-29T00:00:00Z',
    ])
      t.equal(timeOf(value), undefined, value);
    t.same(timeOf('2024-02-29T00:00:00Z'), { time: Date.UTC(2024, 1, 29), text: '2024-02-29T00:00:00Z' });
    t.end();
  },
);
