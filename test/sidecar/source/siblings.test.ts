import { writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { filesIn, isRotatedName, siblingsIn } from '../../../sidecar/source/siblings.ts';

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

t.test('bug: a rotation in the midst of the listing hid a file, and what was unread of it was lost', async (t) => {
  const dir = t.testdir();
  const names = ['app.log', ...Array.from({ length: 40 }, (_, i) => `app.log.${i + 1}`)].map((name) => join(dir, name));
  for (const name of names) writeFileSync(name, name);
  let rotations = 0;
  let ended = false;
  const rotating = (async () => {
    while (!ended) {
      // As logrotate does: each gets the next number, the last one first; the names are others after each rotation.
      for (let i = names.length - 1; i >= 0; i--) await rename(names[i]!, `${names[i]}.${rotations % 2}`);
      for (let i = 0; i < names.length; i++)
        await rename(`${names[i]}.${rotations % 2}`, names[(i + 1) % names.length]!);
      rotations += 1;
      await sleep(100);
    }
  })();
  for (let i = 0; i < 10; i++) t.equal((await filesIn(dir))?.size, names.length, `listing ${i}`);
  ended = true;
  await rotating;
  t.ok(rotations > 0);
  t.same(await filesIn(join(dir, 'none')), new Map());
});
