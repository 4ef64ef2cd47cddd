import type { LogFile } from '../types.ts';

/** Settled bytes of one file at one output: everything before `watermark`, and ranges beyond it, by start. */
interface Settled {
  watermark: number;
  readonly beyond: Map<number, number>;
}

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
    const lanes = Object.entries(offsets).map(
      ([lane, watermark]) => [lane, { watermark, beyond: new Map<number, number>() }] as const,
    );
    this.#files.set(file, new Map(lanes));
  }

  close(file: LogFile): void {
    this.#files.delete(file);
  }

  /** Bytes that were settled at an output, of all files, also of those that were closed meanwhile. */
  bytes(lane: string): number {
    return this.#bytes.get(lane) ?? 0;
  }

  /** `[start, end)` of the file is settled at one output. */
  settle(lane: string, file: LogFile, start: number, end: number): void {
    this.#bytes.set(lane, this.bytes(lane) + end - start);
    this.#move(lane, file, start, end);
  }

  /** What was under way to an output when these books were opened has arrived: everything before `end` is settled there. */
  arrived(lane: string, file: LogFile, end: number): void {
    this.#move(lane, file, 0, end);
  }

  /** A file that was closed meanwhile is ignored. */
  #move(lane: string, file: LogFile, start: number, end: number): void {
    const settled = this.#files.get(file)?.get(lane);
    if (!settled) return;
    if (start > settled.watermark) {
      settled.beyond.set(start, end);
      return;
    }
    // It may begin before: what a reload reads again can be cut otherwise than it was (another `maxLineBytes`).
    let watermark = Math.max(settled.watermark, end);
    for (let next = settled.beyond.get(watermark); next !== undefined; next = settled.beyond.get(watermark)) {
      settled.beyond.delete(watermark);
      watermark = next;
    }
    settled.watermark = watermark;
  }

  /** Bytes from the beginning of the file that are settled at each output. */
  watermarks(file: LogFile): Record<string, number> {
    return Object.fromEntries([...(this.#files.get(file) ?? [])].map(([lane, { watermark }]) => [lane, watermark]));
  }

  /** Bytes from the beginning of the file that are settled everywhere. */
  acked(file: LogFile): number {
    const lanes = this.#files.get(file);
    if (!lanes || lanes.size === 0) return 0;
    let least = Number.POSITIVE_INFINITY;
    for (const { watermark } of lanes.values()) least = Math.min(least, watermark);
    return least;
  }
}
