import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startStore } from '../../cli/demo/store/store.ts';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

const lines = (name: string, n: number): string =>
  Array.from({ length: n }, (_, i) => `${name} ${i} ${'x'.repeat(100)}\n`).join('');

function sidecarOf(t: Test, env: Record<string, string> = {}): SidecarProcess {
  const sidecar = new SidecarProcess(folderOf(t), env);
  t.teardown(() => sidecar.kill());
  return sidecar;
}

const applied = (sidecar: SidecarProcess, times: number) =>
  until(
    () => sidecar.log.filter(({ msg }) => msg === 'the configuration changed and is in effect').length === times,
    `reload ${times} is in effect`,
  );

t.test('bug: a reload while the reader of standard output was slow printed lines twice', async (t) => {
  const sidecar = sidecarOf(t);
  const outputs = { outputs: { out: { type: 'stdout' } } };
  sidecar.configure(outputs);
  const written = lines('a', 20_000);
  writeFileSync(join(sidecar.logs, 'app.log'), written);
  await sidecar.start();
  await until(() => sidecar.stdout.length > 0, 'the first lines are there');
  sidecar.child!.stdout!.pause();
  for (let reload = 1; reload <= 3; reload++) {
    sidecar.configure({ ...outputs, drainTimeout: `${30 + reload}s` });
    await applied(sidecar, reload);
  }
  sidecar.child!.stdout!.resume();
  await until(() => sidecar.stdout.length >= written.length, 'all of them are there');
  appendFileSync(join(sidecar.logs, 'app.log'), 'last\n');
  await until(() => sidecar.stdout.endsWith('last\n'), 'and the last');
  t.ok(sidecar.stdout === `${written}last\n`, 'each once, in order');
  await until(async () => (await sidecar.status()).files[0]!.lagBytes === 0, 'what was on its way is settled, too');
});

t.test('bug: an input that was removed and put back repeated up to a second of its lines', async (t) => {
  const sidecar = sidecarOf(t);
  const outputs = { out: { type: 'stdout' } };
  const path = (name: string): string => join(sidecar.logs, name);
  const both = ['a.log', 'b.log'].map((name) => ({ name, paths: [path(name)] }));
  sidecar.configure({ outputs, inputs: both });
  writeFileSync(path('a.log'), 'a 1\n');
  await sidecar.start();
  await until(() => sidecar.stdout === 'a 1\n', 'the file is read');
  appendFileSync(path('a.log'), 'a 2\n');
  await until(() => sidecar.stdout === 'a 1\na 2\n', 'and on');
  sidecar.configure({ outputs, inputs: both.slice(1) });
  await applied(sidecar, 1);
  appendFileSync(path('a.log'), 'a 3\n');
  sidecar.configure({ outputs, inputs: both });
  await applied(sidecar, 2);
  await until(() => sidecar.stdout.includes('a 3'), 'what was written meanwhile is there');
  t.equal(sidecar.stdout, 'a 1\na 2\na 3\n');
});

t.test('bug: SIGTERM while a reload waited crashed the sidecar', async (t) => {
  const store = await startStore();
  t.teardown(() => store.close());
  const sidecar = sidecarOf(t, { SIDETAIL_LOG_LEVEL: 'debug' });
  store.faults = ({ n }) => (n < 2 ? { kind: 'hang' } : undefined);
  const outputs = { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '50ms' } } };
  sidecar.configure({ outputs });
  writeFileSync(join(sidecar.logs, 'app.log'), lines('a', 100));
  await sidecar.start();
  await until(() => store.requests > 0, 'a request hangs');
  sidecar.configure({ outputs, cluster: 'another' });
  await sidecar.logged('waiting a moment');
  t.equal(await sidecar.terminate(), 0);
  t.equal(store.count(), 100, 'and all of it was delivered');
});

t.test('bug: readFrom end was forgotten when the file did not grow before the next start', async (t) => {
  const sidecar = sidecarOf(t);
  const log = join(sidecar.logs, 'app.log');
  sidecar.configure({ outputs: { out: { type: 'stdout' } }, inputs: [{ name: 'app', paths: [log], readFrom: 'end' }] });
  writeFileSync(log, 'old 1\nold 2\n');
  await sidecar.start();
  await sidecar.logged('reading');
  await until(async () => (await sidecar.metrics()).includes('checkpoint_saves_total{result="saved"} '), 'it is saved');
  await sidecar.kill();
  appendFileSync(log, 'new\n');
  await sidecar.start();
  await until(() => sidecar.stdout !== '', 'something is there');
  t.equal(sidecar.stdout, 'new\n');
});

t.test(
  'an output that had records is not given them again by a reload, though another one has them to come',
  async (t) => {
    const store = await startStore();
    t.teardown(() => store.close());
    store.faults = () => ({ kind: 'status', status: 503 });
    const sidecar = sidecarOf(t);
    const outputs = { out: { type: 'stdout' }, es: { type: 'elasticsearch', url: store.url } };
    sidecar.configure({ outputs });
    const written = lines('a', 200);
    writeFileSync(join(sidecar.logs, 'app.log'), written);
    await sidecar.start();
    await until(() => sidecar.stdout.length === written.length, 'the standard output has them');
    sidecar.configure({ outputs, drainTimeout: '30s' });
    await applied(sidecar, 1);
    store.faults = undefined;
    await until(() => store.count() === 200, 'the other one gets them, too');
    t.ok(sidecar.stdout === written, 'printed once');
  },
);
