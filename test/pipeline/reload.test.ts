import { appendFileSync, existsSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
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

/** A sidecar, and a store that takes no request for now. */
async function down(t: Test) {
  const store = await startStore();
  t.teardown(() => store.close());
  store.faults = () => ({ kind: 'status', status: 503 });
  const sidecar = sidecarOf(t);
  const log = join(sidecar.logs, 'app.log');
  const read = (): Promise<true> =>
    until(async () => (await sidecar.status()).files.some((f) => f.readOffset > 0), 'the lines are read');
  const es = { type: 'elasticsearch', url: store.url, batch: { maxAge: '50ms' } };
  const inputs = [{ name: 'app', paths: [log] }];
  return { store, sidecar, log, read, es, inputs };
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

t.test('bug: SIGTERM in the midst of a reload crashed the sidecar', async (t) => {
  const store = await startStore();
  t.teardown(() => store.close());
  const sidecar = sidecarOf(t, { SIDETAIL_LOG_LEVEL: 'debug' });
  store.faults = ({ n }) => (n < 2 ? { kind: 'hang', ms: 3000 } : undefined);
  const outputs = { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '50ms' } } };
  sidecar.configure({ outputs });
  writeFileSync(join(sidecar.logs, 'app.log'), lines('a', 100));
  await sidecar.start();
  await until(() => store.requests > 0, 'a request hangs');
  for (let i = 0; i < 5; i++) {
    sidecar.configure({ outputs, cluster: `another ${i}` });
    sidecar.child!.kill('SIGHUP');
  }
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
  const state = join(sidecar.folder, 'state/checkpoint.json');
  await until(() => existsSync(state) && readFileSync(state, 'utf8').includes('app.log'), 'it is saved');
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
    await until(async () => (await sidecar.status()).outputs[1]!.lastError !== null, 'the other one fails');
    sidecar.configure({ outputs: { ...outputs, es: { ...outputs.es, compression: 'none' } } });
    await applied(sidecar, 1);
    store.faults = undefined;
    await until(() => store.count() === 200, 'the other one gets them, too');
    t.ok(sidecar.stdout === written, 'printed once');
  },
);

t.test('bug: a reload that gave an output another name lost what it had not taken', async (t) => {
  const { store, sidecar, log, read, es, inputs } = await down(t);
  store.faults = undefined;
  sidecar.configure({ inputs, outputs: { es: { ...es, url: 'http://127.0.0.1:9' } } });
  writeFileSync(log, lines('a', 300));
  await sidecar.start();
  await read();
  sidecar.configure({ inputs, outputs: { elastic: es } });
  await until(() => store.count() === 300, 'they are there');
  t.match(await sidecar.metrics(), /sidetail_records_read_total/);
  t.notMatch(await sidecar.metrics(), /output_removed/);
});

t.test('an output that is removed gives up what it has not taken, and counts it', async (t) => {
  const { sidecar, log, read, es, inputs } = await down(t);
  const out = { type: 'stdout' };
  sidecar.configure({ inputs, outputs: { es, out } });
  writeFileSync(log, lines('a', 300));
  await sidecar.start();
  await read();
  sidecar.configure({ inputs, outputs: { out } });
  await applied(sidecar, 1);
  t.match(await sidecar.metrics(), /sidetail_records_dropped_total\{reason="output_removed"\} 300/);
  await until(async () => (await sidecar.status()).files[0]!.lagBytes === 0, 'nothing is left');
  t.ok((await sidecar.status()).outputs.every(({ accounts }) => accounts.balanced));
});

t.test('bug: a reload lost the lines of a log that was truncated before they were delivered', async (t) => {
  const { store, sidecar, log, read, es, inputs } = await down(t);
  sidecar.configure({ inputs, outputs: { es } });
  writeFileSync(log, lines('a', 300));
  await sidecar.start();
  await read();
  truncateSync(log);
  await sidecar.logged('the file was truncated');
  sidecar.configure({ inputs, outputs: { es }, pod: { labels: { of: 'another deployment' } } });
  await applied(sidecar, 1);
  sidecar.configure({ inputs, outputs: { es: { ...es, compression: 'none' } } });
  await applied(sidecar, 2);
  store.faults = undefined;
  await until(() => store.count() === 300, 'they are there all the same');
});

t.test('bug: a reload that removed an input lost the deleted log of another one without a name', async (t) => {
  const { store, sidecar, log, read, es } = await down(t);
  const [other, app] = [{ paths: [join(sidecar.logs, 'other.log')] }, { paths: [log] }];
  sidecar.configure({ inputs: [other, app], outputs: { es } });
  writeFileSync(log, lines('a', 300));
  await sidecar.start();
  await read();
  unlinkSync(log);
  sidecar.configure({ inputs: [app], outputs: { es: { ...es, compression: 'none' } } });
  await applied(sidecar, 1);
  store.faults = undefined;
  await until(() => store.count() === 300, 'they are there all the same');
});

t.test('bug: a reload to another index sent what a slow server had taken a second time, to that one', async (t) => {
  const { store, sidecar, log, es, inputs } = await down(t);
  store.faults = ({ n }) => (n === 1 ? { kind: 'slow', ms: 1500 } : undefined);
  sidecar.configure({ inputs, outputs: { es: { ...es, index: 'one' } } });
  writeFileSync(log, lines('a', 300));
  await sidecar.start();
  await until(() => store.requests > 0, 'the request is under way');
  sidecar.configure({ inputs, outputs: { es: { ...es, index: 'two' } } });
  await applied(sidecar, 1);
  appendFileSync(log, lines('b', 10));
  await until(() => store.count('two') >= 10 && store.count() >= 310, 'all are there');
  t.same([store.count('one'), store.count('two')], [300, 10]);
});

t.test('an output that is mended gets what it refused under its new name', async (t) => {
  const { store, sidecar, log, read, es, inputs } = await down(t);
  sidecar.configure({ inputs, outputs: { es: { ...es, index: 'wrong' } } });
  writeFileSync(log, lines('a', 300));
  await sidecar.start();
  await read();
  await until(async () => (await sidecar.status()).outputs[0]!.lastError !== null, 'it fails');
  sidecar.configure({ inputs, outputs: { es: { ...es, index: 'right' } } });
  await applied(sidecar, 1);
  store.faults = undefined;
  await until(() => store.count('right') === 300, 'they are there');
  t.equal(store.count('wrong'), 0);
});
