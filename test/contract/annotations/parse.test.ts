import fc from 'fast-check';
import t from 'tap';
import { ANNOTATIONS } from '../../../contract/annotations/keys.ts';
import { parseWishes } from '../../../contract/annotations/parse.ts';
import { formatWarning } from '../../../contract/annotations/problem.ts';

const P = 'sidetail.dev/';
const lines = (annotations: Record<string, string>, labels: Record<string, string> = {}) =>
  parseWishes(labels, annotations).problems.map(formatWarning);

t.test('the switch', async (t) => {
  const inject = (label?: string, annotation?: string) =>
    parseWishes(
      label === undefined ? {} : { [`${P}inject`]: label },
      annotation === undefined ? {} : { [`${P}inject`]: annotation },
    ).inject;
  for (const word of ['true', 'enabled']) t.equal(inject(undefined, word), true);
  for (const word of ['false', 'disabled']) t.equal(inject(word), false);
  t.equal(inject('false', 'true'), false, 'the label wins');
  t.equal(inject('true', 'false'), true, 'the label wins');
  t.equal(inject(), undefined);
  for (const word of ['True', 'yes', '1', '', ' true', 'constructor'])
    t.equal(inject(word), 'invalid', JSON.stringify(word));
  t.same(lines({ [`${P}inject`]: 'yes' }), [
    'sidetail.dev/inject="yes": neither true nor false. Use "true" or "false".',
  ]);
});

t.test('every value', async (t) => {
  const wishes = parseWishes(
    {},
    {
      [`${P}paths`]: '/a/b.log',
      [`${P}profile`]: 'p',
      [`${P}output`]: 'es, out,es',
      [`${P}index`]: 'app-{+yyyy.MM.dd}',
      [`${P}format`]: 'json',
      [`${P}fields`]: 'team=payments, env=prod=eu',
      'other.io/paths': 'x',
    },
  );
  t.strictSame(wishes, {
    paths: [{ path: '/a/b.log' }],
    profile: 'p',
    outputs: ['es', 'out'],
    index: 'app-{+yyyy.MM.dd}',
    format: 'json',
    fields: { team: 'payments', env: 'prod=eu' },
    problems: [],
  });
});

t.test('exact messages', async (t) => {
  const cases: [Record<string, string>, string][] = [
    [{ format: 'jsn' }, 'sidetail.dev/format="jsn": not a known format. Did you mean "json"?'],
    [{ multiline: 'java' }, 'sidetail.dev/multiline="java": not supported yet. Remove it.'],
    [{ path: '/a' }, 'sidetail.dev/path="/a": unknown key. Did you mean sidetail.dev/paths?'],
    [{ zzzzzzzzz: '1' }, 'sidetail.dev/zzzzzzzzz="1": unknown key. Remove it, or see the list of annotations.'],
    [
      { injection: 'enabled' },
      'sidetail.dev/injection="enabled": a label of namespaces. On a pod, use sidetail.dev/inject.',
    ],
    [{ fields: 'team' }, 'sidetail.dev/fields="team": no "=". Write name=value,name=value.'],
    [
      { fields: '__proto__=1' },
      'sidetail.dev/fields="__proto__=1": not a field name. Use letters, digits, ".", "_", "-".',
    ],
    [
      { index: 'a-{naemspace}' },
      'sidetail.dev/index="a-{naemspace}": unknown placeholder {naemspace}. Did you mean {namespace}?',
    ],
    [{ profile: ' ' }, 'sidetail.dev/profile=" ": the value is empty. Give one, or remove the annotation.'],
    [
      { index: 'a', 'data-stream': 'b' },
      'sidetail.dev/index="a": data-stream is given too: neither is used. Remove one.',
    ],
  ];
  for (const [given, line] of cases) {
    t.same(lines(Object.fromEntries(Object.entries(given).map(([k, v]) => [P + k, v]))), [line]);
  }
  t.same(lines({}, { [`${P}profile`]: 'x' }), ['label sidetail.dev/profile="x": not a label. Make it an annotation.']);
  t.same(lines({}, { [`${P}injected`]: 'true', [`${P}revision`]: 'x' }), [], 'labels of ours');
});

t.test('every known key is known, and what comes later is said to', async (t) => {
  for (const [key, state] of Object.entries(ANNOTATIONS)) {
    const problems = parseWishes({}, { [P + key]: 'true' }).problems.map((p) => p.problem);
    t.notOk(problems.includes('unknown key'), key);
    t.equal(problems.includes('not supported yet'), state === 'later', key);
  }
});

t.test('any value: no throw, and one short line of printable text for each problem', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('/', '/etc/x', 'a=b;c=/d/e', '{a,', '\n\r\u0085'),
  );
  const key = fc.oneof(fc.constantFrom(...Object.keys(ANNOTATIONS)), fc.string({ maxLength: 80 })).map((k) => P + k);
  fc.assert(
    fc.property(fc.dictionary(key, text), fc.dictionary(key, text), (labels, annotations) => {
      for (const line of parseWishes(labels, annotations).problems.map(formatWarning)) {
        if (line.length > 120 || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(line) || !line.isWellFormed())
          return false;
      }
      return true;
    }),
    { numRuns: 500 },
  );
});
