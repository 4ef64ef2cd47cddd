import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Store, startStore } from '../../cli/demo/store/store.ts';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

/** Records of several lines on their way through a real sidecar: whatever happens to it and to their file, each is one, and there once. */

async function bench(t: Test, multiline: unknown, output: Record<string, unknown> = {}) {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  const log = join(sidecar.logs, 'app.log');
  sidecar.configure({
    inputs: [{ name: 'app', paths: [log], multiline }],
    outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '50ms' }, ...output } },
  });
  return { store, sidecar, log };
}

const messages = (store: Store): string[] =>
  [...store.docs()].map(({ source }) => (source as { message: string }).message).sort();
const flags = (store: Store): unknown[] =>
  [...store.docs()].map(({ source }) => (source as { log: { flags?: string[] } }).log.flags ?? []);

const FIRST = '2026-11-21 10:00:00.000 ERROR failed\njava.lang.IllegalStateException: no\n\tat a.B.c(D.java:1)';
const MORE = '\tat a.B.d(D.java:2)\nCaused by: java.io.IOException: why\n\t... 2 more';
const NEXT = '2026-11-21 10:00:01.000 INFO and on';

t.test('a trace that comes in pieces is one record; the last one is handed on when the file is quiet', async (t) => {
  const { store, sidecar, log } = await bench(t, { preset: 'auto', idleFlush: '3s' });
  writeFileSync(log, `${FIRST}\n`);
  await sidecar.start();
  await sidecar.logged('reading');
  for (const line of MORE.split('\n')) {
    appendFileSync(log, `${line.slice(0, 5)}`);
    await until(async () => (await sidecar.status()).files[0]!.size > 0, 'it is looked at');
    appendFileSync(log, `${line.slice(5)}\n`);
  }
  appendFileSync(log, `${NEXT}\n`);
  await until(() => store.count() === 2, 'both are there');
  t.same(messages(store), [`${FIRST}\n${MORE}`, NEXT]);
  t.same(flags(store).flat().sort(), ['multiline', 'time_from_read', 'time_from_read']);
  t.match(await sidecar.metrics(), /sidetail_records_flagged_total\{flag="multiline"\} 1/);
});

t.test(
  'what goes on after it was handed on is another record, also when the sidecar is killed in between',
  async (t) => {
    const { store, sidecar, log } = await bench(t, { preset: 'java', idleFlush: '200ms' });
    for (let kill = 0; kill < 4; kill++) {
      const name = `${log}.${kill}`;
      writeFileSync(log, `${FIRST}\n`);
      await sidecar.start();
      await until(() => store.count() === 1, 'the first part is there');
      await sidecar.kill(); // before what is settled is on disk, or after it
      appendFileSync(log, `${MORE}\n`);
      await sidecar.start();
      await until(() => store.count() >= 2, 'the rest is there');
      t.same(messages(store), [MORE, FIRST].sort(), `kill ${kill}: nothing twice, nothing lost`);
      t.equal(await sidecar.terminate(), 0);
      renameSync(log, name);
      await fetch(`${store.url}/*`, { method: 'DELETE' });
    }
  },
);

t.test('a record that goes on behind a rotation stays in its file; a drain hands on what is open', async (t) => {
  const { store, sidecar, log } = await bench(t, { preset: 'auto', idleFlush: '1h' });
  writeFileSync(log, `${NEXT}\n${FIRST}\n`);
  await sidecar.start();
  await until(() => store.count() === 1, 'the first one is there');
  renameSync(log, `${log}.1`);
  writeFileSync(log, `${NEXT}\n`);
  appendFileSync(`${log}.1`, `${MORE}\n`);
  await until(() => store.count() === 2, 'nobody waits an hour for a file that is put aside');
  t.equal(await sidecar.terminate(), 0);
  t.same(messages(store), [`${FIRST}\n${MORE}`, NEXT, NEXT].sort());
});

t.test('longer than the caps: in pieces, flagged, every line of it', async (t) => {
  const { store, sidecar, log } = await bench(t, { start: '^S', maxLines: 100, maxBytes: '64KiB', idleFlush: '200ms' });
  const lines = ['S', ...Array.from({ length: 5000 }, (_, i) => ` ${i} ${'x'.repeat(i % 300)}`)];
  writeFileSync(log, `${lines.join('\n')}\nS end\n`);
  await sidecar.start();
  await until(() => messages(store).includes('S end'), 'the last one is there');
  const pieces = [...store.docs()]
    .map(({ source }) => source as { message: string; log: { offset: number; flags: string[] } })
    .sort((a, b) => a.log.offset - b.log.offset);
  t.equal(pieces.map(({ message }) => message).join('\n'), `${lines.join('\n')}\nS end`);
  t.ok(pieces.length > 50);
  t.ok(
    pieces.slice(0, -1).every(({ log }) => log.flags.includes('partial')),
    'each says that it is a piece',
  );
});

t.test('while the backend is down nothing is held but what is read; and then it is all there', async (t) => {
  const { store, sidecar, log } = await bench(t, 'auto');
  store.faults = () => ({ kind: 'status', status: 503 });
  const all = Array.from({ length: 3000 }, (_, i) => `${FIRST} ${i}\n${MORE}`);
  writeFileSync(log, `${all.join('\n')}\n`);
  await sidecar.start();
  await until(async () => (await sidecar.status()).outputs[0]!.lastError !== null, 'it fails');
  await sidecar.kill();
  store.faults = undefined;
  await sidecar.start();
  await until(() => store.count() >= all.length, 'all are there');
  t.same(messages(store), [...all].sort());
  t.ok(readFileSync(log).length > 0);
});
