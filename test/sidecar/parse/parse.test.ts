import fc from 'fast-check';
import t from 'tap';
import { parserOf } from '../../../sidecar/parse/parse.ts';
import { ecs } from '../../../sidecar/schema/ecs.ts';
import { FLAGS, type Input, type LogEvent } from '../../../sidecar/types.ts';
import { logFile, pod } from '../fixtures.ts';

const file = logFile();
const NOW = Date.UTC(2026, 0, 2);
const read = (text: string, format: Input['format'] = 'auto', flags = 0): LogEvent =>
  parserOf({ format, time: undefined }).parse({ file, start: 3, end: 9, text, flags }, NOW);

t.test('text: read time, flagged; the level that the line names', (t) => {
  t.same(read('[main] WARN k.s.Health - slow'), {
    file,
    start: 3,
    end: 9,
    text: '[main] WARN k.s.Health - slow',
    flags: FLAGS.time_from_read,
    time: NOW,
    timeText: undefined,
    observedTime: NOW,
    level: 'warn',
    fields: undefined,
    isJson: false,
  });
  t.end();
});

t.test('raw looks for nothing', (t) => {
  const event = read('{"level":"ERROR","time":"2021-10-23T14:15:48Z"}', 'raw');
  t.same([event.level, event.fields, event.time], [undefined, undefined, NOW]);
  t.equal(read('ERROR x', 'raw').level, undefined);
  t.end();
});

t.test('JSON: level and time where loggers put them', (t) => {
  for (const [text, level] of [
    ['{"level":"ERROR"}', 'error'],
    ['{"level":30}', 'info'],
    ['{"log.level":"warn"}', 'warn'],
    ['{"log":{"level":"warn"}}', 'warn'],
    ['{"severity":"WARNING"}', 'warn'],
    ['{"levelname":"CRITICAL"}', 'fatal'],
    ['{"@l":"Debug"}', 'debug'],
    ['{"level":"?","severity":"info"}', 'info'],
    ['{"msg":"ERROR"}', undefined],
    ['{"log":"level"}', undefined],
    ['{"log":null}', undefined],
  ] as const)
    t.equal(read(text).level, level, text);
  for (const key of ['@timestamp', 'timestamp', 'time', 'ts', '@t', 'datetime']) {
    const event = read(`{"${key}":"2021-10-23T14:15:48.123456Z"}`);
    t.same([event.time, event.timeText], [Date.UTC(2021, 9, 23, 14, 15, 48, 123), '2021-10-23T14:15:48.123456Z'], key);
    t.equal(event.flags, 0);
    t.equal(event.observedTime, NOW);
  }
  t.equal(read('{"time":"noon"}').flags, FLAGS.time_from_read);
  t.end();
});

t.test('what is no JSON object is text; only format json flags it', (t) => {
  for (const text of ['{"a":', '{a}', 'plain', '[1,2]', '"x"', 'null', '']) {
    const [auto, json] = [read(text), read(text, 'json')];
    t.same([auto.fields, auto.flags], [undefined, FLAGS.time_from_read], text);
    t.same([json.fields, json.flags], [undefined, FLAGS.time_from_read | FLAGS.parse_failed], text);
  }
  t.same(read('  {"a":1}', 'json').fields, { a: 1 }, 'white space around');
  t.equal(read('  {"a":1}').fields, undefined, 'auto decides by the first character');
  t.end();
});

t.test('flags of the frame stay', (t) => {
  t.equal(read('x', 'auto', FLAGS.partial).flags, FLAGS.partial | FLAGS.time_from_read);
  t.equal(read('{"ts":1634998548}', 'auto', FLAGS.invalid_utf8).flags, FLAGS.invalid_utf8);
  t.end();
});

const KEYS = ['level', 'log', 'severity', 'time', 'ts', '@timestamp', 'logger', 'thread', 'message', 'constructor'];
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>('constructor', '__proto__', 'toString', 1e300, -1, 9e15, 1e17, '2021-02-30T00:00:00Z'),
);

t.test('property: whatever stands in a JSON line, it becomes a record that can be written', (t) => {
  const render = ecs(pod(), () => undefined);
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...KEYS), value),
      fc.constantFrom<Input['format']>('auto', 'json', 'raw'),
      (fields, format) => {
        const text = JSON.stringify(fields);
        return JSON.parse(render(read(text, format))).message === text;
      },
    ),
    { numRuns: 1000 },
  );
  t.end();
});
