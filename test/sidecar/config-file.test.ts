import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formatProblem } from '../../contract/config/problem.ts';
import { loadConfig, watchFiles } from '../../sidecar/config-file.ts';

const VALID = '{"inputs":[{"paths":["/a.log"]}],"outputs":{"out":{"type":"stdout"}}}';
const problemsOf = async (path: string | undefined): Promise<string[]> => {
  const loaded = await loadConfig(path);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
};

t.test('a valid file', async (t) => {
  const loaded = await loadConfig(join(t.testdir({ 'c.json': VALID }), 'c.json'));
  t.match(loaded, { ok: true, text: VALID, config: { outputs: { out: { type: 'stdout' } } } });
});

t.test('an invalid one, with its text', async (t) => {
  const loaded = await loadConfig(join(t.testdir({ 'c.yaml': 'inputs: [' }), 'c.yaml'));
  t.match(loaded, { ok: false, text: 'inputs: [' });
});

t.test('what is wrong with the file itself', async (t) => {
  const dir = t.testdir({ file: '' });
  const unset =
    'SIDETAIL_CONFIG: the variable is not set. Set it to the path of the configuration file (JSON or YAML).';
  t.same(await problemsOf(undefined), [unset]);
  t.same(await problemsOf(''), [unset]);
  t.same(await problemsOf(`${dir}/none`), [
    `SIDETAIL_CONFIG: there is no file "${dir}/none". Check the path, or make the file.`,
  ]);
  t.same(await problemsOf(dir), [`SIDETAIL_CONFIG: "${dir}" is a directory. Give the path of the file in it.`]);
  t.match(await problemsOf(`${dir}/file/x`), [/^SIDETAIL_CONFIG: the file ".*" cannot be read: ENOTDIR/]);
});

/** Makes changes, numbered from 1, once the first look is over; resolves with how many were made when one is seen. */
const change = (paths: readonly string[], make: (n: number) => void): Promise<number> =>
  new Promise((resolve) => {
    let n = 0;
    let looked = false;
    // Also what keeps this process alive: the watch itself does not.
    const making = setInterval(() => looked && make(++n), 100);
    const stop = watchFiles(paths, () => {
      if (!looked) {
        looked = true;
        return;
      }
      stop();
      clearInterval(making);
      resolve(n);
    });
  });

t.test('a change between the reading of the file and the first look is not missed', async (t) => {
  const path = join(t.testdir({ 'c.json': VALID }), 'c.json');
  let told = 0;
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => undefined, 1000); // the watch itself does not keep this process alive
    const stop = watchFiles([path], () => {
      told += 1;
      stop();
      clearInterval(alive);
      resolve();
    });
  });
  t.equal(told, 1, 'the first look tells, whatever it sees');
});

t.test('changes are seen: written in place, a link swapped as Kubernetes does, a file that appears', async (t) => {
  const dir = t.testdir({ 'c.json': VALID });
  const path = join(dir, 'c.json');
  const inPlace = await change([path], (n) => writeFileSync(path, VALID + '\n'.repeat(n)));
  t.ok(inPlace > 0, 'written in place: told after a change, not before');
  const swapped = await change([path, join(dir, 'data/c')], (n) => {
    mkdirSync(join(dir, `data-${n}`));
    writeFileSync(join(dir, `data-${n}/c`), '1');
    symlinkSync(`data-${n}`, join(dir, 'data.tmp'));
    renameSync(join(dir, 'data.tmp'), join(dir, 'data'));
  });
  t.ok(swapped > 0, 'a link swapped');
  const appeared = await change([join(dir, 'later')], () => writeFileSync(join(dir, 'later'), ''));
  t.ok(appeared > 0, 'a file that appears');
});
