import fc from 'fast-check';
import t from 'tap';
import { encodingIn, encodingOf } from '../../../sidecar/framing/encoding.ts';
import { FLAGS } from '../../../sidecar/types.ts';
import { options, readAll } from './reading.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const be = (text: string): Buffer => le(text).swap16();

/** Texts of the lines, and their flags where there are any. */
function read(bytes: Buffer, label: string, maxLineBytes = 1000): unknown[] {
  const encoding = encodingIn(bytes, label);
  return readAll(bytes, options({ encoding, maxLineBytes })).taken.map(({ text, flags }) =>
    flags ? [text, flags] : text,
  );
}

t.test('lines of legacy encodings, also where a character ends in a byte that is ASCII', (t) => {
  t.same(read(hex('93fa967b8cea 0a 955c 0d0a 41 0a'), 'shift_jis'), ['日本語', '表', 'A']);
  t.same(read(hex('c7d1b1b9beee 0a'), 'euc-kr'), ['한국어']);
  t.same(read(hex('d6d0cec4 0a 8140 0a'), 'gbk'), ['中文', '丂']);
  t.same(read(hex('636166e9 0a 80 0a'), 'latin1'), ['café', '€']);
  t.same(read(hex('1b2442 467c 1b2842 0a 61 0a'), 'iso-2022-jp'), ['日', 'a']);
  t.end();
});

t.test('UTF-16, with a line feed that is half of another character', (t) => {
  const text = 'one\r\nzwei ä\nਊ \u0a0d\u0d0a 😀\n\nlast\n';
  const lines = ['one', 'zwei ä', 'ਊ \u0a0d\u0d0a 😀', '', 'last'];
  t.same(read(le(text), 'utf-16le'), lines);
  t.same(read(be(text), 'utf-16be'), lines);
  t.end();
});

t.test('a byte order mark wins, and is no text', (t) => {
  const marked = '\ufeffone\ntwo \ufeff\n';
  for (const bytes of [Buffer.from(marked), le(marked), be(marked)]) {
    t.same(read(bytes, 'latin1'), ['one', 'two \ufeff']);
    t.same(read(bytes, 'utf-8', 8), read(bytes, 'shift_jis', 8), 'also in a line that is split');
  }
  t.equal(encodingIn(hex('ff'), 'utf-8').name, 'utf-8', 'half of one is none yet');
  t.end();
});

t.test('bytes that make no sense are replaced, and their line flagged', (t) => {
  const bad = FLAGS.invalid_utf8;
  t.same(read(hex('41ff 0a 42 0a'), 'shift_jis'), [['A�', bad], 'B']);
  t.same(read(Buffer.concat([le('a'), hex('00d8'), le('b\nc\n')]), 'utf-16le'), [['a�b', bad], 'c']);
  t.end();
});

t.test('a long line is split where no character is cut', (t) => {
  const part = FLAGS.partial;
  const texts = (bytes: Buffer, label: string, max: number): string[] =>
    (read(bytes, label, max) as [string, number][]).map(([text, flags]) => `${text}${flags === part ? '' : ' whole'}`);
  t.same(texts(hex('93fa967b8cea93fa 0a'), 'shift_jis', 3), ['日', '本', '語', '日']);
  t.same(texts(Buffer.concat([le('ab😀cd\n')]), 'utf-16le', 6), ['ab', '😀c', 'd']);
  t.same(texts(hex('82308130 82308130 0a'), 'gb18030', 5).length, 2);
  t.end();
});

t.test('property: UTF-16 gives what UTF-8 gives, whatever the windows and however it grows', (t) => {
  const text = fc
    .array(
      fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('ਊ', '\u000d', '\u0a00', 'x'.repeat(9))),
    )
    .map((lines) => lines.map((line) => `${line.replaceAll('\n', '').replace(/^\ufeff/, '')}\n`).join(''));
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 68, max: 300 }),
      fc.array(fc.nat(300)),
      fc.boolean(),
      (lines, window, grows, big) => {
        const visible = grows.sort((a, b) => a - b);
        const encoding = encodingOf(big ? 'utf-16be' : 'utf-16le');
        const wide = readAll(big ? be(lines) : le(lines), options({ encoding, maxLineBytes: 64 }), visible, window);
        const whole = readAll(Buffer.from(lines), options({ maxLineBytes: 1e6 }));
        const joined = wide.taken.map(({ text, flags }, i) => [text, flags, i] as const);
        let at = 0;
        for (const { text } of whole.taken) {
          let got = joined[at++]![0]!;
          while (at < joined.length && got !== text && text!.startsWith(got)) got += joined[at++]![0]!;
          if (got !== text) return false;
        }
        return at === joined.length && wide.offset === lines.length * 2;
      },
    ),
    { numRuns: Number(process.env.SIDETAIL_FUZZ_RUNS ?? 500) },
  );
  t.end();
});

t.test('bug: a line as long as may be was cut when a read ended in the midst of its carriage return', (t) => {
  const file = le(`${'a'.repeat(32)}\r\nnext\n`);
  for (const onLongLine of ['split', 'truncate', 'skip'] as const)
    for (const seen of [65, 66, 67, 68]) {
      const opts = options({ encoding: encodingOf('utf-16le'), maxLineBytes: 64, onLongLine });
      const { taken } = readAll(file, opts, [seen]);
      t.same(
        taken.map(({ text, flags }) => [text, flags]),
        [
          ['a'.repeat(32), 0],
          ['next', 0],
        ],
        `${onLongLine} ${seen}`,
      );
    }
  t.end();
});

t.test('an encoding that nobody knows', (t) => {
  t.throws(() => encodingOf('klingon'), { name: 'RangeError' });
  t.equal(encodingOf('UTF8'), encodingOf('utf-8'));
  t.end();
});
