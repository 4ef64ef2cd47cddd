import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startStore } from '../../cli/demo/store/store.ts';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

/** What the first users need: everything to one place, errors also to another, health checks and noise to none; and the level, live. */

async function bench(t: Test, config: Record<string, unknown>) {
  const [all, errors] = [await startStore(), await startStore()];
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), all.close(), errors.close()]));
  const log = join(sidecar.logs, 'app.log');
  const es = (url: string) => ({ type: 'elasticsearch', url, batch: { maxAge: '50ms' } });
  const configure = (over: Record<string, unknown> = {}): void =>
    sidecar.configure({
      inputs: [{ name: 'app', paths: [log] }],
      outputs: { all: es(all.url), errors: { ...es(errors.url), when: { level: '>=error' } } },
      ...config,
      ...over,
    });
  configure();
  return { all, errors, sidecar, log, configure };
}

const LINES = [
  '2026-11-21 10:00:00.000 [main] INFO  k.s.Health - Health GET API called.',
  '[* noise',
  '{"level":"info","path":"/healthz"}',
  '{"level":"info","path":"/orders","password":"s3cret"}',
  '2026-11-21 10:00:00.100 [main] ERROR k.s.Orders - cannot price',
  'no level at all',
];
const FILTERS = [
  { drop: { logger: '/\\.Health$/' } },
  { drop: { message: '/^\\[\\*/' } },
  { drop: { path: ['/healthz', '/livez'] } },
  { redact: { fields: ['password'] } },
];

t.test('filters and routes: each record where it belongs, counted by rule, and settled', async (t) => {
  const { all, errors, sidecar, log } = await bench(t, { filters: FILTERS });
  writeFileSync(log, `${LINES.join('\n')}\n`);
  await sidecar.start();
  await until(() => all.count() >= 3 && errors.count() >= 1, 'they are there');
  await until(async () => (await sidecar.status()).files[0]!.lagBytes === 0, 'what was dropped is settled, too');
  const messages = (store: typeof all): string[] =>
    [...store.docs()].map(({ source }) => (source as { message: string }).message).sort();
  t.same(
    messages(all),
    [LINES[4], 'no level at all', '{"level":"info","path":"/orders","password":"[redacted]"}'].sort(),
  );
  t.same(messages(errors), [LINES[4]]);
  const metrics = await sidecar.metrics();
  for (const i of [0, 1, 2])
    t.match(metrics, `sidetail_records_filtered_total{input="app",rule="filters[${i}]",kind="drop"} 1`);
  t.ok((await sidecar.status()).outputs.every(({ accounts }) => accounts.balanced));
  t.equal(await sidecar.terminate(), 0);
});

t.test('the level of a running pod by its annotation: without a restart, a lost or a repeated record', async (t) => {
  const { all, sidecar, log } = await bench(t, {});
  const podinfo = join(sidecar.folder, 'podinfo');
  mkdirSync(podinfo);
  const annotate = (level: string): void =>
    writeFileSync(join(podinfo, 'annotations'), level === '' ? '' : `sidetail.dev/min-level="${level}"\n`);
  annotate('');
  writeFileSync(log, 'DEBUG one\n');
  await sidecar.start();
  await until(() => all.count() === 1, 'no level is asked for');
  const changed = async (times: number): Promise<void> =>
    void (await until(
      () => sidecar.log.filter(({ msg }) => msg.includes('is in effect')).length === times,
      'in effect',
    ));
  annotate('info');
  await changed(1);
  appendFileSync(log, 'DEBUG two\nINFO three\n');
  await until(() => all.count() === 2, 'the one above it is there');
  annotate('debug');
  await changed(2);
  appendFileSync(log, 'DEBUG four\n');
  await until(() => all.count() === 3, 'and now this one');
  t.match(
    await sidecar.metrics(),
    /records_filtered_total\{input="app",rule="sidetail.dev\/min-level",kind="minLevel"\} 1/,
  );
  t.equal(await sidecar.terminate(), 0);
  t.equal(all.conflicts, 0);
});
