import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Entry } from '../../../sidecar/source/checkpoints.ts';
import { entryOf, identify, openFile, readOn, texts } from './opened.ts';

const LINES = 'one\ntwo\nthree\n';

/** A file that was read to its end, and what a checkpoint remembers when `settled` bytes of it are. */
async function remembered(t: Test, content: string, settled: number): Promise<{ path: string; entry: Entry }> {
  const path = join(t.testdir({ 'a.log': content }), 'a.log');
  const tailer = await openFile(path);
  await identify(tailer, 'uid');
  // A window for each few lines, so that there are marks to choose from.
  await readOn(tailer, 600);
  const entry = entryOf(tailer, settled);
  await tailer.close();
  return { path, entry: JSON.parse(JSON.stringify(entry)) };
}

t.test('goes on after what is settled, with the same id', async (t) => {
  for (const [settled, left] of [
    [0, ['one', 'two', 'three']],
    [4, ['two', 'three']],
    [14, []],
  ] as const) {
    const { path, entry } = await remembered(t, LINES, settled);
    const tailer = await openFile(path, {}, entry);
    t.match(
      tailer,
      { readOffset: settled, content: { registered: true }, file: { id: entry.id, generation: 0 } },
      `${settled}`,
    );
    t.same(texts((await readOn(tailer)).lines), left);
    await tailer.close();
  }
});

t.test('a file that grew meanwhile, from its very first bytes on', async (t) => {
  const { path, entry } = await remembered(t, 'one\n', 4);
  t.equal(entry.head!.bytes, 4, 'the head is what there was');
  appendFileSync(path, 'x'.repeat(2000).concat('\nlast\n'));
  const tailer = await openFile(path, {}, entry);
  t.teardown(() => tailer.close());
  t.same(texts((await readOn(tailer)).lines), ['x'.repeat(2000), 'last']);
  t.equal(entryOf(tailer, tailer.readOffset).head!.bytes, 1024, 'it grew to its most');
});

t.test('checkpoints of every offset hold, and go on holding', async (t) => {
  const content = Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join('');
  const path = join(t.testdir({ 'a.log': content }), 'a.log');
  const reader = await openFile(path);
  await identify(reader, 'uid');
  await readOn(reader, 600);
  const offsets = [0, ...[...content.matchAll(/\n/g)].map(({ index }) => index + 1)];
  t.equal(offsets.length, 201);
  for (const offset of offsets) {
    const tailer = await openFile(path, {}, entryOf(reader, offset));
    if (tailer.readOffset !== offset) t.fail(`not resumed at ${offset}`);
    const again = await openFile(path, {}, entryOf(tailer, offset));
    if (again.readOffset !== offset) t.fail(`not resumed again at ${offset}`);
    await Promise.all([tailer.close(), again.close()]);
  }
  await reader.close();
});

t.test('another file of the same inode is read from its beginning, as another generation', async (t) => {
  for (const [what, content] of [
    ['shorter', 'x\n'],
    ['of the same size', 'ONE\nTWO\nTHREE\n'],
    ['longer, another head', 'ONE\nTWO\nTHREE\nFOUR\n'],
    ['the same first lines, another before the offset', 'one\ntwo\nTHREE\nfour\n'],
  ] as const)
    await t.test(what, async (t) => {
      const { path, entry } = await remembered(t, LINES, 14);
      writeFileSync(path, content);
      const tailer = await openFile(path, {}, entry);
      t.teardown(() => tailer.close());
      t.match(tailer, { readOffset: 0, content: { registered: false }, file: { id: '', generation: 1 } });
      t.same(texts((await readOn(tailer)).lines), content.split('\n').slice(0, -1));
    });
});

t.test('the same first KiB, another line just before the offset', async (t) => {
  const head = 'a line that both files have\n'.repeat(100);
  const { path, entry } = await remembered(t, `${head}the end of one\n`, head.length + 15);
  writeFileSync(path, `${head}THE END OF ONE\nmore\n`);
  const tailer = await openFile(path, {}, entry);
  t.teardown(() => tailer.close());
  t.match(tailer, { readOffset: 0, file: { generation: 1 } });
});

t.test('an entry of a file that is gone is never another file', async (t) => {
  const { path, entry } = await remembered(t, LINES, 14);
  const tailer = await openFile(path, {}, { ...entry, gone: true });
  t.teardown(() => tailer.close());
  t.match(tailer, { readOffset: 0, file: { generation: 1 } });
});

t.test('a file that nothing is remembered of', async (t) => {
  const path = join(t.testdir({ 'a.log': LINES }), 'a.log');
  const tailer = await openFile(path);
  t.teardown(() => tailer.close());
  t.match(tailer, { readOffset: 0, content: { registered: false }, size: 14, file: { id: '', generation: 0, path } });
});

t.test('a file that was renamed keeps the path it was found under first', async (t) => {
  const { path, entry } = await remembered(t, LINES, 4);
  const tailer = await openFile(path, {}, { ...entry, path: '/before.log' });
  t.teardown(() => tailer.close());
  t.same([tailer.file.path, tailer.path], ['/before.log', path]);
});

t.test('in the rest of a long line that is dropped', async (t) => {
  const path = join(t.testdir({ 'a.log': 'x'.repeat(100) }), 'a.log');
  const long = { maxLineBytes: 64, onLongLine: 'truncate' } as const;
  const reader = await openFile(path, long);
  await identify(reader, 'uid', true);
  await readOn(reader);
  const entry: Entry = { ...entryOf(reader, 100), rest: true };
  await reader.close();
  appendFileSync(path, 'yyy\nnext\n');
  const tailer = await openFile(path, long, entry);
  t.teardown(() => tailer.close());
  t.same(texts((await readOn(tailer)).lines), [undefined, 'next']);
});

t.test('bug: a file of which nothing was settled yet was taken for any other that got its inode', async (t) => {
  const path = join(t.testdir({ 'a.log': LINES }), 'a.log');
  const reader = await openFile(path);
  await identify(reader, 'uid');
  const entry = entryOf(reader, 0); // saved before the first record leaves; then the process is killed
  await reader.close();
  const same = await openFile(path, {}, entry);
  t.match(
    same,
    { content: { registered: true }, file: { id: entry.id, generation: 0 } },
    'the same file is still the same',
  );
  const again = entryOf(same, 0);
  await same.close();
  writeFileSync(path, 'another\n');
  for (const one of [entry, again]) {
    const tailer = await openFile(path, {}, one);
    t.match(tailer, { content: { registered: false }, file: { id: '', generation: 1 } });
    await tailer.close();
  }
});
