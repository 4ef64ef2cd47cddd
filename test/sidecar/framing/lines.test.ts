import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { encodingOf } from '../../../sidecar/framing/encoding.ts';
import { cutLines, type LineOptions, lastLine } from '../../../sidecar/framing/lines.ts';
import { FLAGS } from '../../../sidecar/types.ts';
import { options, readAll, type Taken } from './reading.ts';

const utf8 = encodingOf('utf-8');

const cut = (text: string | Buffer, over: Partial<LineOptions> = {}): Taken[] =>
  readAll(Buffer.from(text as string), options(over)).taken;
const texts = (taken: readonly Taken[]): (string | undefined)[] => taken.map(({ text }) => text);

t.test('lines and the bytes they stand for', (t) => {
  t.same(cut('ab\n\ncdé\nrest'), [
    { text: 'ab', start: 0, end: 3, flags: 0 },
    { text: '', start: 3, end: 4, flags: 0 },
    { text: 'cdé', start: 4, end: 9, flags: 0 },
  ]);
  t.same(cut('no line end'), []);
  t.same(cut(''), []);
  t.end();
});

t.test('CRLF is a line ending; a CR elsewhere is text', (t) => {
  t.same(texts(cut('a\r\nb\rc\n\r\nd\r\r\n')), ['a', 'b\rc', '', 'd\r']);
  t.equal(cut('a\r\nb\n')[1]!.start, 3, 'both bytes belong to the line');
  t.end();
});

t.test('bytes that are no UTF-8 are flagged on their line alone', (t) => {
  t.same(cut(Buffer.from('6f6bc3a90a6bc36b0a6f6b0a', 'hex')), [
    { text: 'oké', start: 0, end: 5, flags: 0 },
    { text: 'k�k', start: 5, end: 9, flags: FLAGS.invalid_utf8 },
    { text: 'ok', start: 9, end: 12, flags: 0 },
  ]);
  t.end();
});

t.test('a NUL and other control characters are text', (t) => {
  t.same(texts(cut('a\0b\x1b[0m\n')), ['a\0b\x1b[0m']);
  t.end();
});

t.test('a line exactly at the limit is whole, one byte more is not', (t) => {
  const [at, above] = ['x'.repeat(16), 'x'.repeat(17)];
  for (const ending of ['\n', '\r\n']) {
    t.same(cut(`${at}${ending}`), [{ text: at, start: 0, end: 16 + ending.length, flags: 0 }], JSON.stringify(ending));
    t.same(texts(cut(`${above}${ending}`)), [at, 'x']);
  }
  t.end();
});

t.test('split: parts at the limit, flagged; what follows is a line of its own', (t) => {
  t.same(cut(`${'a'.repeat(32)}bc\nnext\n`), [
    { text: 'a'.repeat(16), start: 0, end: 16, flags: FLAGS.partial },
    { text: 'a'.repeat(16), start: 16, end: 32, flags: FLAGS.partial },
    { text: 'bc', start: 32, end: 35, flags: FLAGS.partial },
    { text: 'next', start: 35, end: 40, flags: 0 },
  ]);
  t.end();
});

t.test('split never cuts a character', (t) => {
  for (const character of ['é', '€', '😀']) {
    for (let before = 12; before <= 16; before++) {
      const line = 'x'.repeat(before) + character.repeat(8);
      const taken = cut(`${line}\n`);
      t.equal(texts(taken).join(''), line, `${character} after ${before}`);
      t.notOk(taken.some(({ flags }) => flags & FLAGS.invalid_utf8));
      t.ok(taken.every(({ text }) => Buffer.byteLength(text!) <= 16));
    }
  }
  t.end();
});

t.test('truncate keeps the beginning, flagged; skip nothing; both account for every byte', (t) => {
  const file = `${'a'.repeat(40)}\nnext\n`;
  t.same(cut(file, { onLongLine: 'truncate' }), [
    { text: 'a'.repeat(16), start: 0, end: 16, flags: FLAGS.truncated },
    { text: undefined, start: 16, end: 41, flags: 0 },
    { text: 'next', start: 41, end: 46, flags: 0 },
  ]);
  const skipped = cut(file, { onLongLine: 'skip' });
  t.same(texts(skipped), [undefined, undefined, 'next']);
  t.same([skipped[0]!.start, skipped[1]!.end, skipped[1]!.start], [0, 41, skipped[0]!.end]);
  t.end();
});

