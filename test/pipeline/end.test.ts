import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test as TapTest } from 'tap';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

/** The end: what is asked of a sidecar when its pod goes. */

const STDOUT = { out: { type: 'stdout' } };

function sidecarIn(t: TapTest, env: Record<string, string> = {}): SidecarProcess {
  const sidecar = new SidecarProcess(folderOf(t), env);
  t.teardown(() => sidecar.kill());
  return sidecar;
}

t.test('a second SIGTERM ends it at once, with what is settled saved', async (t) => {
  const sidecar = sidecarIn(t);
  sidecar.configure({ outputs: { es: { type: 'elasticsearch', url: 'http://127.0.0.1:1' } }, drainTimeout: '1h' });
  writeFileSync(join(sidecar.logs, 'app.log'), 'hello\n');
  await sidecar.start();
  await sidecar.logged('delivery failed');
  t.match(
    await (await fetch(`${sidecar.admin}/readyz`)).text(),
    /^output es: failing \(connection\): http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
  );
  sidecar.child!.kill('SIGTERM');
  await sidecar.logged('draining');
  t.equal(await sidecar.terminate(), 0);
  t.match(readFileSync(join(sidecar.folder, 'state/checkpoint.json'), 'utf8'), /"offset":0/);
});

t.test('a drain that takes too long says what is unsent', async (t) => {
  const sidecar = sidecarIn(t);
  sidecar.configure({ outputs: { es: { type: 'elasticsearch', url: 'http://127.0.0.1:1' } }, drainTimeout: '100ms' });
  writeFileSync(join(sidecar.logs, 'app.log'), 'hello\n');
  await sidecar.start();
  await sidecar.logged('delivery failed');
  t.equal(await sidecar.terminate(), 0);
  t.match(
    sidecar.log.find(({ msg }) => msg.startsWith('the drain took too long')),
    { unsentBytes: 6 },
  );
});

t.test('bug: the clock was set back, and files that were open were not read for that long', async (t) => {
  const clock = join(folderOf(t), 'clock.mjs');
  const offset = join(t.testdirName, 'offset');
  writeFileSync(offset, '0');
  writeFileSync(
    clock,
    `import { readFileSync } from 'node:fs';
const now = Date.now.bind(Date);
Date.now = () => now() + Number(readFileSync(${JSON.stringify(offset)}, 'utf8'));`,
  );
  const sidecar = new SidecarProcess(t.testdirName, { NODE_OPTIONS: `--import=${clock}` });
  t.teardown(() => sidecar.kill());
  sidecar.configure({ outputs: STDOUT });
  const log = join(sidecar.logs, 'app.log');
  writeFileSync(log, 'one\n');
  await sidecar.start();
  await until(() => sidecar.stdout === 'one\n', 'the first line is there');
  writeFileSync(offset, '-600000');
  appendFileSync(log, 'two\n');
  await until(() => sidecar.stdout === 'one\ntwo\n', 'the next one, too');
  writeFileSync(offset, '600000');
  appendFileSync(log, 'three\n');
  t.equal(await sidecar.terminate(), 0);
  t.equal(sidecar.stdout, 'one\ntwo\nthree\n');
});

t.test('bug: what a log that had been quiet got after SIGTERM was overlooked', async (t) => {
  const sidecar = sidecarIn(t);
  sidecar.configure({ outputs: STDOUT });
  const log = join(sidecar.logs, 'app.log');
  writeFileSync(log, 'one\n');
  await sidecar.start();
  await until(() => sidecar.stdout === 'one\n', 'the first line is there');
  await sleep(45_000); // it is looked at every two seconds by then
  const ended = sidecar.terminate();
  await sleep(1200);
  appendFileSync(log, 'two\n');
  t.equal(await ended, 0);
  t.equal(sidecar.stdout, 'one\ntwo\n');
});
