import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test as TapTest } from 'tap';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

const STDOUT = { out: { type: 'stdout' } };

function sidecarIn(t: TapTest, env: Record<string, string> = {}): SidecarProcess {
  const sidecar = new SidecarProcess(folderOf(t), env);
  t.teardown(() => sidecar.kill());
  return sidecar;
}

/** Runs to the end; the exit code. */
async function run(sidecar: SidecarProcess, ...args: string[]): Promise<number | null> {
  const child = sidecar.spawn(...args);
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

t.test('bad configuration: every problem with its path, exit 78', async (t) => {
  const sidecar = sidecarIn(t);
  sidecar.configure({
    memoryBudgt: '8MiB',
    drainTimeout: 15,
    inputs: [{ paths: ['app.log'], formt: 'json', outputs: ['so'] }],
    outputs: { out: { type: 'stdout', schema: 'fluentd' } },
  });
  t.equal(await run(sidecar), 78);
  const messages = sidecar.log.map(({ msg }) => msg);
  t.same(messages, [
    'memoryBudgt: unknown key "memoryBudgt". Did you mean "memoryBudget"?',
    'drainTimeout: expected a duration such as 500ms, 15s, 2m or 1h, got 15. Give a duration such as 500ms, 15s, 2m or 1h.',
    'inputs[0].formt: unknown key "formt". Did you mean "format"?',
    'inputs[0].paths[0]: "app.log" is not an absolute path. Start it with a slash: "/app.log".',
    'outputs.out.schema: expected one of raw, ecs, fluent, otel, got "fluentd". Did you mean "fluent"?',
  ]);
  t.equal(await run(sidecar, '--check'), 78, '--check says the same');
  t.same(
    sidecar.log.map(({ msg }) => msg),
    messages,
  );
  sidecar.configure({ outputs: STDOUT });
  t.equal(await run(sidecar, '--check'), 0);
});

t.test('a configuration file that is missing, a directory, or not set', async (t) => {
  const sidecar = sidecarIn(t);
  const { configFile } = sidecar;
  t.equal(await run(sidecar), 78);
  t.equal(sidecar.log[0]!.msg, `SIDETAIL_CONFIG: there is no file "${configFile}". Check the path, or make the file.`);
  mkdirSync(configFile);
  t.equal(await run(sidecar), 78);
  t.equal(sidecar.log[0]!.msg, `SIDETAIL_CONFIG: "${configFile}" is a directory. Give the path of the file in it.`);
  const unset = sidecarIn(t, { SIDETAIL_CONFIG: '' });
  t.equal(await run(unset), 78);
  t.equal(
    unset.log[0]!.msg,
    'SIDETAIL_CONFIG: the variable is not set. Set it to the path of the configuration file (JSON or YAML).',
  );
});

t.test('SIDETAIL_ON_BAD_CONFIG=wait: up, not ready, and it starts when the file becomes valid', async (t) => {
  const sidecar = sidecarIn(t, { SIDETAIL_ON_BAD_CONFIG: 'wait' });
  writeFileSync(sidecar.configFile, 'inputs: [');
  sidecar.spawn();
  await sidecar.logged('waiting for a valid configuration');
  writeFileSync(join(sidecar.logs, 'app.log'), 'hello\n');
  sidecar.configure({ outputs: STDOUT });
  await until(() => sidecar.stdout === 'hello\n', 'the line is on standard output');
  t.equal(await sidecar.terminate(), 0);
});

t.test('a changed configuration takes effect without a lost or repeated line, an invalid one is refused', async (t) => {
  const sidecar = sidecarIn(t);
  const log = join(sidecar.logs, 'app.log');
  sidecar.configure({ outputs: STDOUT });
  writeFileSync(log, 'one\n');
  await sidecar.start();
  await until(() => sidecar.stdout === 'one\n', 'the first line is there');

  writeFileSync(sidecar.configFile, '{"inputs": []}');
  await sidecar.logged('the new configuration is refused');
  appendFileSync(log, 'two\n');
  await until(() => sidecar.stdout === 'one\ntwo\n', 'the old one stays in effect');
  t.equal((await fetch(`${sidecar.admin}/readyz`)).status, 503, 'and /readyz says so');

  sidecar.configure({
    outputs: { out: { type: 'stdout', schema: 'ecs' } },
    inputs: [{ name: 'app', paths: [join(sidecar.logs, '*.log'), join(sidecar.logs, '*.txt')], fields: { team: 'a' } }],
  });
  await sidecar.logged('the configuration changed and is in effect');
  appendFileSync(log, 'three\n');
  writeFileSync(join(sidecar.logs, 'new.txt'), 'four\n');
  const documents = await until(() => {
    const lines = sidecar.stdout.split('\n').slice(2, -1);
    return lines.length >= 2 && lines.map((line) => JSON.parse(line));
  }, 'the new shape and the new path are in effect');
  t.same(documents.map(({ message, app }) => [message, app.team]).sort(), [
    ['four', 'a'],
    ['three', 'a'],
  ]);
  t.equal((await fetch(`${sidecar.admin}/readyz`)).status, 200);
  t.equal(await sidecar.terminate(), 0);
});

t.test('the admin server: pages, and /quit drains', async (t) => {
  const sidecar = sidecarIn(t);
  sidecar.configure({ outputs: STDOUT });
  writeFileSync(join(sidecar.logs, 'app.log'), 'hello\n');
  await sidecar.start();
  await until(async () => (await sidecar.status()).files[0]?.lagBytes === 0, 'the line is delivered');
  const { files, outputs } = await sidecar.status();
  t.match(files, [
    {
      path: join(sidecar.logs, 'app.log'),
      dev: Number,
      inode: Number,
      size: 6,
      readOffset: 6,
      ackedOffset: 6,
      lagBytes: 0,
      state: 'idle',
    },
  ]);
  t.match(outputs, [{ name: 'out', lastError: null, lastSuccess: String, queue: { bytes: 0 } }]);
  t.match(await sidecar.metrics(), /sidetail_records_delivered_total\{output="out"\} 1\n/);
  t.equal((await fetch(`${sidecar.admin}/livez`)).status, 200);
  t.equal((await fetch(`${sidecar.admin}/nothing`)).status, 404);
  t.equal((await fetch(`${sidecar.admin}/quit`)).status, 405);
  const ended = once(sidecar.child!, 'exit');
  t.equal((await fetch(`${sidecar.admin}/quit`, { method: 'POST' })).status, 202);
  t.same(await ended, [0, null]);
});

t.test('what is not read, and why: a directory, a file that is not there yet, a pipe', async (t) => {
  const sidecar = sidecarIn(t);
  const there = (name: string): string => join(sidecar.logs, name);
  const { execFileSync } = await import('node:child_process');
  execFileSync('mkfifo', [there('pipe.log')]);
  sidecar.configure({
    outputs: STDOUT,
    inputs: [{ name: 'app', paths: [sidecar.logs, there('later.log'), there('pipe.log')] }],
  });
  await sidecar.start();
  t.match(await sidecar.logged('it is a directory'), {
    path: sidecar.logs,
    code: 'EISDIR',
    msg: `not read: it is a directory: give "${sidecar.logs}/*.log" for the files in it`,
  });
  t.match(await sidecar.logged('there is no such file yet'), {
    path: there('later.log'),
    msg: 'not read: there is no such file yet: it is read as soon as it appears',
  });
  t.match(await sidecar.logged('it is a pipe'), { path: there('pipe.log') });
  writeFileSync(there('later.log'), 'here\n');
  await until(() => sidecar.stdout === 'here\n', 'it is read when it is there');
});

t.test('a file that may not be read: said once, and read when it may be', async (t) => {
  const folder = folderOf(t);
  chmodSync(folder, 0o777);
  const sidecar = new SidecarProcess(folder);
  t.teardown(() => sidecar.kill());
  const log = join(sidecar.logs, 'secret.log');
  writeFileSync(log, 'secret\n', { mode: 0o000 });
  sidecar.configure({ outputs: STDOUT });
  chmodSync(sidecar.logs, 0o755);
  sidecar.spawnAs(65534);
  await sidecar.logged('admin listening');
  t.match(await sidecar.logged('permission denied'), { path: log, code: 'EACCES', fix: /same user/ });
  chmodSync(log, 0o644);
  await until(() => sidecar.stdout === 'secret\n', 'it is read when it may be');
});

t.test('the memory budget holds while the backend is down, and everything arrives afterwards', async (t) => {
  const sidecar = sidecarIn(t);
  const { startStore } = await import('../../cli/demo/store/store.ts');
  const store = await startStore();
  t.teardown(() => store.close());
  let down = true;
  store.faults = () => (down ? { kind: 'status', status: 503 } : undefined);
  const lines = 60_000;
  writeFileSync(
    join(sidecar.logs, 'app.log'),
    Array.from({ length: lines }, (_, i) => `line ${i} ${'x'.repeat(100)}\n`).join(''),
  );
  const budget = 4 * 2 ** 20;
  sidecar.configure({
    memoryBudget: budget,
    inputs: [{ paths: [join(sidecar.logs, '*.log')], maxLineBytes: '64KiB' }],
    outputs: { es: { type: 'elasticsearch', url: store.url } },
  });
  await sidecar.start();
  let last = -1;
  const used = await until(async () => {
    const { memory } = await sidecar.status();
    const still = memory.usedBytes > 0 && memory.usedBytes === last;
    last = memory.usedBytes;
    return still && memory.usedBytes;
  }, 'the budget is used up and reading stands');
  t.ok(used > budget / 2, `it was used (${used})`);
  t.ok(used <= budget, `and not exceeded (${used} of ${budget})`);
  down = false;
  await until(() => store.count() >= lines, 'everything arrived');
  t.equal(store.count(), lines);
  await until(async () => (await sidecar.status()).memory.usedBytes === 0, 'all of it is released');
});
