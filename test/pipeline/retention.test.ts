import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startStore } from '../../cli/demo/store/store.ts';
import { tally } from '../../cli/demo/tally.ts';
import { mountDisk } from '../support/disk.ts';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

/** Delivered data must not fill the disk that the application writes to, and nothing else may be removed: on a real disk of 8 MiB. */

const DISK = 8 * 2 ** 20;
const probe = mkdtempSync(join(tmpdir(), 'sidetail-'));
const unmountProbe = mountDisk(probe, DISK);
unmountProbe?.();
rmSync(probe, { recursive: true });
const skip = unmountProbe === undefined && 'needs root and the right to mount a tmpfs';

/** An input whose rotated file is deleted by right, and its output. */
const control = (sidecar: SidecarProcess) => ({
  name: 'control',
  paths: [join(sidecar.logs, 'control.log')],
  retention: 'delete-rotated',
  outputs: ['out'],
});
const OUT = { out: { type: 'stdout' } };

/** Resolves when the retention has deleted a file that was put aside after all others: those that are there then were judged, too. */
async function judged(sidecar: SidecarProcess): Promise<void> {
  const path = join(sidecar.logs, 'control.log');
  writeFileSync(path, 'control\n');
  await until(
    async () => (await sidecar.status()).files.some((file) => file.path === path && file.ackedOffset === 8),
    'the control is delivered',
  );
  renameSync(path, `${path}.1`);
  await until(() => !existsSync(`${path}.1`), 'the control is deleted');
}

