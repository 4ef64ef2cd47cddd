import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import {
  Checkpoints,
  decodeCheckpoint,
  type Entry,
  encodeCheckpoint,
  entryKey,
} from '../../../sidecar/source/checkpoints.ts';
import { type Logged, metric, recordedTelemetry } from '../fixtures.ts';

const entry = (inode: number, offset: number, over: Partial<Entry> = {}): Entry => ({
  path: '/a.log',
  realPath: '/a.log',
  input: 'app',
  dev: 1,
  inode,
  generation: 0,
  id: 'AAAAAAAAAAAAAAAA',
  offset,
  ...over,
});

function setUp(dir: string): {
  checkpoints: Checkpoints;
  logged: Logged[];
  put: (...entries: Entry[]) => void;
  telemetry: ReturnType<typeof recordedTelemetry>['telemetry'];
} {
  const { telemetry, logged } = recordedTelemetry();
  const checkpoints = new Checkpoints(dir, telemetry);
  const put = (...entries: Entry[]): void => {
    for (const one of entries) checkpoints.entries.set(entryKey(one.dev, one.inode), one);
  };
  return { checkpoints, logged, put, telemetry };
}

async function loaded(dir: string) {
  const { checkpoints, logged } = setUp(dir);
  await checkpoints.load();
  const { ended, resumed } = checkpoints;
  return { entries: [...checkpoints.entries.values()], ended, resumed, logged };
}

t.test('what is saved is loaded again', async (t) => {
  const dir = join(t.testdir(), 'made/on/the/way');
  const { checkpoints, put } = setUp(dir);
  put(entry(1, 10), entry(2, 20, { rest: true }));
  checkpoints.ended = [entry(1, 5, { ended: true })];
  checkpoints.begun = true;
  t.equal(await checkpoints.save(), true);
  const again = await loaded(dir);
  t.same(again.ended, [entry(1, 5, { ended: true })], 'what ended is apart: its inode has another content');
  t.same(again.entries, [entry(1, 10), entry(2, 20, { rest: true })]);
  t.equal(again.resumed, true);
  t.same(again.logged, []);
});

t.test('the first start has nothing, and that is nothing to speak of', async (t) => {
  const dir = t.testdir();
  t.same(await loaded(dir), { entries: [], ended: [], resumed: false, logged: [] });
  t.match(decodeCheckpoint(readFileSync(join(dir, 'checkpoint.json'), 'utf8')), { begun: false });
  t.equal((await loaded(dir)).resumed, false, 'a run that was killed before it looked for files does not count');
});

t.test('the generation before is kept; nothing is written when nothing changed', async (t) => {
  const dir = t.testdir();
  const { checkpoints, put, telemetry } = setUp(dir);
  put(entry(1, 10));
  await checkpoints.save();
  await checkpoints.save();
  t.notOk(existsSync(join(dir, 'checkpoint.prev.json')));
  put(entry(1, 20));
  await checkpoints.save();
  t.same(readdirSync(dir).sort(), ['checkpoint.json', 'checkpoint.prev.json']);
  t.match(decodeCheckpoint(readFileSync(join(dir, 'checkpoint.prev.json'), 'utf8')), {
    entries: [entry(1, 10)],
    since: checkpoints.since,
    begun: false,
  });
  t.equal(await metric(telemetry, 'checkpoint_saves_total', { result: 'saved' }), 2);
});

t.test('it is on the disk before it takes its place, and so is the place', async (t) => {
  const dir = t.testdir({ probe: '' });
  const probe = await open(join(dir, 'probe'));
  const proto = Object.getPrototypeOf(probe) as { sync(): Promise<void> };
  await probe.close();
  const { sync } = proto;
  const synced: string[] = [];
  proto.sync = function (this: FileHandle) {
    synced.push(`${readlinkSync(`/proc/self/fd/${this.fd}`)}: ${readdirSync(dir).sort().join(' ')}`);
    return sync.call(this);
  };
  t.teardown(() => {
    proto.sync = sync;
  });
  const { checkpoints, put } = setUp(dir);
  put(entry(1, 10));
  await checkpoints.save();
  t.same(synced, [`${dir}/checkpoint.tmp: checkpoint.tmp probe`, `${dir}: checkpoint.json probe`]);
});

