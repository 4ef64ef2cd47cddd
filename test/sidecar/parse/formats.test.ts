import { globSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { FormatConfig, TimeConfig } from '../../../contract/config/formats.ts';
import { multiline } from '../../../sidecar/framing/multiline.ts';
import { parserOf } from '../../../sidecar/parse/parse.ts';
import { FLAGS, type LogEvent } from '../../../sidecar/types.ts';
import { logFile } from '../fixtures.ts';
import { recordsOf } from '../framing/joining.ts';

const NOW = Date.UTC(2026, 10, 22);
const file = logFile();
const read = (format: FormatConfig, text: string, time?: Partial<TimeConfig>): LogEvent =>
  parserOf({ format, time: time as TimeConfig | undefined }).parse({ file, start: 0, end: 1, text, flags: 0 }, NOW);
const timeOf = (event: LogEvent): string => event.timeText ?? new Date(event.time).toISOString();

/** Folders of `test/fixtures/formats`, their formats, and texts that are of none. */
const FIXTURES: readonly (readonly [files: string, format: FormatConfig, others: readonly RegExp[]])[] = [
  ['spring-boot/*', 'spring', [/^\s*$/, /____|___'|\|___/]],
  ['log4j2/*', 'log4j', []],
  ['nginx/combined', 'nginx', []],
  ['nginx/error', 'nginx-error', []],
  ['nginx/ltsv', 'ltsv', []],
  ['apache/{common,combined,vhost_combined}', 'apache', []],
  ['apache/error', 'apache', [/^cannot price$/, /^ {2}item 17$/]], // what a CGI program says has no prefix
  ['klog/klog', 'klog', []],
  ['klog/file', 'klog', [/^(?:Log file|Running on|Binary|Log line)/]],
  ['logfmt/*', 'logfmt', [/^2026\/11\/21 /, /^lines id=17$/]], // Go's default handler is no logfmt
  ['syslog/*', 'syslog', []],
  ['json/*', 'json', []],
];

for (const how of ['by name', 'auto'] as const)
  t.test(`lines of real programs, ${how}`, (t) => {
    for (const [files, format, others] of FIXTURES) {
      for (const path of globSync(`test/fixtures/formats/${files}.log`)) {
        const { parse, formats } = parserOf({ format: how === 'auto' ? 'auto' : format, time: undefined });
        const rule = multiline({ preset: 'auto', maxLines: 500, maxBytes: 2 ** 20, idleFlush: 2000 });
        const each = multiline({ start: /^/, maxLines: 500, maxBytes: 2 ** 20, idleFlush: 2000 });
        const isJoined = ['spring', 'log4j', 'klog'].includes(String(format));
        const records = recordsOf(readFileSync(path), isJoined ? rule : each);
        const events = records.map(({ text, start, end, flags }) =>
          parse({ file, start, end, text: text!, flags }, NOW),
        );
        const failed = events.filter(({ fields }) => fields === undefined).map(({ text }) => text);
        const unknown = failed.filter((text) => !others.some((other) => other.test(text)));
        t.same(unknown, [], `${path}: ${[...formats].map(([name, n]) => `${name} ${n}`).join(', ')}`);
        const zoned = how === 'by name' || /\/(?:nginx\/combined|apache\/c|syslog\/(?:file|rfc)|json)/.test(path);
        const untimed = events.filter(({ fields, flags }) => fields !== undefined && flags & FLAGS.time_from_read);
        // Some records of these say no time; python-json-logger's has no zone.
        const mayBe = /python-json/.test(path) ? events.length : /json|logfmt/.test(path) ? events.length / 2 : 0;
        if (zoned) t.ok(untimed.length <= mayBe, `${path}: ${untimed.length} of ${events.length} have no time`);
      }
    }
    t.end();
  });

t.test('the line of the first users, an nginx line, and their fields', (t) => {
  const health =
    '2021-10-23 14:15:48.491 [http-nio-8080-exec-7] INFO  k.s.presentation.api.HealthApi - Health GET API called.';
  for (const format of ['spring', 'auto'] as const)
    t.match(read(format, health, { zone: 'Asia/Seoul' }), {
      text: health,
      level: 'info',
      time: Date.UTC(2021, 9, 23, 5, 15, 48, 491),
      flags: 0,
      fields: { thread: 'http-nio-8080-exec-7', logger: 'k.s.presentation.api.HealthApi' },
    });
  t.equal(read('auto', health).flags, FLAGS.time_from_read, 'without a zone nobody knows which hour it is');
  t.equal(timeOf(read('spring', health)), '2021-10-23T14:15:48.491Z', 'who names the format gets UTC');
  const access =
    '10.0.0.1 - - [23/Oct/2021:14:15:48 +0900] "GET /healthz?deep=1 HTTP/1.1" 503 17 "-" "kube-probe/1.30" "1.2.3.4"';
  t.match(read('nginx', access), {
    time: Date.UTC(2021, 9, 23, 5, 15, 48),
    fields: {
      client: '10.0.0.1',
      method: 'GET',
      path: '/healthz?deep=1',
      status: 503,
      bytes: 17,
      user_agent: 'kube-probe/1.30',
    },
  });
  t.match(read('syslog', '<11>Oct 23 14:15:48 web-1 shop[17]: cannot price'), {
    level: 'error',
    fields: { host: 'web-1', program: 'shop', pid: 17 },
  });
  t.match(read('klog', 'E1023 14:15:48.491123      17 cart.go:12] "Cannot price" order=17'), {
    level: 'error',
    fields: { tid: 17, source: 'cart.go:12' },
  });
  t.end();
});

t.test("a user's expression: groups are fields, with their types", (t) => {
  const format: FormatConfig = {
    regex: '^(?<time>\\S+) (?<level>\\w+) (?<status>\\d+) (?<took>[\\d.]+) (?<ok>\\w+) (?<message>.*)$',
    types: { status: 'int', took: 'float', ok: 'bool' },
  };
  const event = read(format, '2021-10-23T14:15:48.491123Z warning 503 1.5 no it went on');
  t.match(event, { level: 'warn', flags: 0, timeText: '2021-10-23T14:15:48.491123Z' });
  t.match(event.fields, { status: 503, took: 1.5, ok: false, message: 'it went on' });
  const other = read(format, 'another line');
  t.match(other, { text: 'another line', fields: undefined, flags: FLAGS.parse_failed | FLAGS.time_from_read });
  t.end();
});

t.test('time: field, format and zone', (t) => {
  const of = (value: unknown, time: Partial<TimeConfig>): string => {
    const event = read('json', JSON.stringify({ at: value }), { field: 'at', ...time });
    return event.flags & FLAGS.time_from_read ? 'of reading' : timeOf(event);
  };
  t.equal(of('23.10.2021 14:15', { format: 'dd.MM.yyyy HH:mm', zone: 'Asia/Seoul' }), '2021-10-23T05:15:00.000Z');
  t.equal(of('2021-10-23 14:15:48,491', { zone: 'Asia/Seoul' }), '2021-10-23T05:15:48.491Z');
  t.equal(of('2021-10-23 14:15:48,491', {}), 'of reading');
  t.equal(of('2021-10-23 14:15:48,491', { format: 'iso' }), '2021-10-23T14:15:48.491Z');
  t.equal(of(1635000000, { format: 'epoch' }), '2021-10-23T14:40:00.000Z');
  t.equal(of('1635000000.123456', { format: 'epoch' }), '2021-10-23T14:40:00.123456Z');
  t.equal(of(1635000000123, { format: 'epoch_ms' }), '2021-10-23T14:40:00.123Z');
  t.equal(of('1635000000123456', { format: 'epoch_us' }), '2021-10-23T14:40:00.123456Z');
  t.equal(of('1635000000123456789', { format: 'epoch_ns' }), '2021-10-23T14:40:00.123456789Z');
  t.equal(of('noon', { format: 'epoch' }), 'of reading');
  t.equal(of('1970-01-01T00:00:07Z', {}), 'of reading', 'a clock that was never set');
  t.equal(of('2099-01-01T00:00:00Z', {}), 'of reading', 'absurd');
  t.end();
});
