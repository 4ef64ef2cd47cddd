import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { type MultilineOptions, multiline } from '../../../sidecar/framing/multiline.ts';
import { FLAGS } from '../../../sidecar/types.ts';
import { recordsOf } from './joining.ts';
import { options } from './reading.ts';

const rule = (over: Partial<MultilineOptions> = {}) =>
  multiline({ preset: 'auto', maxLines: 500, maxBytes: 2 ** 16, idleFlush: 2000, ...over });
const runs = { numRuns: Number(process.env.SIDETAIL_FUZZ_RUNS ?? 300) };

/** Lines as they stand in logs with traces of every language, and others. */
const PIECES = [
  '2021-10-23 14:15:48.491 ERROR failed',
  'plain text',
  '',
  ' indented',
  '{"level":"info"}',
  'java.lang.IllegalStateException: no',
  '\tat a.b.C.d(E.java:1)',
  'Caused by: java.io.IOException: why',
  '\t... 12 common frames omitted',
  'Traceback (most recent call last):',
  '  File "a.py", line 1, in <module>',
  '    raise ValueError',
  'ValueError: no',
  'During handling of the above exception, another exception occurred:',
  'panic: boom',
  'goroutine 1 [running]:',
  'main.main()',
  '\t/app/main.go:5 +0x1',
  "a.rb:1:in 'x': no (RuntimeError)",
  '\tfrom a.rb:2:in <main>',
  'Error: no',
  '    at f (/app/a.js:1:2)',
  '#0 /app/a.php(3): f()',
  "thread 'main' panicked at a.rs:1:2:",
  'stack backtrace:',
  '==================',
  'WARNING: DATA RACE',
  'größe 漢字 🙂',
];
const text = fc
  .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...PIECES) }, { weight: 1, arbitrary: fc.string() }))
  .map((lines) => lines.map((line) => `${line.replaceAll(/[\n\r\0]/g, '')}\n`).join(''));

t.test('property: no byte is lost or moved, whatever the borders, windows and room', (t) => {
  const rules = [
    rule(),
    rule({ maxLines: 3 }),
    rule({ maxBytes: 64 }),
    rule({ preset: undefined, start: /^\S/ }),
    rule({ preset: undefined, continue: /^\s/ }),
    rule({ preset: undefined, end: /no$/ }),
    rule({ preset: undefined, start: /^\d/, continue: /^\s/, maxLines: 4 }),
  ];
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(...rules),
      fc.array(fc.nat(4000), { maxLength: 8 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 140, max: 4000 }),
      (text, rule, looks, room, window) => {
        const file = Buffer.from(text);
        const whole = recordsOf(file, rule);
        const visible = looks.filter((at) => at < file.length).sort((a, b) => a - b);
        const all = whole.map(({ text }) => `${text}\n`).join('');
        const contiguous = whole.every(({ start }, i) => start === (whole[i - 1]?.end ?? 0));
        const longest = Math.max(0, ...whole.map(({ start, end }) => end - start));
        const step = Math.max(window, longest + 200);
        return (
          all === text && contiguous && isDeepStrictEqual(recordsOf(file, rule, { visible, room, window: step }), whole)
        );
      },
    ),
    runs,
  );
  t.end();
});

t.test('property: handed on when quiet, the same records come of it after a restart', (t) => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(3000), { maxLength: 5 }), (text, looks) => {
      const file = Buffer.from(text);
      const visible = looks.filter((at) => at < file.length).sort((a, b) => a - b);
      const cuts: number[] = [];
      const first = recordsOf(file, rule(), { visible, quiet: true, cuts });
      const again = recordsOf(file, rule(), { cuts: [...cuts] });
      return isDeepStrictEqual(again, first) && first.map(({ text }) => `${text}\n`).join('') === text;
    }),
    runs,
  );
  t.end();
});

t.test('a record that is too long: the rest is the next record, both are flagged, nothing is lost', (t) => {
  const lines = ['S', ' 1', ' 2', ' 3', ' 4', 'S2'];
  const records = recordsOf(
    lines.map((line) => `${line}\n`).join(''),
    rule({ preset: undefined, start: /^S/, maxLines: 3 }),
  );
  t.same(
    records.map(({ text, flags }) => [text, flags]),
    [
      ['S\n 1\n 2', FLAGS.multiline | FLAGS.partial],
      [' 3\n 4', FLAGS.multiline | FLAGS.partial],
      ['S2', 0],
    ],
  );
  t.end();
});

t.test('pieces of a long line stand alone', (t) => {
  const text = `S\n ${'x'.repeat(20)}\n y\n`;
  const records = recordsOf(text, rule({ preset: undefined, start: /^S/ }), {}, options({ maxLineBytes: 16 }));
  t.same(
    records.map(({ text, flags }) => [text, flags]),
    [
      ['S', 0],
      [` ${'x'.repeat(15)}`, FLAGS.partial],
      ['xxxxx', FLAGS.partial],
      [' y', 0],
    ],
  );
  t.end();
});

t.test('flags of the lines are flags of the record', (t) => {
  const [record] = recordsOf(Buffer.from('53200a20ff0a', 'hex'), rule({ preset: undefined, start: /^S/ }));
  t.equal(record!.flags, FLAGS.multiline | FLAGS.invalid_utf8);
  t.end();
});
