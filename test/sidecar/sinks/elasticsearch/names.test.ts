import fc from 'fast-check';
import t from 'tap';
import { cleanName, compileName, dataStreamFields } from '../../../../sidecar/sinks/elasticsearch/names.ts';
import { input, logEvent, logFile, pod } from '../../fixtures.ts';

const name = (template: string, over: Parameters<typeof logEvent>[0] = {}, of = pod()): string =>
  compileName(template, of, { STAGE: 'Prod' })(logEvent(over));

t.test('every placeholder', (t) => {
  t.equal(name('logs-{container}-{namespace}'), 'logs-app-shop');
  t.equal(name('{pod}_{node}_{input}'), 'web-1_node-a_app');
  t.equal(
    name('x-{label:app}-{annotation:a.b/c}', {}, pod({ labels: { app: 'Web' }, annotations: { 'a.b/c': 'd e' } })),
    'x-web-d-e',
  );
  t.equal(name('x-{env:STAGE}-{env:NONE}'), 'x-prod-unknown');
  t.equal(name('{cluster}', {}, pod({ cluster: '' })), 'unknown');
  t.equal(name('logstash-{+yyyy.MM.dd}'), 'logstash-2026.01.02');
  t.equal(name('{+yyyy-MM-dd_HH}', { time: Date.UTC(999, 10, 9, 23) }), '0999-11-09_23');
  t.end();
});

t.test("fields: the record's own, else the static one", (t) => {
  const file = logFile({ input: input({ fields: { team: 'pay', n: 7 } }) });
  t.equal(name('x-{field:team}-{field:n}', { file }), 'x-pay-7');
  t.equal(name('x-{field:team}', { file, fields: { team: 'own' } }), 'x-own');
  t.equal(name('x-{field:team}', { fields: { team: { a: 1 } } }), 'x-unknown');
  t.equal(name('x-{field:team}', { fields: { team: '' } }), 'x-unknown');
  t.end();
});

t.test('names of one file are made once, those with a date or a field for each record', (t) => {
  const file = logFile();
  const daily = compileName('a-{+dd}', pod(), {});
  t.same(
    [1, 2].map((day) => daily(logEvent({ file, time: Date.UTC(2026, 0, day) }))),
    ['a-01', 'a-02'],
  );
  const byField = compileName('a-{field:f}', pod(), {});
  t.same(
    ['x', 'y'].map((f) => byField(logEvent({ file, fields: { f } }))),
    ['a-x', 'a-y'],
  );
  const byInput = compileName('a-{input}', pod(), {});
  t.same(
    ['x', 'y'].map((one) => byInput(logEvent({ file: logFile({ input: input({ name: one }) }) }))),
    ['a-x', 'a-y'],
  );
  t.end();
});

t.test('what Elasticsearch forbids is replaced', (t) => {
  t.equal(cleanName('A\\b/c*d?e"f<g>h|i j,k#l:m'), 'a-b-c-d-e-f-g-h-i-j-k-l-m');
  t.equal(cleanName('-_+.a-_+.'), 'a-_+.');
  for (const empty of ['', '.', '..', '-']) t.equal(cleanName(empty), 'unknown');
  t.equal(cleanName('a\n{"index":{}}\r\u2028b'), 'a-{-index--{}}--b');
  t.end();
});

t.test('bug: a long value of a field took seconds to be cut to the longest name', (t) => {
  t.equal(name('{field:f}', { fields: { f: 'é'.repeat(1_000_000) } }), 'é'.repeat(127));
  t.end();
});

t.test('property: whatever the value, the name is one that Elasticsearch takes', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (value) => {
      const clean = name('{field:f}', { fields: { f: value } });
      return (
        clean.length > 0 &&
        Buffer.byteLength(clean) <= 255 &&
        clean.isWellFormed() &&
        clean === clean.toLowerCase() &&
        !/^[-_+.]|[\\/*?"<>|,#:\s\u0000-\u001f\u007f]/.test(clean)
      );
    }),
    { numRuns: 500, examples: [['😀'.repeat(100)], [`a${'😀'.repeat(100)}`], [`ab${'😀'.repeat(100)}`]] },
  );
  t.end();
});

t.test('the parts of a data stream', (t) => {
  t.same(dataStreamFields('logs-app-shop'), { type: 'logs', dataset: 'app', namespace: 'shop' });
  t.same(dataStreamFields('logs-app-my-shop'), { type: 'logs', dataset: 'app', namespace: 'my-shop' });
  for (const other of ['logs', 'logs-app', 'logstash-2026.01.02', 'logs--x'])
    t.equal(dataStreamFields(other), undefined, other);
  t.end();
});
