import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startStore } from '../../cli/demo/store/store.ts';
import { tally } from '../../cli/demo/tally.ts';
import { SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const some = (name: string, n: number): string[] =>
  Array.from({ length: n }, (_, i) => `${name} ${i} ${'x'.repeat(100)}`);

t.test('while the budget was used up, no new file was opened: two rotations in an outage lost one', async (t) => {
  const store = await startStore();
  const sidecar = new SidecarProcess(t.testdir());
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
  const sidecar = new SidecarProcess(t.testdir());
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
  const sidecar = new SidecarProcess(t.testdir());
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
