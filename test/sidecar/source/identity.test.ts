import { open } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { holds, idPrefix, prove } from '../../../sidecar/source/identity.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

t.test('a proof holds as long as the bytes stand there', async (t) => {
  const dir = t.testdir({ a: 'hello world', b: 'hello_world', short: 'hell' });
  const proof = prove(bytes('lo wo'), 8);
  t.match(proof, { at: 8, bytes: 5 });
  for (const [name, expected] of [
    ['a', true],
    ['b', false],
    ['short', false],
  ] as const) {
    const handle = await open(join(dir, name));
    t.equal(await holds(handle, proof), expected, name);
    t.equal(await holds(handle, prove(bytes(''), 0)), true, 'of nothing');
    await handle.close();
  }
});

t.test('the id follows from what the file is', (t) => {
  const line = bytes('first line\n');
  const id = idPrefix('uid', 1, 2, 0, 5, line);
  t.match(id, /^[\w-]{16}$/);
  t.equal(idPrefix('uid', 1, 2, 0, 5, line), id, 'the same again');
  const long = Buffer.alloc(300, 'x');
  t.equal(
    idPrefix('uid', 1, 2, 0, 5, long),
    idPrefix('uid', 1, 2, 0, 5, long.subarray(0, 256)),
    'of a long line its beginning',
  );
  const others = [
    idPrefix('other', 1, 2, 0, 5, line),
    idPrefix(undefined, 1, 2, 0, 5, line),
    idPrefix('uid', 2, 2, 0, 5, line),
    idPrefix('uid', 1, 3, 0, 5, line),
    idPrefix('uid', 1, 2, 1, 5, line),
    idPrefix('uid', 1, 2, 0, 6, line),
    idPrefix('uid', 1, 2, 0, 5, bytes('other line\n')),
    idPrefix('uid', 12, 0, 0, 5, line),
  ];
  t.equal(new Set([id, ...others]).size, others.length + 1, 'each part of it counts');
  t.end();
});
