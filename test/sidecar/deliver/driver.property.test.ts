import fc from 'fast-check';
import t from 'tap';
import type { Batch, Outcome, SendResult } from '../../../sidecar/types.ts';
import { type Answer, type Bench, benchOf, items } from './scripted-sink.ts';

/** What a server does with one request; the numbers choose among its records. */
const request = fc.oneof(
  fc.record({
    kind: fc.constant('items' as const),
    of: fc.array(fc.constantFrom('ok', 'busy', 'no'), { minLength: 1 }),
  }),
  fc.record({ kind: fc.constantFrom('retry' as const, 'hold' as const, 'split' as const, 'delivered' as const) }),
);
const OUTCOMES: Record<string, Outcome> = {
  ok: { kind: 'delivered' },
  busy: { kind: 'retry', reason: 'throttled', message: '' },
  no: { kind: 'rejected', reason: 'rejected', message: '' },
};

t.test('property: whatever the server answers, each record ends once, and only what ended is settled', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
      fc.array(request, { maxLength: 20 }),
      fc.integer({ min: 1, max: 3 }),
      async (sizes, script, concurrency) => {
        /** Offsets of records that the server took. */
        const taken: number[] = [];
        let tooEarly = false;
        const ended = (bench: Bench): Set<number> => new Set([...taken, ...bench.buried.map(({ offset }) => offset)]);
        const answerOf =
          (what: (typeof script)[number]): Answer =>
          (batch: Batch): SendResult => {
            // Whatever was settled before this request had ended.
            for (let at = 0; at < bench.ledger.acked(bench.file); at += 10) tooEarly ||= !ended(bench).has(at);
            if (what.kind === 'retry') return { kind: 'retry', reason: 'unavailable', message: '' };
            if (what.kind === 'hold') return { kind: 'hold', reason: 'forbidden', message: '' };
            if (what.kind === 'split') return { kind: 'split', message: '' };
            const outcomes = batch.starts.map((_, i) =>
              what.kind === 'items' ? OUTCOMES[what.of[i % what.of.length]!]! : OUTCOMES.ok!,
            );
            taken.push(...batch.starts.filter((_, i) => outcomes[i]!.kind === 'delivered'));
            return what.kind === 'delivered' ? { kind: 'delivered', repeated: 0 } : items(...outcomes);
          };
        const always = Array.from({ length: 200 }, () => answerOf({ kind: 'delivered' }));
        const bench: Bench = benchOf([...script.map(answerOf), ...always], { concurrency });
        for (const size of sizes) bench.submit(...Array.from({ length: size }, (_, i) => `record ${i}`));
        await bench.driver.drained();
        const records = sizes.reduce((a, b) => a + b, 0);
        const ends = [...taken, ...bench.buried.map(({ offset }) => offset)].sort((a, b) => a - b);
        return (
          !tooEarly &&
          ends.length === records &&
          ends.every((offset, i) => offset === i * 10) &&
          bench.ledger.acked(bench.file) === records * 10 &&
          bench.account.used === 0 &&
          bench.driver.queue.bytes === 0
        );
      },
    ),
    { numRuns: 300 },
  );
});
