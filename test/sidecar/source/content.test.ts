import { writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Content, isEnough } from '../../../sidecar/source/content.ts';
import { input, logFile } from '../fixtures.ts';

const LINES = Array.from({ length: 300 }, (_, i) => `line ${i} of a log\n`).join('');

async function fileOf(t: Test, text: string): Promise<{ handle: FileHandle; size: number; path: string }> {
  const path = join(t.testdir({ 'a.log': text }), 'a.log');
  const handle = await open(path);
  t.teardown(() => handle.close());
  return { handle, size: text.length, path };
}

/** A content of which `offset` bytes were read, in windows of 1000 bytes. */
function contentOf(text: string, offset: number): Content {
  const content = new Content(logFile({ id: '' }), '/logs/app.log');
  content.identify('uid', Buffer.from(text).subarray(0, 1024));
  while (content.readOffset < offset) {
    const { overlap, readOffset } = content;
    const window = Buffer.from(text.slice(readOffset - overlap, Math.min(offset, readOffset + 1000)));
    content.advance(window, window.length - overlap);
  }
  return content;
}

t.test('a copy of it, whole or longer, holds it; another file does not', async (t) => {
  const content = contentOf(LINES, 3000);
  for (const [what, text, held] of [
    ['the same', LINES.slice(0, 3000), true],
    ['with more', LINES, true],
    ['the same beginning, another mark', `${LINES.slice(0, 2990)}OTHER TEXT${LINES.slice(3000)}`, false],
    ['another beginning', `X${LINES.slice(1)}`, false],
    ['a shorter copy, proved by an earlier mark', LINES.slice(0, 2500), true],
    ['a shorter one with another mark', `${LINES.slice(0, 1990)}OTHER TEXT`, false],
    ['so short that its beginning is all of it', LINES.slice(0, 500), true],
    ['nothing', '', false],
  ] as const)
    await t.test(what, async (t) => {
      const { handle, size } = await fileOf(t, text);
      t.equal(await content.isIn(handle, size), held);
    });
});

t.test('after a restart the proofs say the same', async (t) => {
  const entry = contentOf(LINES, 3000).entry({ dev: 1, inode: 9 }, 2500);
  t.match(entry, { dev: 1, inode: 9, offset: 2500, mark: { at: 2000, bytes: 64 }, head: { at: 1024, bytes: 1024 } });
  const content = Content.of(JSON.parse(JSON.stringify(entry)), input());
  t.match(content, { readOffset: 2500, registered: true, identified: true, realPath: '/logs/app.log' });
  const same = await fileOf(t, LINES);
  t.equal(await content.isIn(same.handle, same.size), true);
  const other = await fileOf(t, `${LINES.slice(0, 1990)}OTHER TEXT${LINES.slice(2000)}`);
  t.equal(await content.isIn(other.handle, other.size), false);
});

t.test('bug: what a reload rewound to before every mark was not known again in its copy', async (t) => {
  const content = contentOf(LINES, 3000);
  content.entry({ dev: 1, inode: 9 }, 2000); // marks before that are forgotten
  content.rewind(1500);
  t.equal(content.readOffset, 1500);
  const { handle, size } = await fileOf(t, LINES);
  t.equal(await content.isIn(handle, size), true);
});

t.test('bug: a restart in the midst of a hole made records of the rest of it', async (t) => {
  const { handle } = await fileOf(t, `${'\0'.repeat(5000)}after it\n`);
  const content = new Content(logFile(), '/logs/app.log');
  await content.seek(handle, 2000);
  t.equal(content.standing, 'start');
});

t.test('what begins alike may be a copy, or the beginning of one', (t) => {
  const content = contentOf(LINES, 3000);
  for (const [start, may] of [
    [LINES.slice(0, 1024), true],
    [LINES.slice(0, 10), true],
    ['another', false],
    ['', false],
  ] as const)
    t.equal(content.isCopiedTo(Buffer.from(start)), may, JSON.stringify(start.slice(0, 20)));
  t.equal(new Content(logFile(), '/a').isCopiedTo(Buffer.from('x')), false, 'of nothing nothing is a copy');
  t.end();
});

t.test('how much of a file is enough to know it by', (t) => {
  t.equal(isEnough(Buffer.from('a line\n')), true);
  t.equal(isEnough(Buffer.from('half a line')), false);
  t.equal(isEnough(Buffer.alloc(1024, 'x')), true);
  t.end();
});

t.test('a seek keeps what it knows when the file is another one by now', async (t) => {
  const content = contentOf(LINES, 3000);
  const { handle, path } = await fileOf(t, LINES);
  writeFileSync(path, 'another text\n'.repeat(300));
  await content.seek(handle, 2000);
  t.equal(content.readOffset, 2000);
  t.equal(await content.isBegunIn(handle), false);
  const copy = await fileOf(t, LINES);
  t.equal(await content.isIn(copy.handle, copy.size), true, 'and is known in its copy');
});
