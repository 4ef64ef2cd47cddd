import t from 'tap';
import { decodeText, parseText } from '../../../contract/config/load.ts';
import { formatProblem } from '../../../contract/config/problem.ts';

const problemsOf = async (text: string): Promise<string[]> => {
  const decoded = await decodeText(text);
  return decoded.ok ? [] : decoded.problems.map(formatProblem);
};

const YAML = `
inputs:
  - paths: [/var/log/app/*.log, "/srv/**/out.log"]
    exclude: ["*.gz"]
outputs:
  out: { type: stdout }
`;

t.test('YAML and JSON of the same content give the same configuration', async (t) => {
  const json = JSON.stringify({
    inputs: [{ paths: ['/var/log/app/*.log', '/srv/**/out.log'], exclude: ['*.gz'] }],
    outputs: { out: { type: 'stdout' } },
  });
  const [fromYaml, fromJson] = [await decodeText(YAML), await decodeText(json)];
  t.ok(fromYaml.ok, 'valid');
  t.same(fromYaml, fromJson);
});

t.test('anchors and merge keys of YAML work', async (t) => {
  const text = 'a: &base { x: 1, y: 2 }\nb: { <<: *base, y: 3 }\n';
  t.same(await parseText(text), { ok: true, value: { a: { x: 1, y: 2 }, b: { x: 1, y: 3 } } });
});

t.test('syntax errors say where', async (t) => {
  const mend = 'Mend the syntax there.';
  for (const [text = '', problem] of [
    ['a: [1', 'Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 6'],
    ['{"a": ', 'Flow map must end with a } at line 1, column 7'],
    ['a: 1\na: 2', 'Map keys must be unique at line 2, column 1'],
    ['a:\n\tb: 1', 'Tabs are not allowed as indentation at line 2, column 1'],
    ['a: @b', 'Plain value cannot start with reserved character @ at line 1, column 4'],
  ])
    t.same(await problemsOf(text), [`configuration: not valid YAML or JSON: ${problem}. ${mend}`], text);
});

t.test('bug: a glob without quotes ("[*.gz]" is an alias in YAML) was a crash, not a problem', async (t) => {
  const [problem, ...more] = await problemsOf(YAML.replace('"*.gz"', '*.gz'));
  t.equal(
    problem,
    'configuration: not valid YAML or JSON: Unresolved alias (the anchor must be set before the alias): .gz. Put quotes around a text that begins with *.',
  );
  t.same(more, []);
});

t.test('aliases that multiply into a bomb are a problem', async (t) => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 10; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  const problems = await problemsOf(lines.join('\n'));
  t.equal(problems.length, 1);
  t.match(problems[0], /^configuration: not valid YAML or JSON: Excessive alias count/);
});

t.test('a file without a map', async (t) => {
  const give = 'Give at least `inputs` and `outputs`.';
  t.same(await problemsOf(''), [`configuration: the file is empty. ${give}`]);
  t.same(await problemsOf('# only a comment\n'), [`configuration: the file is empty. ${give}`]);
  t.same(await problemsOf('just text'), [`configuration: the file is not a map of keys. ${give}`]);
  t.same(await problemsOf('42'), [`configuration: the file is not a map of keys. ${give}`]);
  t.match((await problemsOf('[1, 2]'))[0], /^configuration: expected a map, got /);
});

t.test('problems of the shape come before those between keys', async (t) => {
  const both = 'inputs: [{ paths: [/a.log], outputs: [ut] }]\noutputs: { out: { type: stdot } }';
  t.same(await problemsOf(both), [
    'outputs.out.type: expected one of elasticsearch, stdout, got "stdot". Did you mean "stdout"?',
  ]);
  t.same(await problemsOf(both.replace('stdot', 'stdout')), [
    'inputs[0].outputs[0]: there is no output "ut". Did you mean "out"?',
  ]);
});
