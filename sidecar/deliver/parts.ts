import type { Batch, LogFile } from '../types.ts';
import { RECORD_BYTES } from './budget.ts';

/** What a batch is charged for, bytes. */
export function costOf(batch: Batch): number {
  return batch.body.length + RECORD_BYTES * batch.starts.length;
}

/** Bytes of log files that a batch stands for. */
export function spanOf({ starts, ends }: Pick<Batch, 'starts' | 'ends'>): number {
  let bytes = 0;
  for (let i = 0; i < starts.length; i++) bytes += ends[i]! - starts[i]!;
  return bytes;
}

/** The bytes of each record in a batch's body: `linesPerRecord` lines. */
function recordBounds(batch: Batch, linesPerRecord: number): number[] {
  const bounds = [0];
  let at = 0;
  for (let record = 0; record < batch.starts.length; record++) {
    for (let line = 0; line < linesPerRecord; line++) at = batch.body.indexOf(10, at) + 1;
    bounds.push(at);
  }
  return bounds;
}

/** A batch of some records of another, in the same order; the bodies are the same bytes. */
export function pick(batch: Batch, records: readonly number[], linesPerRecord: number): Batch {
  const bounds = recordBounds(batch, linesPerRecord);
  return {
    body: Buffer.concat(records.map((i) => batch.body.subarray(bounds[i]!, bounds[i + 1]!))),
    files: records.map((i) => batch.files[i]!),
    starts: records.map((i) => batch.starts[i]!),
    ends: records.map((i) => batch.ends[i]!),
  };
}

/** A batch in two halves; it must hold at least two records. */
export function halves(batch: Batch, linesPerRecord: number): [Batch, Batch] {
  const all = batch.starts.map((_, i) => i);
  const middle = Math.ceil(all.length / 2);
  return [pick(batch, all.slice(0, middle), linesPerRecord), pick(batch, all.slice(middle), linesPerRecord)];
}

/** The text of one record of a batch, without its final newline. */
export function recordText(batch: Batch, record: number, linesPerRecord: number): string {
  return pick(batch, [record], linesPerRecord).body.toString('utf8').trimEnd();
}

/** The ranges of a batch's records, neighbours of one file joined: what a whole batch settles in a few steps. */
export function* runs(batch: Batch): Generator<{ file: LogFile; start: number; end: number }> {
  let first = 0;
  for (let i = 1; i <= batch.starts.length; i++) {
    if (i < batch.starts.length && batch.files[i] === batch.files[first] && batch.starts[i] === batch.ends[i - 1])
      continue;
    yield { file: batch.files[first]!, start: batch.starts[first]!, end: batch.ends[i - 1]! };
    first = i;
  }
}
