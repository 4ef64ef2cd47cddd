import type { LogFile } from '../types.ts';

/** Settled bytes of one file at one output. */
interface Settled {
  /** Everything before it is settled. */
  watermark: number;
  /** Ranges `[start, end)` beyond the watermark in order, those that touch joined: as many as there are gaps. */
  readonly beyond: [start: number, end: number][];
  /** The output gets nothing of the file from here on; undefined: it gets all. */
  until: number | undefined;
}

const begun = (watermark: number): Settled => ({ watermark, beyond: [], until: undefined });

/**
 * Which bytes of each file are settled (delivered, dead-lettered, or dropped by a rule) at every output. A checkpoint moves only to
 * `acked`: the end of the contiguous settled bytes, the least of all outputs. Ranges are `[start, end)` in bytes, never overlap, and
 * together cover what was read.
 */
export class Ledger {
  readonly #files = new Map<LogFile, Map<string, Settled>>();
  readonly #bytes = new Map<string, number>();

  /** Begins to keep account of a file; `offsets`: for each output that gets its records, the bytes that are settled there. */
  open(file: LogFile, offsets: Readonly<Record<string, number>>): void {
    this.#files.set(file, new Map(Object.entries(offsets).map(([lane, watermark]) => [lane, begun(watermark)])));
  }

  /** From `at` on other outputs get the file's records; `offsets`: for each of them that did not before, where it begins. */
  route(file: LogFile, at: number, offsets: Readonly<Record<string, number>>): void {
    const lanes = this.#files.get(file) ?? new Map<string, Settled>();
    this.#files.set(file, lanes);
    for (const [lane, settled] of lanes) if (!(lane in offsets)) settled.until ??= at;
    for (const [lane, offset] of Object.entries(offsets)) {
      const settled = lanes.get(lane);
      if (settled === undefined) lanes.set(lane, begun(offset));
      else if (settled.until !== undefined) {
        // What it did not get in between is no business of it.
        const from = settled.until;
        settled.until = undefined;
        move(settled, from, offset);
      }
    }
  }

  close(file: LogFile): void {
    this.#files.delete(file);
  }

  /** An output is no more. */
  forget(lane: string): void {
    this.#bytes.delete(lane);
    for (const lanes of this.#files.values()) lanes.delete(lane);
  }

  /** Bytes that were settled at an output, of all files, also of those that were closed meanwhile. */
  bytes(lane: string): number {
    return this.#bytes.get(lane) ?? 0;
  }

  /** `[start, end)` of the file is settled at one output. A file that was closed meanwhile counts for its bytes alone. */
  settle(lane: string, file: LogFile, start: number, end: number): void {
    this.#bytes.set(lane, this.bytes(lane) + end - start);
    const settled = this.#files.get(file)?.get(lane);
    if (settled) move(settled, start, end);
  }

  /** How many settled ranges stand beyond the watermark: what the account of a file takes of memory. */
  gaps(lane: string, file: LogFile): number {
    return this.#files.get(file)?.get(lane)?.beyond.length ?? 0;
  }

  /** Bytes from the beginning of the file that are settled at each output. */
  watermarks(file: LogFile): Record<string, number> {
    return Object.fromEntries([...(this.#files.get(file) ?? [])].map(([lane, { watermark }]) => [lane, watermark]));
  }

  /** Bytes from the beginning of the file that are settled everywhere. */
  acked(file: LogFile): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { watermark, until } of this.#files.get(file)?.values() ?? [])
      if (until === undefined || watermark < until) least = Math.min(least, watermark);
    return least === Number.POSITIVE_INFINITY ? 0 : least;
  }
}

/** `[start, end)` is settled. Ranges may overlap: what a reload reads again can be cut otherwise than it was (another `maxLineBytes`). */
function move(settled: Settled, start: number, end: number): void {
  const { beyond } = settled;
  if (start > settled.watermark) {
    let to = beyond.length;
    while (to > 0 && beyond[to - 1]![0] > end) to -= 1;
    let from = to;
    while (from > 0 && beyond[from - 1]![1] >= start) from -= 1;
    const joined: [number, number] =
      from === to ? [start, end] : [Math.min(start, beyond[from]![0]), Math.max(end, beyond[to - 1]![1])];
    beyond.splice(from, to - from, joined);
    return;
  }
  let watermark = Math.max(settled.watermark, end);
  let passed = 0;
  for (; passed < beyond.length && beyond[passed]![0] <= watermark; passed++)
    watermark = Math.max(watermark, beyond[passed]![1]);
  beyond.splice(0, passed);
  settled.watermark = watermark;
}
