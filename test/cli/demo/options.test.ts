import t from 'tap';
import { parseOptions } from '../../../cli/demo/options.ts';

t.test('options of the demo', (t) => {
  t.same(parseOptions([]), { seconds: 10, es: undefined });
  t.same(parseOptions(['--seconds', '3', '--es', 'http://127.0.0.1:9200/']), {
    seconds: 3,
    es: 'http://127.0.0.1:9200',
  });
  t.same(parseOptions(['--follow']), { seconds: undefined, es: undefined });
  t.equal(parseOptions(['--help']), 'help');
  t.throws(() => parseOptions(['--seconds', 'x']), { message: '--seconds: expected a number from 1 to 3600, got "x"' });
  t.throws(() => parseOptions(['--es', '127.0.0.1:9200']), {
    message: '--es: expected a URL such as http://127.0.0.1:9200, got "127.0.0.1:9200"',
  });
  t.throws(() => parseOptions(['--nope']), /nope/);
  t.end();
});