t.test('the rest of a long line is dropped as it comes, without waiting for its end', (t) => {
  const { taken, offset, standing } = readAll(
    Buffer.from('a'.repeat(50)),
    options({ onLongLine: 'truncate' }),
    [20, 30],
  );
  t.equal(offset, 50);
  t.equal(standing, 'rest');
  t.same(
    taken.map(({ start, end }) => [start, end]),
    [
      [0, 16],
      [16, 20],
      [20, 30],
      [30, 50],
    ],
  );
  t.end();
});

t.test('bug: a CRLF whose CR alone was there yet made of a line at the limit two records', (t) => {
  const file = Buffer.from(`${'x'.repeat(16)}\r\n`);
  t.same(texts(readAll(file, options(), [17]).taken), ['x'.repeat(16)]);
  t.end();
});

const line = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('é', '€', '😀', 'a'), maxLength: 40 }),
  fc.constantFrom('', '\r', 'x'.repeat(16), 'x'.repeat(17), 'x'.repeat(32), 'x'.repeat(16).concat('\r')),
);
const contents = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r\n')), { maxLength: 12 })
  .map((lines) => lines.map(([text, end]) => text.replaceAll('\n', ' ') + end).join(''));
const borders = fc.array(fc.nat(200), { maxLength: 6 }).map((list) => list.sort((a, b) => a - b));
const rules = fc.constantFrom('split' as const, 'truncate' as const, 'skip' as const);

