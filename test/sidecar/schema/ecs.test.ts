import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { parserOf } from '../../../sidecar/parse/parse.ts';
import { ecs } from '../../../sidecar/schema/ecs.ts';
import { FLAGS, type LogEvent } from '../../../sidecar/types.ts';
import { input, logEvent, logFile, pod } from '../fixtures.ts';

const render = ecs(pod(), () => undefined);
const NOW = Date.UTC(2026, 0, 2);
/** A JSON line of a file with these static fields, as an event. */
const jsonLine = (text: string, fields: Record<string, string | number | boolean> = {}): LogEvent =>
  parserOf({ format: 'json', time: undefined }).parse(
    { file: logFile({ input: input({ fields }) }), start: 0, end: 1, text, flags: 0 },
    NOW,
  );
/** The text of `app` in the document of a JSON line, as it stands there. */
const appText = (text: string, fields: Record<string, string | number | boolean> = {}): string | undefined =>
  /"app":(.*),"service":/.exec(render(jsonLine(text, fields)))?.[1];

t.test('a line of text, with all that is known of the pod', (t) => {
  const all = ecs(
    pod({
      cluster: 'prod-1',
      labels: { 'app.kubernetes.io/name': 'shop', app: 'x', tier: 'web' },
      annotations: { 'a.b/c': 'd' },
    }),
    () => ({ type: 'logs', dataset: 'app', namespace: 'shop' }),
  );
  const event = logEvent({
    text: 'it "broke"',
    level: 'error',
    start: 42,
    flags: FLAGS.partial | FLAGS.time_from_read,
  });
  t.same(JSON.parse(all(event)), {
    '@timestamp': '2026-01-02T03:04:05.006Z',
    message: 'it "broke"',
    log: { level: 'ERROR', offset: 42, flags: ['partial', 'time_from_read'], file: { path: '/var/log/app.log' } },
    event: { created: '2026-01-02T03:04:05.007Z' },
    service: { name: 'shop' },
    host: { name: 'node-a' },
    container: { name: 'app' },
    orchestrator: { cluster: { name: 'prod-1' }, type: 'kubernetes' },
    kubernetes: {
      namespace: 'shop',
      pod: { name: 'web-1', uid: 'uid-1', ip: '10.0.0.1' },
      node: { name: 'node-a' },
      container: { name: 'app' },
      labels: { 'app_kubernetes_io/name': 'shop', app: 'x', tier: 'web' },
      annotations: { 'a_b/c': 'd' },
    },
    data_stream: { type: 'logs', dataset: 'app', namespace: 'shop' },
    ecs: { version: '8.17.0' },
  });
  t.end();
});

t.test('what is not known is not there', (t) => {
  const none = { name: undefined, namespace: undefined, uid: undefined, ip: undefined, node: undefined };
  const bare = ecs(pod(none), () => undefined);
  t.same(JSON.parse(bare(logEvent({ file: logFile({ input: input({ container: undefined }) }) }))), {
    '@timestamp': '2026-01-02T03:04:05.006Z',
    message: 'hello',
    log: { offset: 0, file: { path: '/var/log/app.log' } },
    event: { created: '2026-01-02T03:04:05.007Z' },
    ecs: { version: '8.17.0' },
  });
  t.end();
});

t.test('fields of a JSON line stand under app as they were written', (t) => {
  for (const text of [
    '{"a":1}',
    '{"big":12345678901234567890.000100,"exp":1E400,"neg":-0}',
    '{"n":null,"t":true,"o":{"x":[1, 2,  {"y":"\\u00e9\\n"}]}}',
    '{"quote":"\\"}{"}',
  ])
    t.equal(appText(text), text, text);
  t.equal(appText('  { "a" : 1 }  '), '{"a" : 1 }', 'white space around');
  t.equal(appText('{}'), '{}');
  t.equal(appText('{ }'), '{}');
  t.end();
});

t.test('static fields', (t) => {
  const fields = { team: 'pay', n: 1, on: true };
  t.equal(appText('{"a":1}', fields), '{"team":"pay","n":1,"on":true,"a":1}');
  t.equal(appText('{}', fields), '{"team":"pay","n":1,"on":true}');
  t.equal(appText(' { } ', fields), '{"team":"pay","n":1,"on":true}');
  t.equal(appText('{"team":"own"}', fields), '{"n":1,"on":true,"team":"own"}', "the record's own wins");
  t.equal(appText('{"team":1,"n":2,"on":3}', fields), '{"team":1,"n":2,"on":3}', 'all of them collide');
  t.equal(appText('{"constructor":1}', { constructor: 'c' }), '{"constructor":1}');
  t.equal(appText('{"a":1}', { constructor: 'c' }), '{"constructor":"c","a":1}');
  t.same(JSON.parse(render(logEvent({ file: logFile({ input: input({ fields }) }) }))).app, fields, 'of a text line');
  t.end();
});

t.test('logger and thread have their places', (t) => {
  const doc = JSON.parse(render(jsonLine('{"logger_name":"k.s.A","thread":"main"}')));
  t.equal(doc.log.logger, 'k.s.A');
  t.equal(doc.process.thread.name, 'main');
  t.equal(JSON.parse(render(jsonLine('{"logger":{"x":1},"thread":7}'))).process, undefined, 'only texts');
  t.end();
});

t.test("a file that is known under another path is reported under that one's name", (t) => {
  const file = logFile();
  t.equal(JSON.parse(render(logEvent({ file }))).log.file.path, '/var/log/app.log');
  file.path = '/var/log/app.log.1';
  t.equal(JSON.parse(render(logEvent({ file }))).log.file.path, '/var/log/app.log.1');
  t.end();
});

t.test('property: the document is one line of JSON and gives the text back exactly', (t) => {
  const scalars = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxKeys: 3 });
  const space = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), scalars, (text, fields) => {
      const document = render(logEvent({ text, file: logFile({ input: input({ fields }), path: text }) }));
      return !document.includes('\n') && JSON.parse(document).message === text;
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), scalars, space, space, (own, fields, before, after) => {
      const text = before + JSON.stringify(own) + after;
      const document = JSON.parse(render(jsonLine(text, fields)));
      const app = { ...document.app };
      return document.message === text && isDeepStrictEqual(app, { ...fields, ...JSON.parse(text) });
    }),
  );
  t.end();
});