t.test('a broken one is kept aside, and the generation before is used', async (t) => {
  const text = encodeCheckpoint(JSON.stringify([entry(1, 20)]), { since: 0, savedAt: 0, begun: true });
  for (const [what, broken, problem] of [
    ['cut', text.slice(0, -20), 'its checksum is wrong'],
    ['empty', '', /JSON/],
    ['another byte', text.replace('"offset":20', '"offset":90'), 'its checksum is wrong'],
    ['not ours', '{"a":1}\n[]\n', 'it is not a checkpoint of sidetail'],
    ['of a later version', text.replace('"version":1', '"version":2'), 'its version is 2, not 1'],
    ['binary', '\0\0\0\0', /JSON/],
  ] as const)
    await t.test(what, async (t) => {
      const dir = t.testdir({
        'checkpoint.json': broken,
        'checkpoint.prev.json': encodeCheckpoint(JSON.stringify([entry(1, 10)]), { since: 0, savedAt: 0, begun: true }),
      });
      const { entries, resumed, logged } = await loaded(dir);
      t.same(entries, [entry(1, 10)]);
      t.equal(resumed, true);
      t.match(logged, [{ msg: 'the checkpoint is broken: it is kept aside', problem }]);
      const [aside] = readdirSync(dir).filter((name) => name.startsWith('checkpoint.json.broken-'));
      t.equal(readFileSync(join(dir, aside!), 'utf8'), broken);
      t.equal(logged[0]!.keptAs, join(dir, aside!));
    });
});

t.test('a crash between the two renames leaves the generation before', async (t) => {
  const dir = t.testdir({
    'checkpoint.prev.json': encodeCheckpoint(JSON.stringify([entry(1, 10)]), { since: 0, savedAt: 0, begun: true }),
    'checkpoint.tmp': 'half',
  });
  t.match(await loaded(dir), { entries: [entry(1, 10)], resumed: true, logged: [] });
});

t.test('both broken: it begins anew, and says so', async (t) => {
  const dir = t.testdir({ 'checkpoint.json': 'x', 'checkpoint.prev.json': 'y' });
  const { entries, resumed, logged } = await loaded(dir);
  t.same(entries, []);
  t.equal(
    resumed,
    true,
    'bug: it was taken for the very first start, and readFrom: end skipped what was written meanwhile',
  );
  t.equal(logged.length, 2);
});

t.test('a disk that cannot be written is survived: told once, and once when it is well again', async (t) => {
  const dir = t.testdir({ file: 'a regular file where a folder has to be' });
  const state = join(dir, 'file/state');
  const { checkpoints, logged, put, telemetry } = setUp(state);
  await checkpoints.load();
  put(entry(1, 10));
  t.equal(await checkpoints.save(), false);
  t.match(logged, [
    { msg: 'the checkpoint cannot be read' },
    { msg: 'the checkpoint cannot be read' },
    { msg: /^checkpoints cannot be saved: they are kept in memory only/, dir: state },
  ]);
  t.equal(await metric(telemetry, 'checkpoint_saves_total', { result: 'failed' }), 2);
  t.same([...checkpoints.entries.values()], [entry(1, 10)]);
});

t.test('it is told when the disk is well again', async (t) => {
  const dir = t.testdir({ state: { 'checkpoint.json': {} } });
  const state = join(dir, 'state');
  writeFileSync(join(state, 'checkpoint.prev.json'), '');
  const { checkpoints, logged, put } = setUp(state);
  put(entry(1, 10));
  t.equal(await checkpoints.save(), false, 'a folder stands in the way');
  const { rmdirSync } = await import('node:fs');
  rmdirSync(join(state, 'checkpoint.json'));
  t.equal(await checkpoints.save(), true);
  t.match(logged, [{}, { msg: 'checkpoints are saved again' }]);
  t.same((await loaded(state)).entries, [entry(1, 10)]);
});

t.test('of files that are no more the oldest are forgotten', async (t) => {
  const { checkpoints, put } = setUp(t.testdir());
  put(entry(1, 10));
  for (let inode = 2; inode <= 1003; inode++) put(entry(inode, 0, { gone: true }));
  await checkpoints.save();
  t.equal(checkpoints.entries.size, 1001);
  t.ok(checkpoints.entries.has('1:1') && !checkpoints.entries.has('1:3') && checkpoints.entries.has('1:4'));
});
