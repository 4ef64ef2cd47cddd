import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type DeadLetterEntry, DeadLetterFile } from '../../../sidecar/deliver/dead-letter.ts';
import { mountDisk } from '../../support/disk.ts';

const entry = (offset: number, record = 'r'): DeadLetterEntry => ({
  time: '2026-01-01T00:00:00.000Z',
  output: 'es',
  reason: 'rejected',
  message: 'no',
  file: '/a.log',
  offset,
  record,
});
const read = (path: string): DeadLetterEntry[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

t.test('entries are appended, a line each, in folders that are made', async (t) => {
  const path = join(t.testdir(), 'state/dead-letter/es.ndjson');
  const file = new DeadLetterFile(path, 1e6, () => t.fail('nothing is evicted'));
  await Promise.all([file.append([entry(1), entry(2, 'a\n"b"')]), file.append([entry(3)])]);
  await new DeadLetterFile(path, 1e6, () => undefined).append([entry(4)]);
  t.same(read(path), [entry(1), entry(2, 'a\n"b"'), entry(3), entry(4)]);
});

t.test('two generations within the bound; the oldest goes and is counted', async (t) => {
  const path = join(t.testdir(), 'es.ndjson');
  const evicted: number[] = [];
  const file = new DeadLetterFile(path, 4096, (bytes) => evicted.push(bytes));
  for (let i = 0; i < 40; i++) {
    await file.append([entry(i, 'x'.repeat(200))]);
    const sizes = [path, `${path}.1`].map((one) => statSync(one, { throwIfNoEntry: false })?.size ?? 0);
    if (sizes.some((size) => size > 2048)) t.fail(`a generation of ${Math.max(...sizes)} bytes`);
  }
  const kept = [...read(`${path}.1`), ...read(path)].map(({ offset }) => offset);
  t.same(
    kept,
    Array.from(kept, (_, i) => 40 - kept.length + i),
    'the newest, in order',
  );
  const size = JSON.stringify(entry(10, 'x'.repeat(200))).length + 1;
  t.ok(Math.abs(evicted.reduce((a, b) => a + b, 0) - (40 - kept.length) * size) <= 10, 'all others were counted');
});

t.test('bug: one append of many entries went beyond the bound', async (t) => {
  const path = join(t.testdir(), 'es.ndjson');
  let evicted = 0;
  const file = new DeadLetterFile(path, 4096, (bytes) => {
    evicted += bytes;
  });
  await file.append(Array.from({ length: 100 }, (_, i) => entry(i, 'x'.repeat(200))));
  t.ok(statSync(path).size + statSync(`${path}.1`).size <= 4096);
  t.equal(read(path).at(-1)!.offset, 99);
  t.ok(evicted > 0);
});

t.test('an entry that alone is beyond the bound is kept all the same', async (t) => {
  const path = join(t.testdir(), 'es.ndjson');
  await new DeadLetterFile(path, 4096, () => undefined).append([entry(1, 'x'.repeat(9000))]);
  t.equal(read(path)[0]!.record.length, 9000);
});

t.test('what cannot be written rejects, and the next one is tried anew', async (t) => {
  const dir = t.testdir({ file: '' });
  const broken = new DeadLetterFile(join(dir, 'file/es.ndjson'), 1e6, () => undefined);
  await t.rejects(broken.append([entry(1)]), { code: /ENOTDIR|EEXIST/ });
  await t.rejects(broken.append([entry(1)]), { code: /ENOTDIR|EEXIST/ });
});

t.test('bug: half a line that a kill left was glued to the next entry', async (t) => {
  const path = join(t.testdir(), 'es.ndjson');
  await new DeadLetterFile(path, 1e6, () => undefined).append([entry(1)]);
  appendFileSync(path, JSON.stringify(entry(2, 'x'.repeat(100_000))).slice(0, -5));
  await new DeadLetterFile(path, 1e6, () => undefined).append([entry(3)]);
  t.same(read(path), [entry(1), entry(3)]);
  writeFileSync(path, 'half');
  await new DeadLetterFile(path, 1e6, () => undefined).append([entry(4)]);
  t.same(read(path), [entry(4)], 'nothing but half a line');
});

t.test('bug: a full disk took half an entry, and the next one was glued to it', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'sidetail-'));
  const unmount = mountDisk(disk, 64 * 1024);
  t.teardown(() => {
    unmount?.();
    rmSync(disk, { recursive: true, force: true });
  });
  if (unmount === undefined) {
    t.comment('SKIPPED: needs root and the right to mount a tmpfs');
    return;
  }
  const path = join(disk, 'es.ndjson');
  const file = new DeadLetterFile(path, 1e6, () => undefined);
  await file.append([entry(1)]);
  writeFileSync(join(disk, 'other'), Buffer.alloc(40 * 1024));
  await t.rejects(file.append([entry(2, 'x'.repeat(60_000))]), { code: 'ENOSPC' });
  unlinkSync(join(disk, 'other'));
  await file.append([entry(3)]);
  t.same(read(path), [entry(1), entry(3)]);
});
