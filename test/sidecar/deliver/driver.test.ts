import t, { type Test } from 'tap';
import { BASE_MS, CAP_MS } from '../../../sidecar/deliver/backoff.ts';
import { RECORD_BYTES } from '../../../sidecar/deliver/budget.ts';
import type { SendResult } from '../../../sidecar/types.ts';
import { metric } from '../fixtures.ts';
import { type Bench, BUSY, benchOf, DELIVERED, items, NO, OK } from './scripted-sink.ts';

/** Everything is settled, and nothing is held on to. */
function done(t: Test, bench: Bench, settled: number): void {
  t.equal(bench.ledger.acked(bench.file), settled, `${settled} bytes are settled`);
  t.equal(bench.account.used, 0, 'the budget is free again');
  t.match(bench.driver.queue, { bytes: 0, batches: 0, inFlight: 0 });
}

t.test('a batch that is delivered is settled and counted', async (t) => {
  const bench = benchOf([{ kind: 'delivered', repeated: 1 }]);
  bench.submit('a', 'b');
  t.equal(bench.driver.queue.bytes, 4);
  await bench.driver.drained();
  done(t, bench, 20);
  t.same(bench.sent, ['a\nb\n']);
  t.equal(await metric(bench.telemetry, 'records_delivered_total', { output: 'es' }), 2);
  t.equal(await metric(bench.telemetry, 'records_repeated_total'), 1);
  await bench.driver.drained();
});

t.test('each record by its own outcome: only what failed is sent again', async (t) => {
  const bench = benchOf([
    items(OK, BUSY, OK, BUSY),
    () => {
      t.equal(bench.ledger.acked(bench.file), 10, 'settled up to the first that failed');
      t.equal(bench.account.used, 4 + 2 * RECORD_BYTES, 'only what is left is charged');
      return items(OK, BUSY);
    },
    () => {
      t.equal(bench.ledger.acked(bench.file), 30);
      return DELIVERED;
    },
  ]);
  bench.submit('a', 'b', 'c', 'd');
  await bench.driver.drained();
  t.same(bench.sent, ['a\nb\nc\nd\n', 'b\nd\n', 'd\n']);
  done(t, bench, 40);
  t.equal(await metric(bench.telemetry, 'records_delivered_total'), 4);
  t.equal(await metric(bench.telemetry, 'records_retried_total', { reason: 'throttled' }), 3);
});

t.test('a record refused for good goes to the dead letter and is settled', async (t) => {
  const bench = benchOf([items(OK, NO, BUSY)]);
  bench.submit('a', 'b', 'c');
  await bench.driver.drained();
  t.same(bench.sent, ['a\nb\nc\n', 'c\n']);
  t.match(bench.buried, [
    { output: 'es', reason: 'rejected', message: 'mapping', file: '/var/log/app.log', offset: 10, record: 'b' },
  ]);
  done(t, bench, 30);
  t.equal(await metric(bench.telemetry, 'records_delivered_total'), 2);
  t.equal(await metric(bench.telemetry, 'records_dead_lettered_total'), 1);
});

t.test('without a dead letter it is dropped and counted', async (t) => {
  const bench = benchOf([items(NO, OK)], { deadLetter: 'none' });
  bench.submit('a', 'b');
  await bench.driver.drained();
  done(t, bench, 20);
  t.equal(await metric(bench.telemetry, 'records_dropped_total', { reason: 'rejected' }), 1);
  t.equal(await metric(bench.telemetry, 'records_dead_lettered_total'), 0);
});

t.test('a dead letter that cannot be written settles nothing: the records are tried again', async (t) => {
  let tries = 0;
  const bench: Bench = benchOf([items(OK, NO), items(NO), items(NO)], {
    deadLetter: async (entries) => {
      t.equal(bench.ledger.acked(bench.file), tries === 0 ? 0 : 10, 'not settled');
      tries += 1;
      if (tries < 3) throw new Error('disk full');
      bench.buried.push(...entries);
    },
  });
  bench.submit('a', 'b');
  await bench.driver.drained();
  t.same(bench.sent, ['a\nb\n', 'b\n', 'b\n']);
  t.equal(bench.buried.length, 1);
  done(t, bench, 20);
  t.match(bench.logged[0], { error: 'the dead letter could not be written: disk full' });
  t.notOk(bench.driver.health.failing, 'and it is well again');
});

t.test('too much at once: in halves, in order, down to the record that alone is too large', async (t) => {
  const split: SendResult = { kind: 'split', message: '413' };
  const bench = benchOf([split, split, DELIVERED, split]);
  bench.submit('a', 'b', 'c', 'd');
  await bench.driver.drained();
  t.same(bench.sent, ['a\nb\nc\nd\n', 'a\nb\n', 'a\n', 'b\n', 'c\nd\n']);
  t.match(bench.buried, [{ reason: 'too_large', message: '413', record: 'b' }]);
  t.same(bench.waits, [], 'without a wait');
  done(t, bench, 40);
});

