import t from 'tap';
import { configurationSchema } from '../../../contract/config/json-schema.ts';
import { decodeConfig } from '../../../contract/config/load.ts';
import type { Field, Node } from '../../../contract/config/node.ts';
import { formatProblem } from '../../../contract/config/problem.ts';
import { configuration } from '../../../contract/config/schema.ts';

type Json = Record<string, unknown>;

/** A valid configuration with the given keys over it, and what is wrong with it. */
function problemsOf(over: { top?: Json; input?: Json; es?: Json; out?: Json }): string[] {
  const decoded = decodeConfig({
    inputs: [{ paths: ['/a.log'], ...over.input }],
    outputs: {
      es: { type: 'elasticsearch', url: 'http://es:9200', ...over.es },
      out: { type: 'stdout', ...over.out },
    },
    ...over.top,
  });
  return decoded.ok ? [] : decoded.problems.map(formatProblem);
}

t.test('defaults are those of the contract', (t) => {
  const decoded = decodeConfig({
    inputs: [{ paths: ['/a.log'] }],
    outputs: { es: { type: 'elasticsearch', url: 'http://es' }, out: { type: 'stdout' } },
  });
  t.same(decoded, {
    ok: true,
    config: {
      stateDir: '/var/lib/sidetail',
      memoryBudget: 32 * 2 ** 20,
      admin: { host: '0.0.0.0', port: 9808 },
      drainTimeout: 15_000,
      pod: {},
      inputs: [
        {
          paths: ['/a.log'],
          exclude: [],
          readFrom: 'beginning',
          encoding: 'utf-8',
          maxLineBytes: 2 ** 20,
          onLongLine: 'split',
          multiline: 'none',
          format: 'auto',
          retention: 'keep',
          fields: {},
          filters: [],
        },
      ],
      filters: [],
      outputs: {
        es: {
          type: 'elasticsearch',
          url: 'http://es',
          schema: 'ecs',
          idempotent: true,
          compression: 'gzip',
          batch: { maxBytes: 5 * 2 ** 20, maxEvents: 5000, maxAge: 1000 },
          concurrency: 4,
          deadLetter: { file: true, maxBytes: 64 * 2 ** 20 },
        },
        out: { type: 'stdout', schema: 'raw' },
      },
    },
  });
  t.end();
});

/** Every value of the contract whose behaviour comes later; written down here, not read from the schema, so that none can get lost. */
const LATER: readonly (readonly [part: 'top' | 'input' | 'es' | 'out', key: string, values: readonly unknown[]])[] = [
  ['es', 'auth', [{ apiKey: 'k', aws: { region: 'eu-west-1' } }]],
  ['es', 'deadLetter', [{ dataStream: 'logs-dlq-default' }]],
  ['top', 'outputs', [{ cw: { type: 'cloudwatch', region: 'ap-northeast-2' } }]],
];
t.test('encodings: all that the platform knows, and no other', (t) => {
  for (const encoding of [
    'utf-8',
    'utf-16le',
    'utf-16be',
    'latin1',
    'shift_jis',
    'gbk',
    'euc-kr',
    'windows-1252',
    'big5',
  ])
    t.same(problemsOf({ input: { encoding } }), [], encoding);
  t.match(problemsOf({ input: { encoding: 'utf8mb4' } }), [/encoding.*"utf8mb4" is no known encoding.*shift_jis/s]);
  t.end();
});

t.test('what comes later is refused, each value of it, and none is ignored', (t) => {
  for (const [part, key, values] of LATER) {
    for (const value of values) {
      const problems = problemsOf({ [part]: { [key]: value } });
      t.equal(problems.length, 1, `${key}: ${JSON.stringify(value)} is one problem`);
      t.match(problems[0], /not supported yet/, problems[0]!);
      t.match(problems[0], key, 'and it says where');
    }
  }
  t.same(problemsOf({ top: { outputs: { cw: { type: 'cloudwatch' } } } }), [
    'outputs.cw.type: "cloudwatch" is not supported yet. Use one of elasticsearch, stdout.',
  ]);
  t.end();
});

t.test('typos are found on every level', (t) => {
  t.same(problemsOf({ top: { memorybudget: 1 } }), [
    'memorybudget: unknown key "memorybudget". Did you mean "memoryBudget"?',
  ]);
  t.same(problemsOf({ input: { formt: 'raw' } }), ['inputs[0].formt: unknown key "formt". Did you mean "format"?']);
  t.same(problemsOf({ es: { batch: { maxBites: 1 } } }), [
    'outputs.es.batch.maxBites: unknown key "maxBites". Did you mean "maxBytes"?',
  ]);
  t.same(problemsOf({ top: { admin: { prt: 1 } } }), ['admin.prt: unknown key "prt". Did you mean "port"?']);
  t.end();
});

t.test('paths are absolute', (t) => {
  t.same(problemsOf({ input: { paths: ['./logs/*.log'] } }), [
    'inputs[0].paths[0]: "./logs/*.log" is not an absolute path. Start it with a slash: "/logs/*.log".',
  ]);
  t.match(problemsOf({ top: { stateDir: 'state' } }), [/^stateDir: "state" is not an absolute path/]);
  t.same(problemsOf({ input: { paths: [] } }), ['inputs[0].paths: the list is empty. Give at least 1 entry.']);
  t.end();
});

