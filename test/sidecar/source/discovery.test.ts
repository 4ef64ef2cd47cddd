import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Discovery } from '../../../sidecar/source/discovery.ts';
import type { Input } from '../../../sidecar/types.ts';
import { input } from '../fixtures.ts';

/** Paths found and refused below `dir`, which is the root of the inputs, as the containers see them. */
async function scan(
  dir: string,
  ...inputs: Partial<Input>[]
): Promise<{ found: string[]; refused: [string, string][] }> {
  const result = await new Discovery(inputs.map((one, i) => input({ name: `in-${i}`, root: dir, ...one }))).scan();
  return {
    found: result.found.map((one) => `${one.input.name}:${one.path}`).sort(),
    refused: result.refused.map(({ path, code }) => [path, code]),
  };
}

function tree(t: Test): string {
  return t.testdir({
    var: {
      log: {
        'a.log': '',
        'b.log': '',
        'b.log.1': '',
        'c.gz': '',
        '.hidden.log': '',
        sub: { 'd.log': '', deep: { 'e.log': '' } },
      },
    },
  });
}

t.test('globs', async (t) => {
  const dir = tree(t);
  for (const [glob, names] of [
    ['/var/log/*.log', ['.hidden.log', 'a.log', 'b.log']],
    ['/var/log/?.log', ['a.log', 'b.log']],
    ['/var/log/[ab].log', ['a.log', 'b.log']],
    ['/var/log/{a,c}.*', ['a.log', 'c.gz']],
    ['/var/log/*/*.log', ['sub/d.log']],
    ['/var/log/**/*.log', ['.hidden.log', 'a.log', 'b.log', 'sub/d.log', 'sub/deep/e.log']],
    ['/var/*/sub/**', ['sub/d.log', 'sub/deep/e.log']],
    ['/var/log/a.log', ['a.log']],
    ['/none/*.log', []],
  ] as const)
    t.same(
      (await scan(dir, { paths: [glob] })).found,
      names.map((name) => `in-0:/var/log/${name}`),
      glob,
    );
});

t.test('exclude: by name, or by path', async (t) => {
  const dir = tree(t);
  const all = '/var/log/**';
  t.notMatch((await scan(dir, { paths: [all], exclude: ['*.gz', '.*'] })).found.join(), /gz|hidden/);
  t.same((await scan(dir, { paths: [all], exclude: ['**/sub/**', '*.gz', '*.1'] })).found, [
    'in-0:/var/log/.hidden.log',
    'in-0:/var/log/a.log',
    'in-0:/var/log/b.log',
  ]);
  t.same((await scan(dir, { paths: ['/var/log/a.log'], exclude: ['a.*'] })).found, []);
});

t.test('the first input that matches a file has it', async (t) => {
  const dir = tree(t);
  const { found } = await scan(dir, { paths: ['/var/log/a.log'] }, { paths: ['/var/log/*.log'], exclude: ['.*'] });
  t.same(found, ['in-0:/var/log/a.log', 'in-1:/var/log/b.log']);
});

t.test('a file that is reached twice is found once; a symbolic link is the file it leads to', async (t) => {
  const dir = t.testdir({ real: { 'a.log': '' }, links: {} });
  symlinkSync('../real/a.log', join(dir, 'links/current.log'));
  symlinkSync('../real/none.log', join(dir, 'links/dangling.log'));
  linkSync(join(dir, 'real/a.log'), join(dir, 'links/hard.log'));
  const { found, refused } = await scan(dir, { paths: ['/links/current.log', '/links/*.log', '/real/*.log'] });
  t.same(found, ['in-0:/links/current.log']);
  t.same(refused, [['/links/dangling.log', 'broken_link']]);
});

t.test('bug: an absolute link was followed in our file system, not in that of the container', async (t) => {
  const dir = t.testdir({ var: { log: { releases: { 5: { 'app.log': '' } } } }, opt: {} });
  symlinkSync('/var/log/releases/5', join(dir, 'var/log/current'));
  symlinkSync('/var/log/current/app.log', join(dir, 'opt/app.log'));
  symlinkSync('../../../../../../../../etc/passwd', join(dir, 'opt/up.log'));
  symlinkSync('/etc/passwd', join(dir, 'opt/out.log'));
  symlinkSync('/opt/round.log', join(dir, 'opt/round.log'));
  t.same((await scan(dir, { paths: ['/opt/app.log'] })).found, ['in-0:/opt/app.log']);
  t.same((await scan(dir, { paths: ['/var/log/current/*.log'] })).found, ['in-0:/var/log/current/app.log']);
  const { found, refused } = await scan(dir, { paths: ['/opt/*.log'] });
  t.same(found, ['in-0:/opt/app.log'], 'and a link does not lead out of it');
  t.same(refused.sort(), [
    ['/opt/out.log', 'broken_link'],
    ['/opt/round.log', 'ELOOP'],
    ['/opt/up.log', 'broken_link'],
  ]);
  symlinkSync('/elsewhere', join(dir, 'opt/folder'));
  t.same((await scan(dir, { paths: ['/opt/folder/*.log'] })).refused, [['/opt/folder', 'broken_link']]);
});

