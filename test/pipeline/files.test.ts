import {
  appendFileSync,
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { type Store, startStore } from '../../cli/demo/store/store.ts';
import { mountDisk } from '../support/disk.ts';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

/** Files as they come: of any encoding, size, number and kind, on disks that are full or cannot be written. */

async function bench(t: Test, over: Record<string, unknown> = {}, folder = folderOf(t)) {
  const store = await startStore();
  const sidecar = new SidecarProcess(folder);
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  sidecar.configure({
    inputs: [{ name: 'app', paths: [join(sidecar.logs, '**/*.log')] }],
    outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '100ms' } } },
    ...over,
  });
  return { sidecar, store };
}

const messages = (store: Store): string[] =>
  [...store.docs()].map(({ source }) => (source as { message: string }).message);

/** Waits for as many documents as there are lines, and compares them, in any order. */
async function expect(t: Test, store: Store, lines: readonly string[], what: string): Promise<void> {
  await until(() => messages(store).length >= lines.length, what);
  t.same(messages(store).sort(), [...lines].sort(), what);
}

t.test('each encoding, and a byte order mark over what is configured', async (t) => {
  const { sidecar, store } = await bench(t);
  const files: Record<string, readonly [string, Buffer]> = {
    'sjis.log': ['shift_jis', Buffer.from('93fa967b8cea0a', 'hex')],
    'euckr.log': ['euc-kr', Buffer.from('c7d1b1b9beee0a', 'hex')],
    'gbk.log': ['gbk', Buffer.from('d6d0cec40a', 'hex')],
    'latin1.log': ['latin1', Buffer.from('636166e90d0a', 'hex')],
    'wide.log': ['utf-16be', Buffer.from('größe\n', 'utf16le').swap16()],
    'marked.log': ['latin1', Buffer.from('\ufeffUTF-16 は\n', 'utf16le')],
    'plain.log': ['utf-8', Buffer.concat([Buffer.from('\ufeffwith a mark\nbad '), Buffer.from([0xff, 10])])],
  };
  sidecar.configure({
    inputs: Object.entries(files).map(([name, [encoding]]) => ({ name, encoding, paths: [join(sidecar.logs, name)] })),
    outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '100ms' } } },
  });
  for (const [name, [, bytes]] of Object.entries(files)) writeFileSync(join(sidecar.logs, name), bytes);
  await sidecar.start();
  const lines = ['日本語', '한국어', '中文', 'café', 'größe', 'UTF-16 は', 'with a mark', 'bad \ufffd'];
  await expect(t, store, lines, 'all texts');
  t.match(await sidecar.metrics(), /sidetail_records_flagged_total\{flag="invalid_utf8"\} 1\b/);
  await sidecar.kill();
  appendFileSync(join(sidecar.logs, 'marked.log'), Buffer.from('ਊ more\n', 'utf16le'));
  await sidecar.start();
  await expect(t, store, [...lines, 'ਊ more'], 'a restart knows the encoding again');
});

t.test('copytruncate under a writer that does not append: the hole is no text, and is counted', async (t) => {
  const { sidecar, store } = await bench(t);
  const log = join(sidecar.logs, 'app.log');
  const fd = openSync(log, 'w');
  t.teardown(() => closeSync(fd));
  let at = 0;
  const write = (line: string): void => {
    at += writeSync(fd, `${line}\n`, at);
  };
  const first = Array.from({ length: 500 }, (_, i) => `before ${i}`);
  for (const line of first) write(line);
  await sidecar.start();
  await expect(t, store, first, 'the first lines');
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
  const hole = at;
  write('after');
  write('and on');
  await expect(t, store, [...first, 'after', 'and on'], 'no record of NUL bytes');
  t.match(await sidecar.metrics(), new RegExp(`sidetail_bytes_dropped_total\\{reason="hole"\\} ${hole}\\b`));
});

