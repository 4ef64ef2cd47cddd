import { appendFileSync, renameSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Tailer } from '../../../sidecar/source/tailer.ts';
import { FLAGS } from '../../../sidecar/types.ts';
import { entryOf, identify, openFile, readOn, texts } from './opened.ts';

const LINES = 'one\ntwo\nthree\n';

/** A file with this content, and its tailer. */
async function fileOf(t: Test, content: string): Promise<{ path: string; tailer: Tailer }> {
  const path = join(t.testdir({ 'a.log': content }), 'a.log');
  const tailer = await openFile(path);
  t.teardown(() => tailer.close());
  return { path, tailer };
}

/** Writes a file anew in place; its time of change is another one, however quick the test is. */
function rewrite(path: string, content: string): void {
  writeFileSync(path, content);
  utimesSync(path, new Date(), new Date(1e12 + content.length));
}

t.test('reads what is there, and what comes', async (t) => {
  const { path, tailer } = await fileOf(t, 'one\ntwo\nthr');
  t.equal(await tailer.look(), 'grown');
  const first = await readOn(tailer);
  t.same(first.lines, [
    ['one', 0, 4, 0],
    ['two', 4, 8, 0],
  ]);
  t.same((await readOn(tailer)).lines, [], 'an unfinished line waits');
  appendFileSync(path, 'ee\nfour\n');
  t.same((await readOn(tailer)).lines, [
    ['three', 8, 14, 0],
    ['four', 14, 19, 0],
  ]);
  t.equal(await tailer.look(), 'same');
  t.match(tailer, { size: 19, readOffset: 19, links: 1 });
});

t.test('a file that is renamed or deleted is read on', async (t) => {
  const { path, tailer } = await fileOf(t, 'one\n');
  await readOn(tailer);
  renameSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, 'two\n');
  t.same(texts((await readOn(tailer)).lines), ['two']);
  appendFileSync(`${path}.1`, 'three\n');
  unlinkSync(`${path}.1`);
  t.same(texts((await readOn(tailer)).lines), ['three']);
  t.equal(tailer.links, 0);
});

t.test('truncated in place, whatever its size afterwards', async (t) => {
  for (const [what, content] of [
    ['empty', ''],
    ['shorter', 'x\n'],
    ['of the same size', 'ONE\nTWO\nTHREE\n'],
    ['longer', 'ONE\nTWO\nTHREE\nFOUR\n'],
  ] as const)
    await t.test(what, async (t) => {
      const { path, tailer } = await fileOf(t, LINES);
      await readOn(tailer);
      await identify(tailer, 'uid');
      const before = tailer.file;
      t.equal(await tailer.look(), 'same');
      rewrite(path, content);
      t.same(await readOn(tailer), { lines: [], truncated: true });
      tailer.restart();
      t.match(tailer.file, { generation: 1, id: '', inode: before.inode });
      t.not(tailer.file, before, 'another generation is another file');
      t.match(tailer, { readOffset: 0, content: { standing: 'start', registered: false } });
      t.same(texts((await readOn(tailer)).lines), content.split('\n').slice(0, -1));
    });
});

t.test('truncated between a look and a read', async (t) => {
  const { path, tailer } = await fileOf(t, LINES);
  await readOn(tailer);
  appendFileSync(path, 'four\n');
  t.equal(await tailer.look(), 'grown');
  truncateSync(path, 2);
  t.equal(await tailer.read(Buffer.alloc(99), () => t.fail('no line')), 'truncated');
});

t.test('written anew between a look and a read, as long as before and longer', async (t) => {
  const { path, tailer } = await fileOf(t, LINES);
  await readOn(tailer);
  appendFileSync(path, 'four\n');
  t.equal(await tailer.look(), 'grown');
  rewrite(path, 'ONE\nTWO\nTHREE\nFOUR\nFIVE\n');
  t.equal(await tailer.read(Buffer.alloc(99), () => t.fail('no line')), 'truncated');
});

t.test('written anew after it got its id, before anything of it was read', async (t) => {
  const { path, tailer } = await fileOf(t, LINES);
  await identify(tailer);
  t.equal(await tailer.look(), 'grown');
  rewrite(path, 'other\nlines\n');
  t.equal(await tailer.read(Buffer.alloc(99), () => t.fail('no line')), 'truncated');
});

t.test('bug: a seek in the moment of a truncation took the new content for the old one', async (t) => {
  const { path, tailer } = await fileOf(t, LINES);
  await identify(tailer);
  await readOn(tailer);
  rewrite(path, 'other\n');
  await tailer.seek(4); // a reload
  t.equal(await tailer.look(), 'truncated');
});

