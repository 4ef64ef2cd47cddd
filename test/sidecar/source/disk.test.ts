import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { deleteFile, freeBlocks, nameOf, restoreIn } from '../../../sidecar/source/disk.ts';

const idOf = (path: string): { dev: number; inode: number } => {
  const { dev, ino: inode } = statSync(path);
  return { dev, inode };
};

t.test('the name that an open file has now', async (t) => {
  const path = join(t.testdir({ 'a.log': 'x' }), 'a.log');
  const handle = await open(path);
  t.teardown(() => handle.close());
  t.equal(await nameOf(handle), path);
  renameSync(path, `${path}.1`);
  t.equal(await nameOf(handle), `${path}.1`);
  unlinkSync(`${path}.1`);
  t.equal(await nameOf(handle), undefined);
});

t.test('a file is deleted, but never another one that took its name', async (t) => {
  const dir = t.testdir({ 'a.log': 'one', 'b.log': 'another' });
  const [a, b] = [join(dir, 'a.log'), join(dir, 'b.log')];
  t.equal(await deleteFile(a, idOf(b)), false);
  t.equal(readFileSync(a, 'utf8'), 'one', 'it is where it was');
  t.equal(await deleteFile(a, idOf(a)), true);
  t.notOk(existsSync(a));
  await t.rejects(deleteFile(a, idOf(b)), { code: 'ENOENT' });
});

t.test('bug: what a kill left half deleted was hidden for ever', async (t) => {
  const dir = t.testdir({
    '.a.log.1.sidetail': 'one',
    '.b.log.1.sidetail': 'two',
    'b.log.1': 'another',
    '.other': 'x',
  });
  await restoreIn(dir);
  t.equal(readFileSync(join(dir, 'a.log.1'), 'utf8'), 'one');
  t.equal(readFileSync(join(dir, 'b.log.1'), 'utf8'), 'another', 'nothing is overwritten');
  const [kept] = readdirSync(dir).filter((name) => /^b\.log\.1\.\d+$/.test(name));
  t.equal(readFileSync(join(dir, kept!), 'utf8'), 'two');
  t.same(
    readdirSync(dir).filter((name) => name.startsWith('.')),
    ['.other'],
  );
});

t.test('blocks are given back, and everything else stays', async (t) => {
  const path = join(t.testdir({}), 'a.log');
  const bytes = Buffer.alloc(1 << 20, 'x');
  writeFileSync(path, bytes);
  const handle = await open(path, 'r+');
  t.teardown(() => handle.close());
  await handle.sync();
  const before = statSync(path).blocks;
  t.equal(await freeBlocks(handle, 1000, 1 << 19), (1 << 19) - 4096);
  t.equal(statSync(path).size, 1 << 20);
  t.ok(statSync(path).blocks < before);
  const now = readFileSync(path);
  t.ok(now.subarray(0, 4096).equals(bytes.subarray(0, 4096)), 'what is before it');
  t.ok(now.subarray(1 << 19).equals(bytes.subarray(1 << 19)), 'and behind');
  t.equal(await freeBlocks(handle, 5000, 8000), 0, 'less than a block is nothing');
  truncateSync(path, 0);
});
