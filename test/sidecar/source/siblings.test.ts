import t from 'tap';
import { isRotatedName, siblingsIn } from '../../../sidecar/source/siblings.ts';

t.test('names that rotations give', (t) => {
  for (const name of [
    'app.log.1',
    'app.log.10',
    'app.log-20261121',
    'app.log.2026-11-21',
    'app.log.2026-11-21.0',
    'app.log.2026-11-21T10:00:00Z',
    'app.log.old',
    'app.log.bak',
    'app-2026-11-21.log',
    'app-2026-11-21.3.log',
    'app.1.log',
    'app.2026-11-21_10.log',
  ])
    t.ok(isRotatedName('app.log', name), name);
  for (const name of [
    'app.log',
    'app-access.log',
    'app.log.gz',
    'app.log.1.gz',
    'application.log',
    'app2.logs',
    'my-app.log.1',
    'app.txt',
    'app2.log',
    'app.log1',
    'app.log.2026-11-21T12:34:56.123456789+0000.1.gz', // bug: such a name took a minute
    `app.log.${'2026.'.repeat(40)}x`,
  ])
    t.notOk(isRotatedName('app.log', name), name);
  t.ok(isRotatedName('out', 'out.1'));
  t.notOk(isRotatedName('out', 'output'));
  t.end();
});

t.test('of a folder', async (t) => {
  const dir = t.testdir({ 'app.log': '', 'app.log.1': 'x', 'app.log.2': {}, 'other.log': '' });
  const found = await siblingsIn(dir, new Set([`${dir}/app.log`]));
  t.match(found, [{ realPath: `${dir}/app.log.1`, size: 1 }]);
  t.ok(found[0]!.bornAt > 0);
  t.match(
    await siblingsIn(dir, new Set([`${dir}/app.log`, `${dir}/app.log.1`])),
    [{ realPath: `${dir}/app.log.1` }],
    'bug: a file under the name that an open one had when it was opened was not seen',
  );
  t.same(await siblingsIn(`${dir}/none`, new Set()), []);
});