t.test('a line of 2 GiB, in bounded memory', async (t) => {
  const { sidecar, store } = await bench(t);
  sidecar.configure({
    inputs: [{ name: 'app', paths: [join(sidecar.logs, '*.log')], onLongLine: 'truncate', maxLineBytes: '64KiB' }],
    outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '100ms' } } },
  });
  const log = join(sidecar.logs, 'app.log');
  const fd = openSync(log, 'w');
  const piece = Buffer.alloc(2 ** 24, 'x');
  for (let written = 0; written < 2 ** 31; written += piece.length) writeSync(fd, piece);
  writeSync(fd, '\nafter it\n');
  closeSync(fd);
  await sidecar.start();
  await until(() => messages(store).includes('after it'), 'the line behind it');
  t.equal(messages(store).length, 2);
  t.match(await sidecar.metrics(), new RegExp(`bytes_dropped_total\\{reason="long_line"\\} ${2 ** 31 - 65536 + 1}\\b`));
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${sidecar.child!.pid}/status`, 'utf8'))![1]);
  t.ok(peak < 400_000, `at most ${Math.round(peak / 1024)} MiB`);
});

t.test('a symbolic link that is swapped', async (t) => {
  const { sidecar, store } = await bench(t);
  sidecar.configure({
    inputs: [{ name: 'app', paths: [join(sidecar.logs, 'current.log')] }],
    outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '100ms' } } },
  });
  const link = join(sidecar.logs, 'current.log');
  const lines: string[] = [];
  const write = (name: string): void => {
    lines.push(`${name} ${lines.length}`);
    appendFileSync(join(sidecar.logs, name), `${lines.at(-1)}\n`);
  };
  const swap = (name: string): void => {
    symlinkSync(name, `${link}.new`);
    renameSync(`${link}.new`, link);
  };
  write('a.1');
  swap('a.1');
  await sidecar.start();
  await expect(t, store, lines, 'behind the link');
  write('a.1');
  write('a.2');
  swap('a.2');
  write('a.1');
  write('a.2');
  await expect(t, store, lines, 'what was written late to the file before, too');
  await sidecar.kill();
  write('a.2');
  write('a.3');
  swap('a.3');
  await sidecar.start();
  await expect(t, store, lines, 'swapped while it was down');
  swap('a.1');
  write('a.1');
  await expect(t, store, lines, 'and back');
});

t.test('compressed files among the paths are not read as text', async (t) => {
  const { sidecar, store } = await bench(t);
  writeFileSync(join(sidecar.logs, 'old.log'), gzipSync('line\n'.repeat(100_000)));
  writeFileSync(join(sidecar.logs, 'app.log'), 'text\n');
  await sidecar.start();
  await expect(t, store, ['text'], 'only the text');
  const said = await sidecar.logged('not read: it is compressed');
  t.match(said, { path: join(sidecar.logs, 'old.log'), code: 'compressed' });
  t.match(await (await fetch(`${sidecar.admin}/status`)).json(), { notRead: [{ code: 'compressed' }] });
});

t.test('thousands of files, in folders that appear while it runs', async (t) => {
  const { sidecar, store } = await bench(t);
  await sidecar.start();
  const lines: string[] = [];
  for (let i = 0; i < 2000; i++) {
    const folder = join(sidecar.logs, `${i % 7}/${i % 11}`);
    mkdirSync(folder, { recursive: true });
    lines.push(`file ${i} one`, `file ${i} two`);
    writeFileSync(join(folder, `app-${i}.log`), `file ${i} one\nfile ${i} two\n`);
  }
  await expect(t, store, lines, 'all of them');
  t.equal((await sidecar.status()).files.length, 2000);
  const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
  await until(async () => {
    const { accounts } = (await sidecar.status()).outputs[0]!;
    return accounts.settled === bytes && accounts.read === bytes && accounts.balanced;
  }, 'the books say so');
  t.equal(await sidecar.terminate(), 0);
});

t.test('a state that cannot be written: told, and everything is delivered', async (t) => {
  const { sidecar, store } = await bench(t);
  const state = join(sidecar.folder, 'state');
  mkdirSync(state);
  chmodSync(state, 0o555);
  const lines = ['one', 'two'];
  writeFileSync(join(sidecar.logs, 'app.log'), 'one\ntwo\n');
  sidecar.spawnAs(65534);
  await sidecar.logged('checkpoints cannot be saved');
  await expect(t, store, lines, 'delivered all the same');
  t.match(await sidecar.metrics(), /sidetail_checkpoint_saves_total\{result="failed"\} [1-9]/);
  chmodSync(state, 0o777);
  await sidecar.logged('checkpoints are saved again');
  await sidecar.terminate(); // its exit code is that of tap's own hook, which may not write as this user
  t.ok(sidecar.log.some(({ msg }) => msg === 'drained: everything is delivered'));
});

t.test('a full disk, with the logs and the state on it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidetail-'));
  const unmount = mountDisk(folder, 2 ** 20);
  t.teardown(() => {
    unmount?.();
    rmSync(folder, { recursive: true });
  });
  if (unmount === undefined) {
    t.comment('SKIPPED: needs root and the right to mount a tmpfs');
    return;
  }
  const { sidecar, store } = await bench(t, {}, folder);
  const log = join(sidecar.logs, 'app.log');
  writeFileSync(log, '');
  await sidecar.start();
  await until(() => readFileSync(join(folder, 'state/checkpoint.json'), 'utf8').includes('app.log'), 'it was seen');
  const lines: string[] = [];
  let part = '';
  const fd = openSync(log, 'a');
  try {
    for (;;) {
      const line = `line ${lines.length} ${'x'.repeat(500)}`;
      const wrote = writeSync(fd, `${line}\n`);
      if (wrote < line.length + 1) {
        part = line.slice(0, wrote); // the disk took a part of it
        break;
      }
      lines.push(line);
    }
  } catch (error) {
    t.match(error, { code: 'ENOSPC' });
  }
  closeSync(fd);
  await sidecar.logged('checkpoints cannot be saved');
  await expect(t, store, lines, 'what the disk took is delivered');
  renameSync(log, `${log}.1`); // a rename takes no room
  await sidecar.terminate();
  rmSync(`${log}.1`);
  writeFileSync(log, 'again\n');
  await sidecar.start();
  await until(() => messages(store).includes('again'), 'it goes on when there is room');
  const repeated = messages(store).length - new Set(messages(store)).size;
  t.equal(repeated, 0);
  t.ok(lines.every((line) => messages(store).includes(line)));
  t.comment(`${lines.length} lines, a part of ${part.length} bytes`);
});

t.test('deleted files that are held open are bounded, and what is given up is counted', async (t) => {
  const { sidecar, store } = await bench(t, { memoryBudget: '1MiB' });
  store.faults = () => ({ kind: 'status', status: 503 });
  const mebibyte = `${'x'.repeat(1023)}\n`.repeat(1024);
  for (const [name, size] of [
    ['first.log', 200],
    ['second.log', 100],
  ] as const)
    for (let i = 0; i < size; i++) appendFileSync(join(sidecar.logs, name), mebibyte);
  await sidecar.start();
  await until(async () => (await sidecar.status()).files.length === 2, 'both are open');
  unlinkSync(join(sidecar.logs, 'first.log'));
  unlinkSync(join(sidecar.logs, 'second.log'));
  const said = await sidecar.logged('a deleted file is given up before all of it was read');
  t.match(said, { path: join(sidecar.logs, 'first.log'), limit: 256 * 2 ** 20 });
  const metrics = await sidecar.metrics();
  t.match(metrics, new RegExp(`sidetail_bytes_dropped_total\\{reason="unlinked"\\} ${said.bytes}\\b`));
  t.match(metrics, /sidetail_unlinked_open_bytes 10\d{7}\b/, 'the other one is held');
  t.equal((await sidecar.status()).files.length, 1);
});

t.test('bug: with more logs than descriptors nothing at all was delivered', async (t) => {
  const { sidecar, store } = await bench(t);
  const names = Array.from({ length: 200 }, (_, i) => join(sidecar.logs, `${String(i).padStart(3, '0')}.log`));
  for (const name of names) writeFileSync(name, `${name}\n`);
  sidecar.spawnWithin(120);
  const refusal = await sidecar.logged('more descriptors must stay free');
  t.match(refusal, { code: 'too_many_files', fix: /ulimit -n/ });
  await until(() => messages(store).length >= 60, 'as many as half of the descriptors');
  t.match(await sidecar.metrics(), /sidetail_file_errors_total\{[^}]*code="too_many_files"\} 140/);
  for (const name of messages(store)) rmSync(name);
  await until(() => messages(store).length >= 120, 'what went made room');
  t.equal(new Set(messages(store)).size, messages(store).length, 'nothing twice');
});
