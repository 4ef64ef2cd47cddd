import fc from 'fast-check';
import t from 'tap';
import { parserOf } from '../../../sidecar/parse/parse.ts';
import type { Render } from '../../../sidecar/schema/json.ts';
import { rawDocument, rawLine } from '../../../sidecar/schema/raw.ts';
import { renderer } from '../../../sidecar/schema/schema.ts';
import { FLAGS, type LogEvent } from '../../../sidecar/types.ts';
import { input, logFile, pod } from '../fixtures.ts';

const NOW = Date.UTC(2026, 0, 2);
const file = logFile({ input: input({ fields: { team: 'shop' } }) });
const read = (text: string, format: 'auto' | 'spring' | 'nginx' = 'auto', flags = 0): LogEvent =>
  parserOf({ format, time: undefined }).parse({ file, start: 7, end: 9, text, flags }, NOW);
const POD = pod({ labels: { app: 'web', 'app.kubernetes.io/name': 'shop' } });
const shape = (schema: 'ecs' | 'fluent' | 'otel', event: LogEvent): unknown => JSON.parse(renderer(schema, POD)(event));

const HEALTH =
  '2021-10-23 14:15:48.491 [http-nio-8080-exec-7] INFO  k.s.presentation.api.HealthApi - Health GET API called.';

t.test('the line of the first users in all shapes', (t) => {
  const event = read(HEALTH, 'spring');
  t.match(shape('ecs', event), {
    '@timestamp': '2021-10-23T14:15:48.491Z',
    message: HEALTH,
    log: { level: 'INFO', logger: 'k.s.presentation.api.HealthApi', offset: 7, file: { path: '/var/log/app.log' } },
    process: { thread: { name: 'http-nio-8080-exec-7' } },
    app: { team: 'shop' },
    kubernetes: { labels: { app: 'web', 'app_kubernetes_io/name': 'shop' } },
  });
  t.same(shape('fluent', event), {
    '@timestamp': '2021-10-23T14:15:48.491Z',
    log: HEALTH,
    log_processed: { team: 'shop', thread: 'http-nio-8080-exec-7', logger: 'k.s.presentation.api.HealthApi' },
    stream: 'stdout',
    kubernetes: {
      pod_name: 'web-1',
      namespace_name: 'shop',
      pod_id: 'uid-1',
      pod_ip: '10.0.0.1',
      host: 'node-a',
      container_name: 'app',
      labels: { app: 'web', 'app_kubernetes_io/name': 'shop' },
    },
  });
  t.same(shape('otel', event), {
    '@timestamp': '2021-10-23T14:15:48.491Z',
    observed_timestamp: '2026-01-02T00:00:00.000Z',
    severity_text: 'INFO',
    severity_number: 9,
    body: { text: HEALTH },
    attributes: {
      'log.file.path': '/var/log/app.log',
      'log.file.offset': 7,
      team: 'shop',
      thread: 'http-nio-8080-exec-7',
      logger: 'k.s.presentation.api.HealthApi',
    },
    resource: {
      attributes: {
        'service.name': 'shop',
        'k8s.namespace.name': 'shop',
        'k8s.pod.name': 'web-1',
        'k8s.pod.uid': 'uid-1',
        'k8s.pod.ip': '10.0.0.1',
        'k8s.node.name': 'node-a',
        'k8s.container.name': 'app',
        'k8s.pod.label.app': 'web',
        'k8s.pod.label.app_kubernetes_io/name': 'shop',
      },
    },
  });
  t.equal(rawLine(event), HEALTH);
  t.same(JSON.parse(rawDocument(event)), { '@timestamp': '2021-10-23T14:15:48.491Z', message: HEALTH });
  t.end();
});

t.test('an nginx line, and a record of several lines', (t) => {
  const access = '10.0.0.1 - - [23/Oct/2021:14:15:48 +0900] "GET /orders HTTP/1.1" 503 17 "-" "curl/8"';
  t.match(shape('fluent', read(access)), {
    '@timestamp': '2021-10-23T05:15:48.000Z',
    log: access,
    log_processed: { client: '10.0.0.1', method: 'GET', path: '/orders', status: 503, bytes: 17 },
  });
  t.match(shape('otel', read(access)), { attributes: { status: 503, user_agent: 'curl/8' } });
  const trace = `${HEALTH}\njava.lang.IllegalStateException: no\n\tat a.B.c(D.java:1)`;
  const event = read(trace, 'spring', FLAGS.multiline);
  t.match(shape('ecs', event), { message: trace, log: { flags: ['multiline'] } });
  t.match(shape('fluent', event), { log: trace });
  t.match(shape('otel', event), { body: { text: trace }, attributes: { 'log.flags': ['multiline'] } });
  t.end();
});

t.test("a JSON application's own names break no document", (t) => {
  const text =
    '{"level":"error","@timestamp":"x","log":"text","kubernetes":"k","message":{"an":"object"},"trace.id":"1","team":"own","log.file.path":"/p","n":1.10}';
  for (const schema of ['ecs', 'fluent', 'otel'] as const) {
    const document = renderer(schema, POD)(read(text));
    t.match(document, '"n":1.10', `${schema}: numbers as they were written`);
    const names = [...document.matchAll(/"(?:log\.file\.path|team)":/g)].map(String);
    t.equal(new Set(names).size, names.length, `${schema}: no name twice`);
  }
  t.match(shape('ecs', read(text)), { message: text, log: { level: 'ERROR' }, kubernetes: { namespace: 'shop' } });
  t.match(shape('fluent', read(text)), { log: text, kubernetes: { namespace_name: 'shop' } });
  t.match(shape('otel', read(text)), { body: { text }, attributes: { log: 'text', team: 'own' } });
  t.end();
});

t.test('property: of any text and any JSON line, each shape gives back the message exactly', (t) => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json({ noUnicodeString: false } as never),
    fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
  );
  const messageOf: Record<string, (document: never) => unknown> = {
    ecs: ({ message }: { message: string }) => message,
    fluent: ({ log }: { log: string }) => log,
    otel: ({ body }: { body: { text: string } }) => body.text,
  };
  const renders = Object.keys(messageOf).map((schema) => [schema, renderer(schema as 'ecs', POD)] as [string, Render]);
  fc.assert(
    fc.property(texts, (text) => {
      const event = read(text);
      return renders.every(([schema, render]) => {
        const document = render(event);
        return !document.includes('\n') && messageOf[schema]!(JSON.parse(document) as never) === text;
      });
    }),
    { numRuns: 1000 },
  );
  t.end();
});
