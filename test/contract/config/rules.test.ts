import t from 'tap';
import { decodeConfig } from '../../../contract/config/load.ts';
import { formatProblem } from '../../../contract/config/problem.ts';

/** Problems of a configuration whose shape is right. */
function problemsOf(outputs: unknown, ...inputs: Record<string, unknown>[]): string[] {
  const decoded = decodeConfig({
    inputs: (inputs.length > 0 ? inputs : [{}]).map((input) => ({ paths: ['/a.log'], ...input })),
    outputs,
  });
  return decoded.ok ? [] : decoded.problems.map(formatProblem);
}

const es = (over: Record<string, unknown>): unknown => ({
  es: { type: 'elasticsearch', url: 'http://es:9200', ...over },
});
const OUT = { out: { type: 'stdout' } };

t.test('at least one output', (t) => {
  t.same(problemsOf({}), ['outputs: no output is given. Give at least one, e.g. `out: { type: stdout }`.']);
  t.same(problemsOf(OUT), []);
  t.end();
});

t.test('names of inputs are unique, the default ones too', (t) => {
  t.same(problemsOf(OUT, { name: 'a' }, { name: 'b' }, { name: 'a' }), [
    'inputs[2].name: "a" is the name of inputs[0] too. Give each input its own.',
  ]);
  t.same(problemsOf(OUT, {}, {}, { name: 'app' }), []);
  t.same(
    problemsOf(OUT, { name: 'input-1' }, {}),
    ['inputs[1].name: "input-1" is the name of inputs[0] too. Give each input its own.'],
    'bug: a name that is the default of another input was taken',
  );
  t.end();
});

t.test('outputs of an input exist', (t) => {
  t.same(problemsOf(OUT, { outputs: ['out'] }), []);
  t.same(problemsOf({ ...OUT, ...(es({}) as object) }, { outputs: ['es', 'ou', 'kafka'] }), [
    'inputs[0].outputs[1]: there is no output "ou". Did you mean "out"?',
    'inputs[0].outputs[2]: there is no output "kafka". Known outputs: out, es.',
  ]);
  t.end();
});

t.test('the name of an output is a file name too', (t) => {
  for (const name of ['es', 'es-2', 'A.b_c', 'x'.repeat(63)])
    t.same(problemsOf({ [name]: { type: 'stdout' } }), [], name);
  t.same(problemsOf({ '../x': { type: 'stdout' } }), [
    'outputs["../x"]: "../x" cannot be the name of an output. Use up to 63 letters, digits, "-", "_" and ".".',
  ]);
  for (const name of ['', '.x', 'a/b', 'a b', 'x'.repeat(64)])
    t.equal(problemsOf({ [name]: { type: 'stdout' } }).length, 1, JSON.stringify(name));
  t.end();
});

t.test('one of dataStream and index', (t) => {
  t.same(problemsOf(es({ dataStream: 'a' })), []);
  t.same(problemsOf(es({ index: 'a' })), []);
  t.same(problemsOf(es({ dataStream: 'a', index: 'b' })), [
    'outputs.es: both dataStream and index are given. Remove one of them.',
  ]);
  t.end();
});

t.test('one way to authenticate', (t) => {
  const ways = 'Give one of apiKey, apiKeyFile, username (with password or passwordFile), bearerFile.';
  const pair = 'outputs.es.auth: username goes with one of password and passwordFile. Give both, or neither.';
  for (const auth of [
    { apiKey: 'k' },
    { apiKeyFile: '/k' },
    { bearerFile: '/b' },
    { username: 'u', password: 'p' },
    { username: 'u', passwordFile: '/p' },
  ])
    t.same(problemsOf(es({ auth })), [], JSON.stringify(auth));
  t.same(problemsOf(es({ auth: {} })), [`outputs.es.auth: no way to authenticate is given. ${ways}`]);
  t.same(problemsOf(es({ auth: { apiKey: 'hunter2', bearerFile: '/b' } })), [
    `outputs.es.auth: more than one way to authenticate is given. ${ways}`,
  ]);
  t.same(problemsOf(es({ auth: { username: 'u' } })), [pair]);
  t.same(problemsOf(es({ auth: { username: 'u', password: 'p', passwordFile: '/p' } })), [pair]);
  t.same(problemsOf(es({ auth: { apiKey: 'k', password: 'p' } })), [pair]);
  t.same(problemsOf(es({ auth: { password: 'p' } })), [
    `outputs.es.auth: no way to authenticate is given. ${ways}`,
    pair,
  ]);
  t.end();
});

t.test('a client certificate goes with its key', (t) => {
  t.same(problemsOf(es({ tls: { certFile: '/c', keyFile: '/k' } })), []);
  t.same(problemsOf(es({ tls: { caFile: '/ca' } })), []);
  for (const tls of [{ certFile: '/c' }, { keyFile: '/k' }])
    t.same(problemsOf(es({ tls })), ['outputs.es.tls: certFile and keyFile go together. Give both, or neither.']);
  t.end();
});

t.test('multi-line rules that make sense together, and those that do not', (t) => {
  const of = (multiline: unknown): string[] => problemsOf(OUT, { multiline });
  for (const multiline of [
    'none',
    'auto',
    'java',
    { preset: 'java' },
    { preset: 'auto', start: '^\\d', continue: '^> ' },
    { start: '^\\S' },
    { continue: '^\\s', maxLines: 10, maxBytes: '64KiB', idleFlush: '500ms' },
    { end: ';$' },
    { start: '^BEGIN', end: '^END' },
    { start: '^S', continue: '^\\+' },
  ])
    t.same(of(multiline), [], JSON.stringify(multiline));
  for (const [multiline, problem] of [
    [{}, 'inputs[0].multiline: it says nothing of records. Give preset, start, continue or end.'],
    [{ maxLines: 5 }, 'inputs[0].multiline: it says nothing of records. Give preset, start, continue or end.'],
    [
      { preset: 'java', end: 'x' },
      'inputs[0].multiline: preset and end do not go together. Remove preset, or end: end goes alone or with start.',
    ],
    [
      { continue: 'a', end: 'x' },
      'inputs[0].multiline: continue and end do not go together. Remove continue, or end: end goes alone or with start.',
    ],
    [
      { start: '(a' },
      'inputs[0].multiline.start: /(a/: Unterminated group is no regular expression. Mend it; a backslash in JSON or double quotes is written twice.',
    ],
  ] as const)
    t.same(of(multiline), [problem], JSON.stringify(multiline));
  t.match(of({ start: '^(?!\\d)' }), [/^inputs\[0\]\.multiline\.start: .*may take for ever/]);
  t.match(of('jav'), [/expected one of none, auto, java/]);
  t.end();
});
