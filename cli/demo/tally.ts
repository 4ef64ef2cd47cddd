/** What was written against what arrived. */
export interface Tally {
  readonly written: number;
  readonly delivered: number;
  readonly lost: number;
  readonly repeated: number;
}

/** Counts each distinct line on both sides: a line that was written twice must arrive twice. */
export function tally(written: Iterable<string>, arrived: Iterable<string>): Tally {
  const open = new Map<string, number>();
  let count = 0;
  for (const line of written) {
    open.set(line, (open.get(line) ?? 0) + 1);
    count += 1;
  }
  let delivered = 0;
  let repeated = 0;
  for (const line of arrived) {
    const left = open.get(line) ?? 0;
    if (left > 0) {
      open.set(line, left - 1);
      delivered += 1;
    } else repeated += 1;
  }
  return { written: count, delivered, lost: count - delivered, repeated };
}

/** The q-quantile (0 to 1) of the values, by the nearest rank; undefined of none. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}
