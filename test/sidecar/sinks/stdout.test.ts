import { Writable } from 'node:stream';
import t from 'tap';
import { createStdoutSink, StandardOutput } from '../../../sidecar/sinks/stdout.ts';
import type { SendResult } from '../../../sidecar/types.ts';
import { batchOf, logEvent, logFile, pod } from '../fixtures.ts';

const never = new AbortController().signal;
const two = batchOf(logFile(), ['a\n', 'b\n']);

t.test('raw: the line as it was; ecs: one object a line', (t) => {
  const out = new Writable();
  const raw = createStdoutSink(
    'out',
    { type: 'stdout', schema: 'raw', when: undefined },
    pod(),
    new StandardOutput(out),
  );
  t.equal(raw.render(logEvent({ text: '{"a":1} ' })), '{"a":1} \n');
  const ecs = createStdoutSink(
    'out',
    { type: 'stdout', schema: 'ecs', when: undefined },
    pod(),
    new StandardOutput(out),
  );
  const line = ecs.render(logEvent({ text: 'hello' }));
  t.equal(JSON.parse(line).message, 'hello');
  t.match(line, /^[^\n]+\n$/);
  t.end();
});

t.test('delivered once the stream has taken it, and not before', async (t) => {
  const written: string[] = [];
  let taken: (() => void) | undefined;
  const out = new Writable({
    write(chunk, _encoding, callback) {
      written.push(String(chunk));
      taken = callback;
    },
  });
  const sink = createStdoutSink(
    'out',
    { type: 'stdout', schema: 'raw', when: undefined },
    pod(),
    new StandardOutput(out),
  );
  let result: unknown;
  const sending = sink.send(two, never).then((one) => {
    result = one;
  });
  await new Promise(setImmediate);
  t.same(written, ['a\nb\n']);
  t.equal(result, undefined);
  taken!();
  await sending;
  t.same(result, { kind: 'delivered', repeated: 0 });
});

t.test('a stream that nobody reads any more holds the records', async (t) => {
  const out = new Writable({
    write(_chunk, _encoding, callback) {
      callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  }).on('error', () => undefined);
  const sink = createStdoutSink(
    'out',
    { type: 'stdout', schema: 'raw', when: undefined },
    pod(),
    new StandardOutput(out),
  );
  t.same(await sink.send(two, never), { kind: 'hold', reason: 'closed', message: 'standard output: write EPIPE' });
  t.match(await sink.send(two, never), { kind: 'hold', reason: 'closed' }, 'and goes on to, when it is destroyed');
});

t.test('bug: a reader that never reads kept the sidecar from ending', async (t) => {
  const written: string[] = [];
  const takes: (() => void)[] = [];
  const out = new Writable({
    write(chunk, _encoding, callback) {
      written.push(String(chunk));
      takes.push(callback);
    },
  });
  const standard = new StandardOutput(out);
  const send = async (): Promise<SendResult> => {
    const stop = new AbortController();
    const sending = standard.write(two.body, stop.signal);
    await new Promise(setImmediate);
    stop.abort();
    return sending;
  };
  t.match(await send(), { kind: 'retry', reason: 'closed' });
  t.match(await send(), { kind: 'retry', reason: 'closed' }, 'the next one waits for it, so nothing of it is written');
  t.equal(written.length, 1);
  takes[0]!();
  t.equal(takes.length, 1);
});
