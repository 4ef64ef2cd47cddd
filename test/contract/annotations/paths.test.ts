import t from 'tap';
import { directoryOf, reachesBelow, within } from '../../../contract/annotations/glob.ts';
import { checkPath, formatPath, parsePaths } from '../../../contract/annotations/paths.ts';

t.test('the grammar', async (t) => {
  const paths = (value: string) => {
    const parsed = parsePaths(value);
    t.same(parsed.problems, [], value);
    return parsed.paths.map(formatPath);
  };
  t.same(paths('/var/log/app/*.log, /opt/gc.log'), ['/var/log/app/*.log', '/opt/gc.log']);
  t.same(paths('worker=/var/log/w.log; app=/a/**/*.log'), ['worker=/var/log/w.log', 'app=/a/**/*.log']);
  t.same(
    paths('app = /a/x.log,/a/y.log;/b/z.log'),
    ['app=/a/x.log', 'app=/a/y.log', '/b/z.log'],
    'a container holds until ;',
  );
  t.same(paths('/a/{x,y;z}.log,/b/c.log'), ['/a/{x,y;z}.log', '/b/c.log'], 'separators inside braces');
  t.same(paths('/a/x=y.log'), ['/a/x=y.log'], '= in a path is no container');
  t.same(paths('\n /a//b/./c.log,\n'), ['/a/b/c.log'], 'white space, empty items, // and /./');
  t.same(paths('/a/x.log,/a/x.log'), ['/a/x.log'], 'twice counts once');
});

t.test('a bad entry is named and the others are kept', async (t) => {
  const parsed = parsePaths('/a/x.log, rel.log, app=/b/y.log');
  t.same(parsed.paths, [{ path: '/a/x.log' }]);
  t.same(parsed.problems, [
    { key: 'sidetail.dev/paths', value: 'rel.log', problem: 'not an absolute path', fix: 'Start it with /.' },
    {
      key: 'sidetail.dev/paths',
      value: 'app=/b/y.log',
      problem: 'container= inside a list',
      fix: 'Put ";" before it, not ",".',
    },
  ]);
  for (const value of ['', ' , ;', 'app=', '/a/{x.log', '/a/x}.log', 'UP_PER=/a/b.log']) {
    const { paths, problems } = parsePaths(value);
    t.same([paths.length, problems.length], [0, 1], JSON.stringify(value));
  }
});

t.test('places that are none for logs', async (t) => {
  const bad = [
    '/x.log',
    '/*/x.log',
    '/etc/a.log',
    '/proc/1/x',
    '/sys/x',
    '/dev/shm/x',
    '/usr/lib/x',
    '/usr/x',
    '/usr/local/*.log',
    '/usr/**/x.log',
    '/var/x.log',
    '/bin/x',
    '/sbin/x',
    '/lib/x',
  ];
  bad.push(
    '/boot/x',
    '/var/run/secrets/x',
    '/var/../etc/x',
    '/a/..',
    '/a/{..,b}/x',
    '/a/',
    '/a\\b/x',
    '/a/b\nc/x',
    '/a:b/x.log',
    'a/b',
  );
  for (const path of bad) t.ok(checkPath(path), path);
  const good = [
    '/etcetera/x.log',
    '/usr/local/tomcat/logs/catalina.out',
    '/var/log/x.log',
    '/a/..b/x',
    '/a/b..c',
    '/var/run/app/x.log',
    '/a/b:c.log',
    '/logs/ä ö/x.log',
  ];
  for (const path of good) t.equal(checkPath(path), undefined, path);
});

t.test('folders of globs', async (t) => {
  t.equal(directoryOf('/var/log/app/*.log'), '/var/log/app');
  t.equal(directoryOf('/a/**/*.log'), '/a');
  t.equal(directoryOf('/opt/gc.log'), '/opt');
  t.equal(directoryOf('/a/{b/c,d}/x'), '/a');
  t.equal(directoryOf('/*.log'), '/');
  t.same(['/a/*.log', '/a/**', '/a/*/x.log', '/a/b.log'].map(reachesBelow), [false, true, true, false]);
  t.ok(within('/var/log/a', '/var/log') && within('/var/log', '/var/log') && within('/a', '/'));
  t.notOk(within('/var/logs', '/var/log'));
});