t.test('URLs are http or https, and no message shows the credentials in one', (t) => {
  t.same(problemsOf({ es: { url: ['http://a:9200', 'https://b/path'] } }), []);
  t.same(problemsOf({ es: { url: 'ftp://es' } }), [
    'outputs.es.url: "ftp://es" is not an http:// or https:// URL. Give one such as https://es:9200.',
  ]);
  for (const url of [
    'https://elastic:hunter2@es',
    'elastic:hunter2@es:9200',
    'htp://elastic:hunter2@es',
    ['http://u:hunter2@h'],
  ]) {
    const problems = problemsOf({ es: { url } });
    t.equal(problems.length, 1, `${url}`);
    t.notMatch(problems[0], /hunter2/, problems[0]!);
  }
  t.end();
});

t.test('secrets are in no message, whatever is wrong with them', (t) => {
  for (const auth of [
    { apiKey: { id: 'hunter2' } },
    { apikey: 'hunter2' },
    { username: 'u', password: ['hunter2'] },
    'hunter2',
    [{ apiKey: 'hunter2' }],
    { apiKey: 'k', aws: { secretAccessKey: 'hunter2' } },
  ]) {
    const problems = problemsOf({ es: { auth } });
    t.ok(problems.length > 0, JSON.stringify(auth));
    t.notMatch(problems.join('\n'), /hunter2/, problems.join('; '));
  }
  t.notMatch(
    problemsOf({ top: { outputs: [{ auth: { apiKey: 'hunter2' } }] } }).join(),
    /hunter2/,
    'outputs as a list',
  );
  t.end();
});

t.test('bug: a secret in the query of a URL was taken, and stood in annotations', (t) => {
  for (const url of ['https://es:9200/?api_key=hunter2', 'https://es:9200/#hunter2']) {
    const problems = problemsOf({ es: { url } });
    t.match(problems.join(), /query or a fragment \(not shown\)/);
    t.notMatch(problems.join(), /hunter2/);
  }
  t.end();
});

t.test('static fields are scalars', (t) => {
  t.same(problemsOf({ input: { fields: { team: 'a', n: 1, b: true } } }), []);
  t.same(problemsOf({ input: { fields: { o: { p: 1 } } } }), [
    'inputs[0].fields.o: expected a string, or a number, or true or false, got {"p":1}. Give a string, or a number, or true or false.',
  ]);
  t.end();
});

t.test('every key is documented', (t) => {
  const seen: string[] = [];
  const visit = (path: string, node: Node<unknown>): void => {
    for (const [key, field] of Object.entries(node.fields ?? {}) as [string, Field<unknown>][]) {
      seen.push(`${path}.${key}`);
      t.match(field.doc, /[.:]$/, `${path}.${key} has a sentence`);
      visit(`${path}.${key}`, field.node);
    }
    for (const below of [node.item, ...(node.options ?? []), ...Object.values(node.variants ?? {})])
      if (below) visit(path, below);
  };
  visit('', configuration);
  t.ok(seen.length > 50, 'the whole schema is visited');
  t.end();
});

t.test('the JSON Schema knows the supported keys and no other', (t) => {
  const schema = configurationSchema() as { properties: Record<string, { items: { properties: Json } }> };
  const input = schema.properties.inputs!.items.properties;
  t.ok('format' in input && 'paths' in input, 'supported');
  t.notMatch(JSON.stringify(schema), /cloudwatch/, 'values that come later');
  t.end();
});

t.test('formats and times: words, expressions with names, patterns and zones', (t) => {
  for (const input of [
    { format: 'nginx' },
    { format: { regex: '^(?<status>\\d+)', types: { status: 'int' } } },
    { time: { field: 'at', format: 'yyyy-MM-dd HH:mm:ss.SSS', zone: 'Asia/Seoul' } },
    { time: { format: '%d/%b/%Y:%H:%M:%S %z' } },
    { time: { format: 'epoch_ns', zone: '+09:00' } },
  ])
    t.same(problemsOf({ input }), [], JSON.stringify(input));
  for (const [input, problem] of [
    [{ format: 'ngnix' }, /expected one of auto, .*got "ngnix". Did you mean "nginx"\?/],
    [{ format: { regex: '^(\\d+)' } }, /has no named group. Name what is to be a field/],
    [{ format: { regex: '^(?<a>x)', types: { a: 'integer' } } }, /types\.a: expected one of string, int, float, bool/],
    [{ time: { format: 'yyyy-QQ' } }, /time\.format: "yyyy-QQ" is no pattern of a time: QQ is no known field/],
    [{ time: { zone: 'Asia/Soul' } }, /time\.zone: "Asia\/Soul" is no known time zone. Give an IANA name/],
  ] as const)
    t.match(problemsOf({ input }), [problem], JSON.stringify(input));
  t.end();
});
