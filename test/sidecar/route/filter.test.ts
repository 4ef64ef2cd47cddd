import fc from 'fast-check';
import t from 'tap';
import { decodeConfig } from '../../../contract/config/load.ts';
import { formatProblem } from '../../../contract/config/problem.ts';
import { parserOf } from '../../../sidecar/parse/parse.ts';
import { rulesOf } from '../../../sidecar/route/filter.ts';
import { ecs } from '../../../sidecar/schema/ecs.ts';
import type { LogEvent } from '../../../sidecar/types.ts';
import { logFile, pod } from '../fixtures.ts';

const NOW = Date.UTC(2026, 0, 2);
const file = logFile();
const read = (text: string, start = 0): LogEvent =>
  parserOf({ format: 'auto', time: undefined }).parse({ file, start, end: start + 1, text, flags: 0 }, NOW);

/** Filters as a user writes them. */
function rules(...filters: unknown[]) {
  const decoded = decodeConfig({ inputs: [{ paths: ['/a'] }], outputs: { o: { type: 'stdout' } }, filters });
  if (!decoded.ok) throw new Error(decoded.problems.map(formatProblem).join('\n'));
  return rulesOf(decoded.config.filters, 'filters');
}
const run = (event: LogEvent, ...filters: unknown[]): LogEvent | undefined => through(event, rules(...filters));
function through(event: LogEvent, all: ReturnType<typeof rules>, now = NOW): LogEvent | undefined {
  let left: LogEvent | undefined = event;
  for (const rule of all) left = left && rule.apply(left, now);
  return left;
}
const render = ecs(pod(), () => undefined);
const app = (event: LogEvent): string | undefined => /"app":(\{.*?\}),"service"/.exec(render(event))?.[1];

t.test('minLevel, keep and drop, with when', (t) => {
  const debug = read('{"level":"debug","path":"/healthz"}');
  t.equal(run(debug, { minLevel: 'info' }), undefined);
  t.equal(run(debug, { minLevel: 'debug' }), debug);
  t.ok(run(read('plain text'), { minLevel: 'fatal' }), 'records without a level pass');
  t.equal(run(debug, { drop: { path: ['/healthz', '/livez'] } }), undefined);
  t.equal(run(debug, { keep: { path: '/livez' } }), undefined);
  t.equal(run(debug, { keep: { path: '/healthz' } }), debug);
  t.equal(run(debug, { minLevel: 'info', when: { path: '/other' } }), debug);
  t.equal(run(read('[* noise'), { drop: { message: '/^\\[\\*/' } }), undefined);
  t.end();
});

t.test('redact: fields and patterns, in the fields and in the text, and nothing else', (t) => {
  const text =
    '{"user":{"email":"a@b.c","id":12345678901234567890},"password":"s3cret","card":4111111111111111,"n":1.10,"msg":"card 4111111111111111 of a@b.c"}';
  const event = run(read(text), {
    redact: { fields: ['password', 'user.email'], patterns: ['\\b\\d{16}\\b'], with: '***' },
  })!;
  t.equal(
    event.text,
    '{"user":{"email":"***","id":12345678901234567890},"password":"***","card":"***","n":1.10,"msg":"card *** of a@b.c"}',
    'numbers keep every digit',
  );
  t.equal(app(event), event.text, 'the document has the same');
  const other = run(read('level=info msg="login" password=s3cret took=1'), { redact: { fields: ['password'] } })!;
  t.equal(other.text, 'level=info msg="login" password=[redacted] took=1');
  t.match(other.fields, { password: '[redacted]', took: '1' });
  t.equal(run(read('card 4111111111111111'), { redact: { patterns: ['\\d{16}'] } })!.text, 'card [redacted]');
  const same = read('{"a":1}');
  t.equal(run(same, { redact: { fields: ['b'], patterns: ['x'] } }), same, 'what does not change is not made anew');
  t.end();
});

