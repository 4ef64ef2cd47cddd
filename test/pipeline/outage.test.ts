import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startStore } from '../../cli/demo/store/store.ts';
import { tally } from '../../cli/demo/tally.ts';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const some = (name: string, n: number): string[] =>
  Array.from({ length: n }, (_, i) => `${name} ${i} ${'x'.repeat(100)}`);

t.test('while the budget was used up, no new file was opened: two rotations in an outage lost one', async (t) => {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  let down = true;
  store.faults = () => (down ? { kind: 'status', status: 503 } : undefined);
  const log = join(sidecar.logs, 'app.log');
  sidecar.configure({
    memoryBudget: '2MiB',
    inputs: [{ name: 'app', paths: [log], maxLineBytes: '4KiB' }],
    outputs: { es: { type: 'elasticsearch', url: store.url } },
  });
  const files = [some('a', 30_000), some('b', 500), some('c', 500)];
  writeFileSync(log, text(files[0]!));
  await sidecar.start();
  await sidecar.logged('delivery failed');
  for (const [i, lines] of [files[1]!, files[2]!].entries()) {
    renameSync(log, `${log}.${i}`);
    writeFileSync(log, text(lines));
    await until(
      async () => (await sidecar.status()).files.length === i + 2,
      'the new file is open while the backend is down',
    );
  }
  down = false;
  const written = files.flat();
  await until(() => store.count() >= written.length, 'everything arrived');
  const { lost, repeated } = tally(
    written,
    [...store.docs()].map((doc) => (doc.source as { message: string }).message),
  );
  t.same({ lost, repeated }, { lost: 0, repeated: 0 });
});

t.test('a file that was renamed while a reload waited was dropped with what was unsent', async (t) => {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  let down = true;
  store.faults = () => (down ? { kind: 'status', status: 503 } : undefined);
  const log = join(sidecar.logs, 'app.log');
  const outputs = (more: object) => ({ outputs: { es: { type: 'elasticsearch', url: store.url, ...more } } });
  sidecar.configure(outputs({}));
  const written = some('a', 1000);
  writeFileSync(log, text(written));
  await sidecar.start();
  await sidecar.logged('delivery failed');
  sidecar.configure(outputs({ compression: 'none' }));
  renameSync(log, `${log}.1`);
  await sidecar.logged('the configuration changed and is in effect');
  down = false;
  await until(() => store.count() >= written.length, 'everything arrived');
  t.equal(store.count(), written.length);
});

t.test('a file written anew with the same bytes before our offset was not noticed', async (t) => {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  const log = join(sidecar.logs, 'app.log');
  sidecar.configure({ outputs: { out: { type: 'stdout' } } });
  const ticks = 'tick\n'.repeat(40);
  writeFileSync(log, `start 1\n${ticks}`);
  await sidecar.start();
  await until(() => sidecar.stdout === `start 1\n${ticks}`, 'the first content is there');
  writeFileSync(log, `start 2\n${ticks}`);
  appendFileSync(log, ticks);
  await until(
    () => sidecar.stdout === `start 1\n${ticks}start 2\n${ticks}${ticks}`,
    'the second is, too, from its beginning',
  );
  t.match(await sidecar.metrics(), /sidetail_input_files_truncated_total\{input="app"\} 1/);
});

/** Memory in use once reading stands because the budget is used up. */
async function usedWhenFull(sidecar: SidecarProcess): Promise<number> {
  let last = -1;
  return until(async () => {
    const { memory, files } = await sidecar.status();
    const still = memory.usedBytes > 0 && memory.usedBytes === last && files.every((f) => f.readOffset < f.size);
    last = memory.usedBytes;
    return still && memory.usedBytes;
  }, 'the budget is used up and reading stands');
}

t.test('bug: empty lines were free, and millions of them grew without bound', async (t) => {
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => sidecar.kill());
  sidecar.configure({ memoryBudget: '1MiB', outputs: { out: { type: 'stdout' } } });
  writeFileSync(join(sidecar.logs, 'app.log'), '\n'.repeat(2_000_000));
  sidecar.spawn();
  sidecar.child!.stdout!.pause();
  await sidecar.logged('admin listening');
  t.ok((await usedWhenFull(sidecar)) <= 2 ** 20);
  const { readOffset } = (await sidecar.status()).files[0]!;
  t.ok(readOffset < 300_000, `${readOffset} lines were read`);
  sidecar.child!.stdout!.resume();
  await until(() => sidecar.stdout.length === 2_000_000, 'each of them arrives');
});

t.test('bug: control characters, six times as long when they are rendered, took twice the budget', async (t) => {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  store.faults = () => ({ kind: 'status', status: 503 });
  const es = { type: 'elasticsearch', url: store.url };
  sidecar.configure({ memoryBudget: '8MiB', outputs: { one: es, two: es, three: es } });
  writeFileSync(join(sidecar.logs, 'app.log'), `${'\u0001'.repeat(200_000)}\n`.repeat(40));
  await sidecar.start();
  t.ok((await usedWhenFull(sidecar)) <= 8 * 2 ** 20);
});

t.test('bug: an output that was down kept another one, which gets other files, from getting them', async (t) => {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  store.faults = () => ({ kind: 'status', status: 503 });
  const inputs = ['down', 'up'].map((name) => ({ name, paths: [join(sidecar.logs, `${name}.log`)], outputs: [name] }));
  const outputs = { down: { type: 'elasticsearch', url: store.url }, up: { type: 'stdout' } };
  sidecar.configure({ memoryBudget: '4MiB', inputs, outputs });
  writeFileSync(join(sidecar.logs, 'down.log'), text(some('down', 100_000)));
  await sidecar.start();
  await usedWhenFull(sidecar);
  const lines = text(some('up', 20_000));
  writeFileSync(join(sidecar.logs, 'up.log'), lines);
  await until(() => sidecar.stdout === lines, 'the other output gets its lines');
});
