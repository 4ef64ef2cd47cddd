import fc from 'fast-check';
import t from 'tap';
import { compilePattern, slashed } from '../../../contract/config/pattern.ts';

const regex = (source: string, ignoreCase = false): RegExp => {
  const pattern = compilePattern(source, ignoreCase);
  if ('problem' in pattern) throw new Error(pattern.problem);
  return pattern.regex;
};

t.test('what users write is taken', (t) => {
  for (const source of [
    '\\b\\d{13,16}\\b',
    '^\\S',
    '^\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2}[.,]\\d{3}',
    '(?<time>\\S+) (?<level>[A-Z]+) (?<message>.*)',
    '[A-Za-z0-9+/]{40}',
    'eyJ[\\w-]{10,}\\.[\\w-]{10,}\\.[\\w-]{10,}',
    '\\d{1,3}(?:\\.\\d{1,3}){3}',
    '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}',
    '.{0,200}x',
  ])
    t.ok(regex(source), source);
  t.end();
});

t.test('bug: an expression that backtracks without end stalled the sidecar', (t) => {
  t.equal(regex('^(a+)+$').test(`${'a'.repeat(40)}!`), false);
  t.equal(regex('(x+x+)+y', true).test('x'.repeat(60)), false);
  t.equal(regex('(.*)(.*)(.*)(.*)(.*)x$').test('a'.repeat(20_000)), false);
  t.end();
});

t.test('what no time bounds is refused, with what to do', (t) => {
  for (const source of ['^(?!x)a', '(a)\\1', '(?<n>a)\\k<n>', '(\\w+\\s?){1,200}:$', 'a(?=b)'])
    t.match(compilePattern(source), { problem: /may take for ever/, fix: /without look-ahead/ }, source);
  t.match(compilePattern('(a'), { problem: /Unterminated group is no regular expression/, fix: /backslash/ });
  t.end();
});

t.test('long repetitions mean what they did', (t) => {
  const atom = fc.constantFrom('a', '[ab]', '\\w', '.', '\\x61', '\\u0061');
  const counts = fc
    .tuple(fc.nat(40), fc.option(fc.nat(40), { nil: undefined }))
    .map(([least, more]) =>
      more === undefined ? `{${least},}` : more === 0 ? `{${least}}` : `{${least},${least + more}}`,
    );
  fc.assert(
    fc.property(atom, counts, fc.constantFrom('', '?'), fc.nat(90), (atom, count, lazy, length) => {
      const source = `^(${atom}${count}${lazy})(a*)$`;
      const text = 'a'.repeat(length);
      const expected = new RegExp(source).exec(text);
      const found = regex(source).exec(text);
      return JSON.stringify(found) === JSON.stringify(expected);
    }),
  );
  t.end();
});

t.test('whatever the case', (t) => {
  t.ok(regex('^error: [a-f]+\\d\\w$', true).test('ERROR: ABCdef1x'));
  t.ok(regex('(?<name>ok)', true).exec('OK')?.groups?.name === 'OK');
  t.notOk(regex('^[^a-z]$', true).test('Q'));
  t.ok(regex('\\bGET\\b', true).test('a get b'));
  t.same(slashed('/^a\\/b/i'), { source: '^a\\/b', ignoreCase: true });
  t.same(slashed('/x/'), { source: 'x', ignoreCase: false });
  t.equal(slashed('/healthz'), undefined);
  t.equal(slashed('>=500'), undefined);
  t.end();
});