t.test('hold: kept, shown, tried again slowly, until it is mended', async (t) => {
  const hold: SendResult = { kind: 'hold', reason: 'forbidden', message: 'no privilege' };
  const bench = benchOf([
    hold,
    hold,
    () => {
      t.match(bench.driver.health.held, { reason: 'forbidden', message: 'no privilege' });
      t.equal(bench.ledger.acked(bench.file), 0);
      return DELIVERED;
    },
  ]);
  bench.submit('a');
  await bench.driver.drained();
  t.equal(bench.driver.health.held, undefined);
  t.same(bench.sent, ['a\n', 'a\n', 'a\n']);
  done(t, bench, 10);
});

t.test('an item that needs somebody to mend something holds too', async (t) => {
  const bench = benchOf([
    items(OK, { kind: 'retry', reason: 'forbidden', message: 'index is read-only' }, BUSY),
    () => {
      t.match(bench.driver.health.held, { reason: 'forbidden' });
      return DELIVERED;
    },
  ]);
  bench.submit('a', 'b', 'c');
  await bench.driver.drained();
  t.same(bench.sent, ['a\nb\nc\n', 'b\nc\n']);
  done(t, bench, 30);
});

t.test('waits are within their bounds, and the server is listened to', async (t) => {
  const down: SendResult = { kind: 'retry', reason: 'connection', message: 'refused' };
  const bench = benchOf([...Array(20).fill(down), { ...down, retryAfterMs: 120_000 }]);
  bench.submit('a');
  await bench.driver.drained();
  t.equal(bench.waits.length, 21);
  t.ok(bench.waits.slice(0, 20).every((ms) => ms >= BASE_MS && ms <= CAP_MS));
  t.equal(bench.waits[0], BASE_MS, 'the first is short');
  t.equal(bench.waits[20], 120_000, 'Retry-After');
  done(t, bench, 10);
});

t.test('an overloaded server gets fewer requests at once, a recovered one more again', async (t) => {
  const busy: SendResult = { kind: 'retry', reason: 'throttled', message: '429' };
  const seen: number[] = [];
  const note = (result: SendResult) => (): SendResult => {
    seen.push(bench.driver.queue.concurrency);
    return result;
  };
  const bench = benchOf([note(busy), note(busy), note(DELIVERED)], { concurrency: 4 });
  bench.submit('a');
  await bench.driver.drained();
  t.same(seen, [4, 2, 1]);
  for (let i = 0; i < 20; i++) bench.submit('b');
  await bench.driver.drained();
  t.equal(bench.driver.queue.concurrency, 4);
});

t.test('a lost connection is no reason to send less', async (t) => {
  const bench = benchOf(
    [
      { kind: 'retry', reason: 'connection', message: 'reset' },
      () => {
        t.equal(bench.driver.queue.concurrency, 4);
        return DELIVERED;
      },
    ],
    { concurrency: 4 },
  );
  bench.submit('a');
  await bench.driver.drained();
  t.equal(bench.sent.length, 2);
});

t.test('never more requests at once than allowed; a later batch does not settle an earlier one', async (t) => {
  const answers: (() => void)[] = [];
  const later = () => new Promise<SendResult>((resolve) => answers.push(() => resolve(DELIVERED)));
  const bench = benchOf([later, later, later], { concurrency: 2 });
  for (const record of ['a', 'b', 'c']) bench.submit(record);
  t.match(bench.driver.queue, { inFlight: 2, batches: 1 });
  answers[1]!();
  await new Promise(setImmediate);
  t.equal(bench.sent.length, 3, 'the next one goes');
  t.equal(bench.ledger.acked(bench.file), 0, 'the first is not there yet');
  answers[2]!();
  answers[0]!();
  await bench.driver.drained();
  done(t, bench, 30);
});

t.test('stop gives up what is under way and queued: unsettled, and nothing is charged any more', async (t) => {
  const bench = benchOf([
    (_batch, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'retry', reason: 'connection', message: 'aborted' }));
      }),
  ]);
  bench.submit('a');
  bench.submit('b');
  await bench.driver.stop();
  t.ok(bench.closed, 'the sink is closed');
  t.equal(bench.sent.length, 1);
  t.same(bench.logged, [], 'our own end is no failure to speak of');
  done(t, bench, 0);
});

t.test('stop while waiting for the next attempt', async (t) => {
  const bench = benchOf([
    () => {
      void bench.driver.stop();
      return items(OK, BUSY);
    },
  ]);
  bench.submit('a', 'b');
  await bench.driver.drained();
  t.equal(bench.sent.length, 1, 'no other attempt');
  done(t, bench, 10);
});

t.test('a file that was closed meanwhile is settled for nobody', async (t) => {
  const bench = benchOf([
    () => {
      bench.ledger.close(bench.file);
      return DELIVERED;
    },
  ]);
  bench.submit('a');
  await bench.driver.drained();
  done(t, bench, 0);
});

t.test('bug: records that were refused for now counted as a success, so each attempt told of a recovery', async (t) => {
  const bench = benchOf([
    items(BUSY),
    items(BUSY),
    () => {
      t.ok(bench.driver.health.failing, 'not ready meanwhile');
      t.equal(bench.driver.health.lastSuccess, undefined);
      return items(OK);
    },
  ]);
  bench.submit('a');
  await bench.driver.drained();
  t.same(
    bench.logged.map(({ msg }) => msg),
    ['delivery failed: records are kept and tried again', 'delivering again'],
  );
  t.notOk(bench.driver.health.failing);
});
