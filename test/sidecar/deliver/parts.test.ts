import t from 'tap';
import { halves, pick, recordText, runs } from '../../../sidecar/deliver/parts.ts';
import { batchOf, logFile } from '../fixtures.ts';

const file = logFile();
const five = batchOf(file, ['a\n', 'bé\n', 'c\n', 'd\n', 'e\n']);

t.test('some records of a batch, byte for byte', (t) => {
  const some = pick(five, [1, 3], 1);
  t.same(some, { body: Buffer.from('bé\nd\n'), files: [file, file], starts: [10, 30], ends: [20, 40] });
  const pairs = batchOf(file, ['{1}\nA\n', '{2}\nB\n', '{3}\nC\n']);
  t.equal(pick(pairs, [0, 2], 2).body.toString(), '{1}\nA\n{3}\nC\n', 'two lines a record');
  t.end();
});

t.test('halves', (t) => {
  const [a, b] = halves(five, 1);
  t.same([a.body.toString(), b.body.toString()], ['a\nbé\nc\n', 'd\ne\n']);
  t.same([...a.starts, ...b.starts], five.starts);
  t.end();
});

t.test('the text of one record', (t) => {
  t.equal(recordText(five, 1, 1), 'bé');
  t.equal(recordText(batchOf(file, ['{}\n{"a":1}\n']), 0, 2), '{}\n{"a":1}');
  t.end();
});

t.test('neighbours of one file are one range', (t) => {
  const other = logFile({ inode: 3 });
  const mixed = {
    body: Buffer.alloc(0),
    files: [file, file, file, other, file],
    starts: [0, 10, 30, 40, 40],
    ends: [10, 20, 40, 50, 50],
  };
  t.same(
    [...runs(mixed)].map(({ file: { inode }, start, end }) => [inode, start, end]),
    [
      [2, 0, 20],
      [2, 30, 40],
      [3, 40, 50],
      [2, 40, 50],
    ],
  );
  t.end();
});