async function bench(t: Test, input: Record<string, unknown>) {
  const store = await startStore();
  const folder = mkdtempSync(join(tmpdir(), 'sidetail-')); // tap cannot remove a folder in which something is mounted
  const sidecar = new SidecarProcess(folder);
  const unmount = mountDisk(sidecar.logs, DISK);
  t.teardown(async () => {
    await sidecar.kill();
    await store.close();
    unmount?.();
    rmSync(folder, { recursive: true });
  });
  sidecar.configure({
    inputs: [{ name: 'app', paths: [join(sidecar.logs, 'app.log')], outputs: ['es'], ...input }, control(sidecar)],
    outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '100ms' } }, ...OUT },
  });
  const log = join(sidecar.logs, 'app.log');
  writeFileSync(log, '');
  const written: string[] = [];
  /** About a MiB. */
  const write = (): void => {
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${written.length + i} ${'x'.repeat(1000)}`);
    written.push(...lines);
    appendFileSync(log, lines.map((line) => `${line}\n`).join('')); // throws when the disk is full
  };
  const messages = (): string[] => [...store.docs()].map(({ source }) => (source as { message: string }).message);
  const arrived = (): Promise<unknown> => until(() => messages().length >= written.length, 'all lines are there');
  const check = (what: string): void => {
    const { lost, repeated } = tally(written, messages());
    t.same({ lost, repeated }, { lost: 0, repeated: 0 }, what);
  };
  await sidecar.start();
  return { sidecar, store, log, write, arrived, check };
}

t.test('delete-rotated: an application that rotates for ever does not fill the disk', { skip }, async (t) => {
  const { sidecar, store, log, write, arrived, check } = await bench(t, { retention: 'delete-rotated' });
  for (let i = 0; i < 4; i++) {
    for (let n = 0; n < 5; n++) write();
    renameSync(log, `${log}.${i}`);
    writeFileSync(log, '');
    await arrived();
    await until(() => !existsSync(`${log}.${i}`), `rotated file ${i} is deleted`);
    await until(() => statfsSync(sidecar.logs).bavail > 1900, 'and closed, so that the disk is free'); // blocks of 4 KiB
  }
  check('20 MiB went over a disk of 8');
  t.same(readdirSync(sidecar.logs), ['app.log']);
  t.match(await sidecar.metrics(), /sidetail_input_files_deleted_total\{input="app"\} 4/);

  store.faults = () => ({ kind: 'status', status: 503 });
  write();
  renameSync(log, `${log}.9`);
  writeFileSync(log, '');
  await sidecar.terminate();
  await sidecar.start();
  await until(async () => (await sidecar.status()).files.some(({ lagBytes }) => lagBytes > 0), 'it is read again');
  await judged(sidecar);
  t.ok(existsSync(`${log}.9`), 'what is not delivered stays');
  store.faults = undefined;
  await arrived();
  await until(() => !existsSync(`${log}.9`), 'and goes when it is');
  check('nothing lost');
});

t.test('truncate: an application that never rotates does not fill the disk', { skip }, async (t) => {
  const { sidecar, store, log, write, arrived, check } = await bench(t, { retention: 'truncate' });
  for (let i = 0; i < 5; i++) {
    for (let n = 0; n < 4; n++) write();
    await arrived();
    await until(() => statSync(log).blocks * 512 < 4 * 2 ** 20, 'the settled bytes are given back');
  }
  t.ok(statSync(log).size > 2 * DISK, 'the file only seems to grow');
  check('20 MiB went over a disk of 8');
  await sidecar.kill();
  write();
  await sidecar.start();
  await arrived();
  check('after a kill the file is known again');
  store.faults = () => ({ kind: 'status', status: 503 });
  write();
  write();
  const size = statSync(log).size;
  await until(async () => (await sidecar.status()).files.some(({ readOffset }) => readOffset === size), 'it is read');
  await judged(sidecar);
  await sidecar.kill();
  store.faults = undefined;
  await sidecar.start();
  await arrived();
  check('what was not delivered was there');
});

t.test('a disk budget: the oldest delivered files go first, and only above it', { skip }, async (t) => {
  const { sidecar, store, log, write, arrived, check } = await bench(t, { diskBudget: '3MiB' });
  for (const name of ['1', '2']) {
    write();
    renameSync(log, `${log}.${name}`);
    writeFileSync(log, '');
    await arrived();
  }
  await judged(sidecar);
  t.same(readdirSync(sidecar.logs).sort(), ['app.log', 'app.log.1', 'app.log.2'], 'below the budget all stay');
  write();
  write();
  await arrived();
  await until(() => !existsSync(`${log}.1`), 'above it the oldest goes');
  t.ok(existsSync(`${log}.2`));
  store.faults = () => ({ kind: 'status', status: 503 });
  for (let n = 0; n < 4; n++) write();
  await sidecar.logged('the files take more than their disk budget: what is not delivered is kept');
  t.match(await sidecar.metrics(), /sidetail_disk_used_bytes\{input="app"\} [4-8]\d{6}/);
  store.faults = undefined;
  await arrived();
  check('nothing lost');
});

t.test('a volume that cannot be written is told', async (t) => {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  sidecar.configure({
    inputs: [{ name: 'app', paths: [join(sidecar.logs, 'app.log')], retention: 'truncate' }],
    outputs: { es: { type: 'elasticsearch', url: store.url } },
  });
  writeFileSync(join(sidecar.logs, 'app.log'), `${'x'.repeat(999)}\n`.repeat(3000));
  const env = process.env.PATH;
  process.env.PATH = t.testdirName; // no fallocate there
  sidecar.spawn();
  process.env.PATH = env;
  const said = await sidecar.logged('delivered data cannot be removed');
  t.match(said, { error: /fallocate/, fix: /util-linux/, input: 'app' });
  t.match(await sidecar.metrics(), /sidetail_file_errors_total\{input="app",code="retention"\} 1/);
  t.equal(await sidecar.terminate(), 0, 'and all goes on');
});

t.test('bug: delete-rotated deleted logs that no rotation had touched', async (t) => {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  const [folder, release] = ['plain', 'release1'].map((name) => join(sidecar.logs, name)) as [string, string];
  mkdirSync(folder);
  mkdirSync(release);
  const link = join(sidecar.logs, 'current');
  symlinkSync('release1', link);
  const paths = [join(folder, '*.log'), join(link, '*.log'), join(sidecar.logs, 'dated.log')];
  sidecar.configure({
    inputs: [{ name: 'app', paths, retention: 'delete-rotated', outputs: ['es'] }, control(sidecar)],
    outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '100ms' } }, ...OUT },
  });
  for (const name of ['app.log', 'app2.log', 'app-2.log']) writeFileSync(join(folder, name), `${name}\n`);
  writeFileSync(join(release, 'app.log'), 'behind a link\n');
  // As rotatelogs -L and cronolog do: the name is a link to the dated file that is written.
  const dated = join(sidecar.logs, 'dated.log.20261121');
  writeFileSync(dated, 'dated\n');
  symlinkSync('dated.log.20261121', join(sidecar.logs, 'dated.log'));
  await sidecar.start();
  await until(() => store.count() === 5, 'all are delivered');
  unlinkSync(link); // a deployment swaps it: for a while there is none
  await sidecar.logged('the file was renamed or deleted');
  await judged(sidecar);
  t.same(readdirSync(folder).sort(), ['app-2.log', 'app.log', 'app2.log'], 'names that may be those of other logs');
  t.same(readdirSync(release), ['app.log'], 'a file whose folder cannot be seen');
  t.ok(existsSync(dated), 'what a link leads to');
});
