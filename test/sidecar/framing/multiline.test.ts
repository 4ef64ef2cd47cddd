import t from 'tap';
import { type MultilineOptions, multiline } from '../../../sidecar/framing/multiline.ts';
import { recordsOf } from './joining.ts';

const rule = (over: Partial<MultilineOptions>) =>
  multiline({ maxLines: 500, maxBytes: 2 ** 20, idleFlush: 2000, ...over });
const join = (over: Partial<MultilineOptions>, ...lines: string[]): string[] =>
  recordsOf(lines.map((line) => `${line}\n`).join(''), rule(over)).map(({ text }) => text!.replaceAll('\n', '|'));

t.test('start alone: a matching line begins a record, others join it', (t) => {
  t.same(join({ start: /^\S/ }, 'a', ' b', ' c', 'd'), ['a| b| c', 'd']);
  t.same(join({ start: /^\d/ }, 'before', 'any', '1', 'x', '2'), ['before|any', '1|x', '2']);
  t.end();
});

t.test('continue alone: a matching line joins the one before', (t) => {
  t.same(join({ continue: /^\s/ }, 'a', ' b', 'c', 'd', '\te'), ['a| b', 'c', 'd|\te']);
  t.same(join({ continue: /^\s/ }, ' first', ' b'), [' first| b']);
  t.end();
});

t.test('end alone: a matching line closes the record', (t) => {
  t.same(join({ end: /;$/ }, 'a', 'b;', 'c;', 'd'), ['a|b;', 'c;', 'd']);
  t.end();
});

t.test('start and continue: a start line and the continue lines right after it, others stand alone', (t) => {
  const over = { start: /^S/, continue: /^\+/ };
  t.same(join(over, 'x', 'S1', '+a', '+b', 'y', '+c', 'S2', 'S3', '+d'), ['x', 'S1|+a|+b', 'y', '+c', 'S2', 'S3|+d']);
  t.end();
});

t.test('start and end: from start to end; a start without an end before it begins another', (t) => {
  const over = { start: /^BEGIN/, end: /^END/ };
  t.same(join(over, 'x', 'BEGIN', 'a', 'END', 'y', 'BEGIN', 'b', 'BEGIN', 'END'), [
    'x',
    'BEGIN|a|END',
    'y',
    'BEGIN|b',
    'BEGIN|END',
  ]);
  t.end();
});

t.test('a preset with a start, and with more that goes on', (t) => {
  t.same(
    join({ preset: 'java', start: /^\d/, continue: /^> / }, '1', '> quoted', '\tat a.b.C.d(E.java:1)', '2', 'other'),
    ['1|> quoted|\tat a.b.C.d(E.java:1)', '2', 'other'],
  );
  t.end();
});

t.test('what joins only if something follows is given back when it does not', (t) => {
  const header = 'java.lang.IllegalStateException: first';
  t.same(join({ preset: 'java' }, header, 'second', '\tat a.B.c(D.java:1)', 'other'), [
    `${header}|second|\tat a.B.c(D.java:1)`,
    'other',
  ]);
  t.same(join({ preset: 'java' }, header, 'another', 'line'), [header, 'another', 'line']);
  const many = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  t.same(join({ preset: 'java' }, header, ...many, '\tat a.B.c(D.java:1)').slice(0, 3), [header, 'line 0', 'line 1']);
  t.end();
});