t.test('bug: linked folders below a wildcard were not entered; those in a circle are entered once', async (t) => {
  const dir = t.testdir({ data: { web: { 'a.log': '' } }, log: { own: { 'b.log': '' } } });
  symlinkSync('../data/web', join(dir, 'log/web'));
  symlinkSync('.', join(dir, 'log/own/up'));
  const all = ['in-0:/log/own/b.log', 'in-0:/log/web/a.log'];
  t.same((await scan(dir, { paths: ['/log/*/*.log'] })).found, all);
  t.same((await scan(dir, { paths: ['/log/**/*.log'] })).found, all);
  const plain = new Discovery([input({ paths: [join(dir, 'log/**/*.log')] })]);
  t.equal((await plain.scan()).found.length, 2, 'without a root too');
});

t.test('where it is for us and for the container', async (t) => {
  const dir = t.testdir({ 'a.log': '' });
  const { found } = await new Discovery([input({ root: `${dir}/`, paths: ['/a.log'] })]).scan();
  t.match(found, [{ path: '/a.log', realPath: join(dir, 'a.log') }]);
  const plain = await new Discovery([input({ paths: [join(dir, '*.log')] })]).scan();
  t.match(plain.found, [{ path: join(dir, 'a.log'), realPath: join(dir, 'a.log') }]);
});

t.test('what cannot be read is told, with what to do', async (t) => {
  const dir = t.testdir({ folder: { 'a.log': '' }, file: '' });
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  const discovery = new Discovery([
    input({ root: dir, paths: ['/folder', '/none.log', '/pipe', '/file/below.log', '/none/*.log', '/fold*'] }),
  ]);
  const { found, refused } = await discovery.scan();
  t.same(found, []);
  t.match(refused, [
    { path: '/folder', code: 'EISDIR', message: 'it is a directory: give "/folder/*.log" for the files in it' },
    { path: '/none.log', code: 'ENOENT', message: 'there is no such file yet: it is read as soon as it appears' },
    { path: '/pipe', code: 'not_a_file', message: 'it is a pipe, a socket or a device: only regular files are read' },
    { path: '/file/below.log', code: 'ENOTDIR' },
  ]);
  t.equal(refused.length, 4, 'folders that are not there yet, or match a glob, are nothing to speak of');
});

t.test('files that appear are found by the next scan', async (t) => {
  const dir = t.testdir();
  const discovery = new Discovery([input({ root: dir, paths: ['/new/*.log'] })]);
  t.same((await discovery.scan()).found, []);
  mkdirSync(join(dir, 'new'));
  writeFileSync(join(dir, 'new/a.log'), '');
  t.match((await discovery.scan()).found, [{ path: '/new/a.log' }]);
});

t.test('folders to watch, and how deep', (t) => {
  const of = (...paths: string[]): unknown => new Discovery([input({ root: '/logs/app', paths })]).folders;
  t.same(of('/var/log/*.log', '/srv/**/out.log', '/a/*/b/*.log'), [
    { path: '/logs/app/var/log', depth: 0 },
    { path: '/logs/app/srv', depth: Number.POSITIVE_INFINITY },
    { path: '/logs/app/a', depth: 2 },
  ]);
  t.end();
});

t.test('bug: globs with // and /./ and /../ found nothing', async (t) => {
  const dir = tree(t);
  for (const glob of ['/var//log/b.*', '/var/./log/b.*', '/var/log/sub/../b.*', '/var//log/b.log'])
    t.match((await scan(dir, { paths: [glob] })).found, ['in-0:/var/log/b.log'], glob);
});

t.test('bug: a name that is no UTF-8 was not read, and nothing said so', async (t) => {
  const dir = tree(t);
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/var/log/caf`), Buffer.from([0xe9]), Buffer.from('.log')]), 'x\n');
  t.same((await scan(dir, { paths: ['/var/log/caf*.log'] })).refused, [['/var/log/caf\ufffd.log', 'bad_name']]);
});
