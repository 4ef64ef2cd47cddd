import { appendFileSync, copyFileSync, existsSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startStore } from '../../cli/demo/store/store.ts';
import { tally } from '../../cli/demo/tally.ts';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';

/** Rotations of every kind, faster than anybody looks, and while the sidecar is down: the paths name `app.log` alone, or all of `*.log*`. */

const ONE = 'app.log';
const ALL = '*.log*';

async function bench(t: Test, glob: string) {
  const store = await startStore();
  const sidecar = new SidecarProcess(folderOf(t));
  t.teardown(() => Promise.all([sidecar.kill(), store.close()]));
  sidecar.configure({
    inputs: [{ name: 'app', paths: [join(sidecar.logs, glob)] }],
    outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxAge: '100ms' } } },
  });
  const log = join(sidecar.logs, 'app.log');
  const written: string[] = [];
  const write = (n: number): void => {
    const lines = Array.from({ length: n }, (_, i) => `line ${written.length + i} with some more text in it`);
    written.push(...lines);
    appendFileSync(log, lines.map((line) => `${line}\n`).join(''));
  };
  /** `.1` to `.2`, and so on, and the log to `.1`. */
  const shift = (): void => {
    let n = 1;
    while (existsSync(`${log}.${n}`)) n += 1;
    for (; n > 1; n--) renameSync(`${log}.${n - 1}`, `${log}.${n}`);
  };
  const rename = (): void => {
    shift();
    renameSync(log, `${log}.1`);
    writeFileSync(log, '');
  };
  const copytruncate = (): void => {
    shift();
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
  };
  const check = async (what: string): Promise<void> => {
    const arrived = (): string[] => [...store.docs()].map((doc) => (doc.source as { message: string }).message);
    await until(() => new Set(arrived()).size >= written.length, `${what}: all lines are there`);
    const { lost, repeated } = tally(written, arrived());
    t.same({ lost, repeated }, { lost: 0, repeated: 0 }, what);
  };
  return { sidecar, store, write, rename, copytruncate, check };
}

for (const glob of [ONE, ALL]) {
  t.test(`${glob}: bug: files that were made and renamed between two looks were never seen`, async (t) => {
    const { sidecar, write, rename, check } = await bench(t, glob);
    write(100);
    await sidecar.start();
    await check('before');
    for (let i = 0; i < 5; i++) {
      write(100);
      rename();
    }
    write(10);
    await check('five renames at once');
    await sleep(1500);
    write(10);
    for (let i = 0; i < 3; i++) {
      rename();
      write(50);
    }
    await check('and three');
    t.equal(await sidecar.terminate(), 0);
  });

  t.test(`${glob}: bug: files that were made and renamed while the sidecar was down were never seen`, async (t) => {
    const { sidecar, write, rename, check } = await bench(t, glob);
    write(100);
    await sidecar.start();
    await check('before');
    await sidecar.kill();
    for (let i = 0; i < 3; i++) {
      write(100);
      rename();
    }
    write(10);
    await sidecar.start();
    await check('three renames while it was down');
    t.equal(await sidecar.terminate(), 0);
  });

  t.test(`${glob}: bug: what copytruncate put aside was lost, or delivered again from its beginning`, async (t) => {
    const { sidecar, write, copytruncate, check } = await bench(t, glob);
    write(1000);
    await sidecar.start();
    await check('before');
    for (let i = 0; i < 4; i++) {
      write(500);
      copytruncate();
      await sleep(50);
      write(100);
      await check(`copytruncate ${i}`);
    }
    t.match(await sidecar.metrics(), /sidetail_input_files_truncated_total\{input="app"\} 4/);
    for (let i = 0; i < 3; i++) {
      write(300);
      copytruncate();
    }
    write(20);
    await check('three at once');
    await sidecar.kill();
    for (let i = 0; i < 3; i++) {
      write(100);
      copytruncate();
    }
    write(20);
    await sidecar.start();
    await check('three at once while it was down');
    t.equal(await sidecar.terminate(), 0);
  });

  t.test(`${glob}: bug: copytruncate while the sidecar was down lost what was not delivered`, async (t) => {
    const { sidecar, store, write, copytruncate, check } = await bench(t, glob);
    write(100);
    await sidecar.start();
    await check('before');
    store.faults = () => ({ kind: 'status', status: 503 });
    write(500);
    await until(async () => (await sidecar.status()).files[0]!.lagBytes > 0, 'it has read more');
    await sleep(1200);
    await sidecar.kill();
    copytruncate();
    write(100);
    store.faults = undefined;
    await sidecar.start();
    await check('the copy has the rest');
    t.equal(await sidecar.terminate(), 0);
  });
}

t.test('another log beside it is not read', async (t) => {
  const { sidecar, write, rename, check } = await bench(t, ONE);
  write(10);
  await sidecar.start();
  await check('before');
  writeFileSync(join(sidecar.logs, 'app-access.log'), 'nobody asked for this\n');
  rename();
  write(10);
  await check('after');
  await sleep(1500);
  await check('nothing else');
});

t.test('bug: a backup beside a log was opened again and again, and closed twice', async (t) => {
  const { sidecar, write, check } = await bench(t, ONE);
  const log = join(sidecar.logs, ONE);
  const copies = (name: string) =>
    sidecar.log.filter(({ msg, path }) => msg.startsWith('a copy of') && path === `${log}.${name}`);
  write(100);
  await sidecar.start();
  await check('the log');
  for (const name of ['1', '2']) {
    copyFileSync(log, `${log}.${name}`);
    await until(() => copies(name).length > 0, 'it is known for a copy');
  }
  write(10);
  await check('and on');
  t.equal(copies('1').length, 1, 'it was not looked at again when the second one came');
  t.same(
    sidecar.log.filter(({ code }) => code === 'EBADF'),
    [],
  );
});

t.test(
  'bug: what a second copytruncate within five seconds put aside was seen ten seconds later, or never',
  async (t) => {
    const { sidecar, write, copytruncate, check } = await bench(t, ONE);
    write(100);
    await sidecar.start();
    await check('before');
    write(100);
    copytruncate();
    await check('the first');
    write(100);
    copytruncate();
    t.equal(await sidecar.terminate(), 0);
    await check('what was there in the end');
  },
);