t.test('a touch is no truncation', async (t) => {
  const { path, tailer } = await fileOf(t, LINES);
  await readOn(tailer);
  utimesSync(path, new Date(), new Date(1e12));
  t.equal(await tailer.look(), 'same');
});

t.test('the id: once the first line is complete, or long, or final', async (t) => {
  const { path, tailer } = await fileOf(t, 'one');
  t.equal(await identify(tailer, 'uid'), false);
  t.equal(tailer.file.id, '');
  appendFileSync(path, '\n');
  t.equal(await identify(tailer, 'uid'), true);
  const { id } = tailer.file;
  t.match(id, /^[\w-]{16}$/);
  await identify(tailer, 'other', true);
  t.equal(tailer.file.id, id, 'it stays');
  const long = await fileOf(t, 'x'.repeat(1024));
  t.equal(await identify(long.tailer, 'uid'), true);
  const final = await fileOf(t, 'x');
  t.equal(await identify(final.tailer, 'uid', true), true);
});

t.test('a window that is too small for the line says so', async (t) => {
  const { tailer } = await fileOf(t, `${'x'.repeat(100)}\n`);
  await tailer.look();
  t.same(await tailer.read(Buffer.alloc(50), () => true), { bytes: 0, short: true, refused: false });
  t.same(await tailer.read(Buffer.alloc(102), () => true), { bytes: 101, short: false, refused: false });
});

t.test('a line that is refused is left for the next turn', async (t) => {
  const { tailer } = await fileOf(t, LINES);
  await tailer.look();
  const one = (): boolean => tailer.readOffset === 0 && !taken++;
  let taken = 0;
  t.same(await tailer.read(Buffer.alloc(99), one), { bytes: 4, short: false, refused: true });
  t.same(await tailer.read(Buffer.alloc(99), () => false), { bytes: 0, short: false, refused: true });
  t.same(texts((await readOn(tailer)).lines), ['two', 'three']);
});

t.test(
  'the unfinished last line is handed on when nothing more will come; what comes all the same is its rest',
  async (t) => {
    const { path, tailer } = await fileOf(t, 'one\ntw');
    await readOn(tailer);
    const lines: unknown[] = [];
    const take = (...line: unknown[]): boolean => lines.push(line.slice(0, 4)) > 0;
    await tailer.flush(take);
    await tailer.flush(take);
    t.same(lines, [['tw', 4, 6, FLAGS.partial]]);
    appendFileSync(path, 'o\nthree\n');
    t.same((await readOn(tailer)).lines, [
      ['o', 6, 8, FLAGS.partial],
      ['three', 8, 14, 0],
    ]);
  },
);

t.test(
  'bug: of a rotated file that was not read to its end, the flush made one record of all that was left',
  async (t) => {
    const { tailer } = await fileOf(t, LINES);
    await tailer.look();
    await tailer.flush((text) => t.fail(`one record: ${JSON.stringify(text)}`));
    t.same(texts((await readOn(tailer)).lines), ['one', 'two', 'three']);
    const long = await openFile(join(t.testdir({ 'b.log': 'x'.repeat(300) }), 'b.log'), { maxLineBytes: 64 });
    t.teardown(() => long.close());
    await long.look();
    await long.flush((text) => t.fail(`longer than a line may be: ${text?.length}`));
    t.equal((await readOn(long)).lines.length, 4);
  },
);

t.test('a reload reads again from what is settled; in the rest of a dropped line it stays there', async (t) => {
  const path = join(t.testdir({ 'a.log': `${'x'.repeat(100)}` }), 'a.log');
  const tailer = await openFile(path, { maxLineBytes: 64, onLongLine: 'truncate' });
  t.teardown(() => tailer.close());
  t.same(texts((await readOn(tailer)).lines), ['x'.repeat(64), undefined]);
  t.equal(tailer.content.standing, 'rest');
  await tailer.seek(tailer.readOffset);
  appendFileSync(path, 'yyy\nnext\n');
  t.same(texts((await readOn(tailer)).lines), [undefined, 'next'], 'bug: the rest of a dropped line became a record');
  await tailer.seek(0);
  t.same(texts((await readOn(tailer)).lines), ['x'.repeat(64), undefined, 'next']);
});

t.test('rebind: the same content for another input', async (t) => {
  const { tailer } = await fileOf(t, LINES);
  await identify(tailer, 'uid');
  const { file } = tailer;
  tailer.rebind({ ...file.input, name: 'other' });
  t.equal(tailer.file, file, 'what is under way knows it');
  t.same([tailer.file.input.name, tailer.file.id], ['other', file.id]);
  t.equal(entryOf(tailer, 0).id, file.id);
});