t.test(
  'property: whatever the borders, windows and room, the records are the same and the ranges leave no gap',
  (t) => {
    fc.assert(
      fc.property(
        contents,
        borders,
        fc.integer({ min: 20, max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        rules,
        (text, at, window, room, onLongLine) => {
          const file = Buffer.from(text);
          const opts = options({ onLongLine });
          const visible = at.filter((size) => size < file.length);
          const { taken, offset } = readAll(file, opts, visible, window, room);
          let end = 0;
          for (const range of taken) {
            if (range.start !== end || range.end <= range.start) return false;
            end = range.end;
          }
          const records = (list: readonly Taken[]): unknown[] => list.filter((one) => one.text !== undefined);
          const same = isDeepStrictEqual(records(taken), records(readAll(file, opts).taken));
          return same && end === offset && offset === file.length;
        },
      ),
      { numRuns: 500 },
    );
    t.end();
  },
);

t.test('property: the texts of a split line, put together, are the line', (t) => {
  fc.assert(
    fc.property(contents, borders, (text, at) => {
      const file = Buffer.from(text);
      const lines: string[] = [];
      let open = false;
      for (const { text: part, end } of readAll(
        file,
        options(),
        at.filter((size) => size < file.length),
      ).taken) {
        lines.push(open ? lines.pop()! + part : part!);
        open = file[end - 1] !== 10;
      }
      return isDeepStrictEqual(
        lines,
        text
          .split('\n')
          .slice(0, -1)
          .map((one) => one.replace(/\r$/, '')),
      );
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('property: of any bytes at all, the ranges cover every complete line', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), borders, rules, (bytes, at, onLongLine) => {
      const file = Buffer.from(bytes);
      const { taken, offset } = readAll(
        file,
        options({ onLongLine }),
        at.filter((size) => size < file.length),
        24,
      );
      const ends = taken.map(({ end }) => end);
      return (
        offset >= file.lastIndexOf(10) + 1 &&
        taken.every(({ start }, i) => start === (ends[i - 1] ?? 0)) &&
        (ends.at(-1) ?? 0) === offset
      );
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('the unfinished last line', (t) => {
  t.same(lastLine(Buffer.from('abc'), 9, utf8), { text: 'abc', flags: FLAGS.partial });
  t.same(lastLine(Buffer.from('abc\r'), 9, utf8), { text: 'abc', flags: FLAGS.partial });
  t.same(lastLine(Buffer.from([0x61, 0xc3]), 9, utf8), { text: 'a�', flags: FLAGS.partial | FLAGS.invalid_utf8 });
  t.end();
});

t.test(
  'bug: an unfinished line of UTF-16 that ended in half a unit was no text at all; a mark alone was a record',
  (t) => {
    const wide = encodingOf('utf-16le');
    const [partial, invalid] = [FLAGS.partial, FLAGS.partial | FLAGS.invalid_utf8];
    t.same(lastLine(Buffer.from('610062', 'hex'), 20, wide), { text: 'a', flags: invalid });
    t.same(lastLine(Buffer.from('61006200', 'hex'), 20, wide), { text: 'ab', flags: partial });
    t.same(lastLine(Buffer.from('fffe', 'hex'), 0, wide), { text: undefined, flags: 0 });
    t.same(lastLine(Buffer.from('fffe6100', 'hex'), 0, wide), { text: 'a', flags: partial });
    t.end();
  },
);

t.test('bug: the line ending of a line that was handed on without it was an empty record', (t) => {
  const utf = options({ maxLineBytes: 64 });
  const taken: (string | undefined)[] = [];
  cutLines(Buffer.from('\nnext\n'), 3, 'part', utf, (text) => taken.push(text) > 0);
  t.same(taken, [undefined, 'next']);
  t.end();
});

t.test('a hole is no text; some NUL bytes are', (t) => {
  const hole = '\0'.repeat(1000);
  t.same(cut(`${hole}first\n`), [
    { text: undefined, start: 0, end: 1000, flags: 0 },
    { text: 'first', start: 1000, end: 1006, flags: 0 },
  ]);
  t.same(texts(cut(`\0\0few\n`)), ['\0\0few']);
  t.same(texts(cut(`in the midst${'\0'.repeat(63)}\n`, { maxLineBytes: 100 })), [`in the midst${'\0'.repeat(63)}`]);
  t.end();
});

t.test('holes that begin in the midst of a line, as retention leaves them, were read as text', (t) => {
  const file = `whole\nfirst half${'\0'.repeat(1000)}second half\nafter\n`;
  const expected = [
    { text: 'whole', start: 0, end: 6, flags: 0 },
    { text: 'first half', start: 6, end: 16, flags: FLAGS.partial },
    { text: undefined, start: 16, end: 1016, flags: 0 },
    { text: 'second half', start: 1016, end: 1028, flags: 0 },
    { text: 'after', start: 1028, end: 1034, flags: 0 },
  ];
  t.same(cut(file), expected);
  const long = (onLongLine: LineOptions['onLongLine']) => cut(file, { maxLineBytes: 5, onLongLine });
  t.same(texts(long('split')), ['whole', 'first', ' half', undefined, 'secon', 'd hal', 'f', 'after']);
  t.same(texts(long('truncate')), ['whole', 'first', undefined, undefined, 'secon', undefined, 'after']);
  t.same(texts(long('skip')), ['whole', undefined, undefined, undefined, undefined, 'after']);
  for (const window of [200, 333, 1000, 5000]) {
    const { taken } = readAll(Buffer.from(file), options({ maxLineBytes: 64 }), [10, 600, 1020], window);
    const ofText = taken.filter(({ text }) => text !== undefined);
    t.same(
      ofText,
      expected.filter(({ text }) => text !== undefined),
      `${window}`,
    );
  }
  t.end();
});

t.test('a hole is the same hole whatever the windows', (t) => {
  for (const [name, text] of [
    ['utf-8', Buffer.from('after\n')],
    ['utf-16le', Buffer.from('after\n', 'utf16le')],
    ['utf-16be', Buffer.from('after\n', 'utf16le').swap16()],
  ] as const)
    for (const window of [200, 256, 333, 5000]) {
      const file = Buffer.concat([Buffer.alloc(4000), text]);
      const { taken } = readAll(file, options({ encoding: encodingOf(name), maxLineBytes: 64 }), [1000, 3000], window);
      t.same(
        texts(taken).filter((one) => one !== undefined),
        ['after'],
        `${name}, ${window}`,
      );
      const dropped = taken
        .filter(({ text }) => text === undefined)
        .reduce((sum, { start, end }) => sum + end - start, 0);
      t.equal(dropped, 4000);
    }
  t.end();
});
