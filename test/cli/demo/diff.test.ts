import t from 'tap';
import { diffLines } from '../../../cli/demo/diff.ts';

t.test('what comes and what goes, with its surroundings', (t) => {
  t.same(diffLines('a\nb\nc', 'a\nx\nb\nc'), [' a', '+x', ' b', ' c']);
  t.same(diffLines('a\nb', 'a'), [' a', '-b']);
  t.same(
    diffLines('1\n2\n3\n4\n5\n6', '1\n2\n3\n4\n5\n6\n7', 1),
    ['  ...', ' 6', '+7'].slice(1),
    'far lines are left out',
  );
  t.same(diffLines('1\n2\n3\n4\n5\n6\n7', '0\n1\n2\n3\n4\n5\n6\n7\n8', 1), ['+0', ' 1', '  ...', ' 7', '+8']);
  t.end();
});
