import t from 'tap';
import { quantile, tally } from '../../../cli/demo/tally.ts';

t.test('lines are counted one by one, also equal ones', (t) => {
  t.same(tally(['a', 'b', 'a'], ['a', 'a', 'b']), { written: 3, delivered: 3, lost: 0, repeated: 0 });
  t.same(tally(['a', 'b', 'a'], ['a', 'b']), { written: 3, delivered: 2, lost: 1, repeated: 0 });
  t.same(tally(['a'], ['a', 'a']), { written: 1, delivered: 1, lost: 0, repeated: 1 });
  t.same(
    tally(['a'], ['x']),
    { written: 1, delivered: 0, lost: 1, repeated: 1 },
    'a changed line is one lost and one too many',
  );
  t.end();
});

t.test('quantiles by nearest rank', (t) => {
  const values = [5, 1, 4, 2, 3];
  t.equal(quantile(values, 0.5), 3);
  t.equal(quantile(values, 0.99), 5);
  t.equal(quantile(values, 0), 1);
  t.equal(quantile([], 0.5), undefined);
  t.end();
});
