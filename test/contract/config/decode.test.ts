import t from 'tap';
import { decode } from '../../../contract/config/decode.ts';
import * as n from '../../../contract/config/node.ts';
import { formatProblem } from '../../../contract/config/problem.ts';

/** The problems as lines, or the decoded value as JSON. */
function outcome(node: n.Node<unknown>, value: unknown): string[] | unknown {
  const decoded = decode(node, value);
  return decoded.ok ? decoded.value : decoded.problems.map(formatProblem);
}

const server = n.object({
  host: n.required(n.string(), 'host'),
  port: n.withDefault(n.integer({ min: 0, max: 65535 }), 80, 'port'),
  size: n.withDefault(n.size(), '4KiB', 'size'),
  wait: n.optional(n.duration(), 'wait'),
  mode: n.withDefault(n.oneOfWords(['fast', 'safe'], ['turbo']), 'safe', 'mode'),
  labels: n.optional(n.map(n.string()), 'labels'),
  tags: n.optional(n.list(n.string(), { min: 1 }), 'tags'),
  soon: n.later(n.string(), 'soon'),
});

t.test('defaults are filled in, sizes become bytes and durations ms', (t) => {
  t.same(outcome(server, { host: 'h' }), { host: 'h', port: 80, size: 4096, mode: 'safe' });
  t.same(outcome(server, { host: 'h', wait: '2m', size: '1MiB', port: null }), {
    host: 'h',
    port: 80,
    size: 2 ** 20,
    wait: 120_000,
    mode: 'safe',
  });
  t.end();
});

t.test('each kind says what it expected and what it got', (t) => {
  for (const [node, value, message] of [
    [n.string(), 3, 'configuration: expected a string, got 3. Give a string.'],
    [n.integer(), 1.5, 'configuration: expected a whole number, got 1.5. Give a whole number.'],
    [n.integer(), '1', 'configuration: expected a whole number, got "1". Give a whole number.'],
    [n.number(), true, 'configuration: expected a number, got true. Give a number.'],
    [n.boolean(), 'yes', 'configuration: expected true or false, got "yes". Give true or false.'],
    [n.off(), true, 'configuration: expected false, got true. Give false.'],
    [
      n.size(),
      '5 megs',
      'configuration: expected a size such as 5MiB or a number of bytes, got "5 megs". Give a size such as 5MiB or a number of bytes.',
    ],
    [
      n.duration(),
      15,
      'configuration: expected a duration such as 500ms, 15s, 2m or 1h, got 15. Give a duration such as 500ms, 15s, 2m or 1h.',
    ],
    [n.list(n.string()), 'a', 'configuration: expected a list, got "a". Give a list.'],
    [n.map(n.string()), ['a'], 'configuration: expected a map, got ["a"]. Give a map.'],
    [server, 'h', 'configuration: expected a map, got "h". Give a map.'],
    [n.oneOfWords(['a', 'b']), 1, 'configuration: expected one of a, b, got 1. Give one of a, b.'],
    [
      n.oneOfWords(['fast', 'safe']),
      'fsat',
      'configuration: expected one of fast, safe, got "fsat". Did you mean "fast"?',
    ],
    [n.oneOf(n.string(), n.off()), 1, 'configuration: expected a string, or false, got 1. Give a string, or false.'],
    [n.list(n.string(), { min: 1 }), [], 'configuration: the list is empty. Give at least 1 entry.'],
    [n.size(), 0, 'configuration: 0 is out of range. Use a size such as 5MiB or a number of bytes, at least 1.'],
    [n.integer({ min: 1, max: 9 }), 10, 'configuration: 10 is out of range. Use a whole number, between 1 and 9.'],
    [n.never('regex'), { regex: 'a' }, 'configuration: not supported yet: {"regex":"a"}. Remove it.'],
  ] as const)
    t.same(outcome(node as n.Node<unknown>, value), [message], message);
  t.end();
});

t.test('every problem is listed, each with its path', (t) => {
  const value = {
    prot: 1,
    port: 70_000,
    size: 'big',
    mode: 'turbo',
    labels: { 'a.b': 1 },
    tags: ['x', 2],
    soon: 'x',
  };
  t.same(outcome(server, value), [
    'prot: unknown key "prot". Did you mean "port"?',
    'host: the key is missing. Give a string.',
    'port: 70000 is out of range. Use a whole number, between 0 and 65535.',
    'size: expected a size such as 5MiB or a number of bytes, got "big". Give a size such as 5MiB or a number of bytes.',
    'mode: "turbo" is not supported yet. Use one of fast, safe.',
    'labels["a.b"]: expected a string, got 1. Give a string.',
    'tags[1]: expected a string, got 2. Give a string.',
    'soon: the key is not supported yet (got "x"). Remove it.',
  ]);
  t.end();
});

t.test('names that every object has are unknown keys like any other', (t) => {
  t.same(outcome(n.object({ a: n.optional(n.string(), '') }), JSON.parse('{"constructor": 1, "__proto__": 2}')), [
    'constructor: unknown key "constructor". Known keys: a.',
    '__proto__: unknown key "__proto__". Known keys: a.',
  ]);
  t.end();
});

t.test('a message stays on one line and short, whatever the value holds', (t) => {
  t.same(outcome(n.integer(), 'a\nb'), ['configuration: expected a whole number, got "a\\nb". Give a whole number.']);
  const [line] = outcome(n.integer(), 'x'.repeat(1000)) as string[];
  t.equal(line, `configuration: expected a whole number, got "${'x'.repeat(56)}.... Give a whole number.`);
  const [unknown] = outcome(n.object({}), { 'a\nb': 1 }) as string[];
  t.notMatch(unknown, /\n/, 'an unknown key with a line break');
  t.end();
});

t.test('a secret is in no message', (t) => {
  const auth = n.object({ key: n.optional(n.string({ secret: true }), ''), file: n.optional(n.string(), '') });
  const whole = n.object({ auth: n.optional(auth, ''), all: n.optional(n.map(auth), '') });
  for (const value of [
    { auth: { key: 12345678 } },
    { auth: { key: ['12345678'] } },
    { auth: { kye: '12345678' } },
    { auth: '12345678' },
    { auth: [{ key: '12345678' }] },
    { all: [{ key: '12345678' }] },
    { all: { a: '12345678' } },
    ['12345678'],
  ]) {
    const lines = outcome(whole, value) as string[];
    t.equal(lines.length, 1, JSON.stringify(value));
    t.notMatch(lines[0], /12345678/, lines[0]!);
  }
  t.same(outcome(whole, { auth: '12345678' }), [
    'auth: expected a map, got another type (value not shown). Give a map.',
  ]);
  t.end();
});
