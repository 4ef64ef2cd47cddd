import t from 'tap';
import { actionLine, readBulkAnswer } from '../../../../sidecar/sinks/elasticsearch/bulk.ts';
import { logEvent } from '../../fixtures.ts';

const read = (body: unknown, count: number, status = 200, retryAfter?: string) =>
  readBulkAnswer(status, retryAfter, typeof body === 'string' ? body : JSON.stringify(body), count, 0);
const item = (status: number, type?: string, reason?: string): object => ({
  create: { status, ...(type === undefined ? {} : { error: { type, reason } }) },
});

t.test('the action line', (t) => {
  const event = logEvent({ start: 36 });
  t.equal(actionLine('logs-a', event, true), '{"create":{"_index":"logs-a","_id":"AAAAAAAAAAAAAAAA10"}}');
  t.equal(actionLine('logs-a', event, false), '{"create":{"_index":"logs-a"}}');
  t.same(JSON.parse(actionLine('a"b\n', event, false)), { create: { _index: 'a"b\n' } }, 'a name cannot end the line');
  t.notMatch(actionLine('a"b\n', event, false), /\n/);
  t.end();
});

t.test('all delivered', (t) => {
  t.same(read({ errors: false, items: [item(201), item(201)] }, 2), { kind: 'delivered', repeated: 0 });
  t.end();
});

t.test('each item by its status', (t) => {
  const statuses = [201, 409, 400, 429, 503, 500, 401, 403, 404, 422];
  const items = statuses.map((status) => item(status, 'some_type', 'why'));
  t.same(read({ errors: true, items }, items.length), {
    kind: 'items',
    repeated: 1,
    outcomes: [
      { kind: 'delivered' },
      { kind: 'delivered' },
      { kind: 'rejected', reason: 'rejected', message: '400 some_type: why', detail: '400 some_type: why' },
      { kind: 'retry', reason: 'throttled', message: '429 some_type: why' },
      { kind: 'retry', reason: 'unavailable', message: '503 some_type: why' },
      { kind: 'retry', reason: 'unavailable', message: '500 some_type: why' },
      { kind: 'retry', reason: 'unauthorized', message: '401 some_type: why' },
      { kind: 'retry', reason: 'forbidden', message: '403 some_type: why' },
      { kind: 'retry', reason: 'not_found', message: '404 some_type: why' },
      { kind: 'rejected', reason: 'rejected', message: '422 some_type: why', detail: '422 some_type: why' },
    ],
  });
  t.end();
});

t.test('the status of the whole', (t) => {
  const message = (status: number): string => `HTTP ${status}: no way`;
  t.same(read('no\n  way', 1, 413), { kind: 'split', message: message(413) });
  for (const [status, reason] of [
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
  ] as const)
    t.same(read('no way', 1, status), { kind: 'hold', reason, message: message(status) });
  for (const [status, reason] of [
    [429, 'throttled'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [400, 'bad_answer'],
    [302, 'bad_answer'],
  ] as const)
    t.same(read('no way', 1, status), { kind: 'retry', reason, message: message(status) });
  t.same(read('no way', 1, 503, '9'), {
    kind: 'retry',
    reason: 'unavailable',
    message: message(503),
    retryAfterMs: 9000,
  });
  t.end();
});

t.test('an answer that is none settles nothing', (t) => {
  for (const body of [
    '',
    '<html>welcome to the proxy</html>',
    'null',
    '[]',
    '{}',
    '{"errors":false}',
    '{"errors":false,"items":[]}',
    '{"errors":false,"items":{"length":2}}',
    { errors: false, items: [item(201)] },
    { errors: false, items: [item(201), item(201), item(201)] },
  ])
    t.match(read(body, 2), { kind: 'retry', reason: 'bad_answer' }, JSON.stringify(body));
  t.end();
});

t.test('bug: an item that is no object crashed the sidecar', (t) => {
  for (const odd of [null, 7, 'x', {}, { create: null }, { create: { status: '201' } }])
    t.match(
      read({ errors: true, items: [item(201), odd] }, 2),
      { kind: 'items', outcomes: [{ kind: 'delivered' }, { kind: 'retry', reason: 'bad_answer' }] },
      JSON.stringify(odd),
    );
  t.end();
});

t.test('bug: the log quoted documents, which may hold secrets', (t) => {
  for (const [reason, message] of [
    [
      "failed to parse field [app.n] of type [long] in document with id 'a'. Preview of field's value: 'hunter2'",
      "failed to parse field [app.n] of type [long] in document with id '…'",
    ],
    [
      '[1:9] failed to parse: Duplicate field \'hunter2\'\n at [Source: (byte[])"{hunter2"]',
      "[1:9] failed to parse: Duplicate field '…'\n",
    ],
    [
      'failed to parse date field [hunter2] with format [strict_date_optional_time]',
      'failed to parse date field […] with format [strict_date_optional_time]',
    ],
    ['For input string: "hunter2"', 'For input string: "…"'],
    ["it is said that 'hunter2 and no end", "it is said that '…'"],
    ['Limit of total fields [1000] has been exceeded', 'Limit of total fields [1000] has been exceeded'],
  ] as const) {
    const { outcomes } = read({ errors: true, items: [item(400, 'a', reason)] }, 1) as unknown as {
      outcomes: { message: string; detail: string }[];
    };
    t.equal(outcomes[0]!.message, `400 a: ${message}`.trimEnd());
    t.equal(outcomes[0]!.detail, `400 a: ${reason}`, 'the dead letter has all of it');
  }
  t.end();
});

t.test('messages are short', (t) => {
  const long = 'x'.repeat(10_000);
  const { outcomes } = read({ errors: true, items: [item(400, 'a', long)] }, 1) as unknown as {
    outcomes: { message: string }[];
  };
  t.ok(outcomes[0]!.message.length <= 500);
  t.ok((read(long, 1, 500) as unknown as { message: string }).message.length <= 400);
  t.end();
});
