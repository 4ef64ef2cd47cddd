import fc from 'fast-check';
import t from 'tap';
import { Batcher, type BatchLimits } from '../../../sidecar/deliver/batcher.ts';
import { Account, RECORD_BYTES } from '../../../sidecar/deliver/budget.ts';
import type { Batch } from '../../../sidecar/types.ts';
import { logFile } from '../fixtures.ts';

const file = logFile();
const WIDE: BatchLimits = { maxBytes: 1e9, maxEvents: 1e9, maxAge: 1e9 };

function setUp(limits: Partial<BatchLimits>): {
  batcher: Batcher;
  account: Account;
  batches: Batch[];
  add: (text: string) => void;
} {
  const account = new Account(() => undefined);
  const batches: Batch[] = [];
  const batcher = new Batcher({ ...WIDE, ...limits }, account, (batch) => void batches.push(batch));
  let at = 0;
  return {
    batcher,
    account,
    batches,
    add: (text) => {
      batcher.add(text, file, at, at + 5);
      at += 5;
    },
  };
}

t.test('full by number of records', (t) => {
  const { batcher, batches, add } = setUp({ maxEvents: 2 });
  for (const text of ['a\n', 'b\n', 'c\n']) add(text);
  t.equal(batches.length, 1);
  t.same(batches[0], { body: Buffer.from('a\nb\n'), files: [file, file], starts: [0, 5], ends: [5, 10] });
  t.equal(batcher.length, 1);
  batcher.flush();
  t.same(batches[1], { body: Buffer.from('c\n'), files: [file], starts: [10], ends: [15] });
  batcher.flush();
  t.equal(batches.length, 2, 'an empty one is none');
  t.end();
});

t.test('full by bytes: a record that does not fit begins the next batch; one that fits nowhere goes alone', (t) => {
  const { batcher, batches, add } = setUp({ maxBytes: 8 });
  for (const text of ['aaa\n', 'bbb\n', 'c\n', 'dddddddddddd\n', 'e\n']) add(text);
  batcher.flush();
  t.same(
    batches.map(({ body }) => body.toString()),
    ['aaa\nbbb\n', 'c\n', 'dddddddddddd\n', 'e\n'],
  );
  t.end();
});

t.test('bug: bytes were counted as characters, so a batch of other scripts was up to three times too large', (t) => {
  const { batcher, batches, add } = setUp({ maxBytes: 1024 });
  for (let i = 0; i < 100; i++) add('로그로그로그로그로그\n');
  batcher.flush();
  t.ok(batches.every(({ body }) => body.length <= 1024));
  t.ok(
    batches.slice(0, -1).every(({ body }) => body.length + 31 > 1024),
    'and each is as full as it can be',
  );
  t.end();
});

t.test('full by age', async (t) => {
  const batch = await new Promise<Batch>((full) => {
    new Batcher({ ...WIDE, maxAge: 1 }, new Account(() => undefined), full).add('a\n', file, 0, 2);
  });
  t.equal(batch.body.toString(), 'a\n');
});

t.test('the account is charged with the bytes of the bodies and with each record', (t) => {
  const { batcher, account, batches, add } = setUp({});
  add('é\n');
  add('€€\n');
  t.ok(account.used > 0, 'what waits is charged');
  batcher.flush();
  t.equal(account.used, 10 + 2 * RECORD_BYTES);
  t.equal(batches[0]!.body.length, 10);
  t.equal(batcher.length, 0);
  batcher.flush();
  t.equal(batches.length, 1);
  add('again\n');
  batcher.flush();
  t.equal(batches[1]!.body.toString(), 'again\n', 'and it goes on');
  t.end();
});

t.test('property: nothing is lost, reordered or beyond the limits, and the budget is exact', (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀'), maxLength: 40 }).map((one) => `${one}\n`);
  const action = fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constant(undefined) });
  fc.assert(
    fc.property(
      fc.array(action),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 9 }),
      (actions, maxBytes, maxEvents) => {
        const { batcher, account, batches, add } = setUp({ maxBytes, maxEvents });
        for (const one of actions) {
          if (one === undefined) batcher.flush();
          else add(one);
        }
        batcher.flush();
        const added = actions.filter((one) => one !== undefined);
        return (
          Buffer.concat(batches.map(({ body }) => body)).toString() === added.join('') &&
          batches.flatMap(({ starts }) => starts).every((start, i) => start === i * 5) &&
          batches.every(
            ({ body, starts }) => starts.length <= maxEvents && (body.length <= maxBytes || starts.length === 1),
          ) &&
          account.used === Buffer.byteLength(added.join('')) + RECORD_BYTES * added.length
        );
      },
    ),
  );
  t.end();
});

t.test('property: records longer than a page of memory come through whole', (t) => {
  const { batcher, batches, add } = setUp({ maxBytes: 300_000 });
  const records = Array.from({ length: 40 }, (_, i) => `${'é'.repeat(i * 997)}\n`);
  for (const record of records) add(record);
  batcher.flush();
  t.equal(Buffer.concat(batches.map(({ body }) => body)).toString(), records.join(''));
  t.ok(batches.length > 1);
  t.end();
});

t.test('bug: a batch that waits held more memory than it was charged for', (t) => {
  const { batcher, batches, add } = setUp({ maxEvents: 1 });
  for (let i = 0; i < 3; i++) add(`record ${i}\n`);
  add(`${'x'.repeat(300_000)}\n`);
  for (const { body } of batches) t.equal(body.buffer.byteLength, body.length);
  batcher.flush();
  t.end();
});

t.test('the bytes of log files that it holds', (t) => {
  const { batcher, add } = setUp({});
  t.equal(batcher.span, 0);
  add('a\n');
  add('b\n');
  t.equal(batcher.span, 10);
  batcher.flush();
  t.equal(batcher.span, 0);
  t.end();
});