t.test('redact: whatever a JSON line hides it in', (t) => {
  for (const text of [
    '{"a":"s3cret","a":"x"}',
    '{"s3cret":1}',
    '{"a":[{"b":"xs3cretx"}]}',
    '{"a":"s3cret"',
    '{"a":"\\u00733cret"}',
  ]) {
    const event = run(read(text), { redact: { patterns: ['s3cret'] } })!;
    const document = render(event);
    t.notMatch(JSON.stringify(JSON.parse(document)), 's3cret', text);
  }
  t.end();
});

t.test('add, remove, rename', (t) => {
  const event = run(
    read('{"lvl":"warn","thread":"main","n":1.10,"a":{"b":1,"c":2}}'),
    { add: { env: 'prod', n: 2 } },
    { remove: ['thread', 'a.b'] },
    { rename: { lvl: 'level' } },
  )!;
  t.equal(app(event), '{"level":"warn","a":{"c":2},"env":"prod","n":2}');
  t.notMatch(event.text, 'thread', 'what is removed is not in the message either');
  t.equal(app(run(read('just text'), { add: { env: 'prod' } })!), '{"env":"prod"}');
  const exact = run(read('{"n":12345678901234567890.10,"x":1}'), { rename: { x: 'y' } })!;
  t.equal(app(exact), '{"n":12345678901234567890.10,"y":1}');
  t.equal(exact.text, '{"n":12345678901234567890.10,"x":1}', 'the line is what it was');
  t.end();
});

t.test('sample: a stable part; rateLimit: so many', (t) => {
  const passed = (rate: number): number[] =>
    Array.from({ length: 4000 }, (_, i) => i).filter((i) => run0(read('x', i * 100), rate));
  const half = rules({ sample: 0.1 });
  const run0 = (event: LogEvent, _rate: number): boolean => through(event, half) !== undefined;
  const first = passed(0.1);
  t.ok(first.length > 300 && first.length < 500, `${first.length} of 4000`);
  t.same(passed(0.1), first, 'the same ones again');
  const limit = rules({ rateLimit: { perSecond: 10, burst: 20 } });
  const at = (now: number, n: number): number =>
    Array.from({ length: n }, () => through(read('x'), limit, now)).filter(Boolean).length;
  t.same([at(NOW, 100), at(NOW, 5), at(NOW + 1000, 100), at(NOW + 100_000, 100)], [20, 0, 10, 20]);
  t.end();
});

t.test('each filter does one thing; what is wrong is said', (t) => {
  const problems = (...filters: unknown[]): string[] => {
    const decoded = decodeConfig({ inputs: [{ paths: ['/a'] }], outputs: { o: { type: 'stdout' } }, filters });
    return decoded.ok ? [] : decoded.problems.map(formatProblem);
  };
  t.match(problems({}), [/^filters\[0\]: it does nothing\. Give one of minLevel, keep/]);
  t.match(problems({ when: { a: 1 } }), [/it does nothing/]);
  t.match(problems({ sample: 0.1, minLevel: 'info' }), [/it does several things: minLevel, sample/]);
  t.match(problems({ minLevel: 'warning' }), [/minLevel: expected one of trace, .* Give one of trace/]);
  t.match(problems({ drop: { status: '>=five' } }), [/"five" is neither a number nor a level/]);
  t.match(problems({ drop: { a: '/(?!x)/' } }), [/may take for ever/]);
  t.match(problems({ sample: 2 }), [/out of range/]);
  t.match(problems({ dorp: {} }), [/unknown key "dorp"\. Did you mean "drop"\?/]);
  t.end();
});

t.test('property: whatever is filtered, the document is JSON and its message the text', (t) => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.string(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'x.y', '__proto__'), tie('any'), { maxKeys: 3 }),
    ),
  })).any;
  const all = rules(
    { redact: { fields: ['a', 'b.a'], patterns: ['[aeiou]'] } },
    { remove: ['x.y', 'b'] },
    { rename: { a: 'c' } },
    { add: { z: 1 } },
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'level', 'x.y', 'logger'), value), (fields) => {
      const event = through(read(JSON.stringify(fields)), all)!;
      return (JSON.parse(render(event)) as { message: string }).message === event.text;
    }),
    { numRuns: 500 },
  );
  t.end();
});
