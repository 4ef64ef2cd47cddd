import { appendFile, mkdir, open, rename, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Outcome } from '../types.ts';

/** Records that an output refused for good, one JSON object a line: `{time, output, reason, message, file, offset, record}`. */
export interface DeadLetterEntry {
  readonly time: string;
  readonly output: string;
  readonly reason: Extract<Outcome, { kind: 'rejected' }>['reason'];
  readonly message: string;
  readonly file: string;
  readonly offset: number;
  /** The record as it was rendered for the output. */
  readonly record: string;
}

/**
 * A file of dead letters within a bound: two generations of half the bound each (`OUTPUT.ndjson`, `OUTPUT.ndjson.1`); the older one goes
 * when the newer is full. `evicted` is told how many bytes went.
 */
export class DeadLetterFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #evicted: (bytes: number) => void;
  #turn: Promise<unknown> = Promise.resolve();
  #mended = false;

  constructor(path: string, maxBytes: number, evicted: (bytes: number) => void) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#evicted = evicted;
  }

  /** Appends the entries; rejects when they could not be written, so that their records are not settled. */
  append(entries: readonly DeadLetterEntry[]): Promise<void> {
    const next = this.#turn.then(() => this.#write(entries.map((entry) => `${JSON.stringify(entry)}\n`)));
    this.#turn = next.catch(() => undefined); // the caller has the rejection
    return next;
  }

  async #write(lines: readonly string[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    if (!this.#mended) await mend(this.#path);
    this.#mended = true;
    let size = await sizeOf(this.#path);
    let text = '';
    for (const line of lines) {
      const bytes = Buffer.byteLength(line);
      if (size > 0 && size + bytes > this.#maxBytes / 2) {
        if (text !== '') await this.#append(text);
        await this.#rotate();
        text = '';
        size = 0;
      }
      text += line;
      size += bytes;
    }
    await this.#append(text);
  }

  /** Whole, or not at all: what a full disk took of it is cut off again. */
  async #append(text: string): Promise<void> {
    const size = await sizeOf(this.#path);
    try {
      await appendFile(this.#path, text);
    } catch (error) {
      this.#mended = await truncate(this.#path, size).then(
        () => true,
        () => false, // then it is mended before the next one
      );
      throw error;
    }
  }

  async #rotate(): Promise<void> {
    const old = await sizeOf(`${this.#path}.1`);
    await rename(this.#path, `${this.#path}.1`);
    if (old > 0) this.#evicted(old);
  }
}

/** Cuts off half a line that a kill or a full disk left: its record was not settled, so it comes again. */
async function mend(path: string): Promise<void> {
  const size = await sizeOf(path);
  if (size === 0) return;
  const file = await open(path, 'r+');
  try {
    const piece = Buffer.alloc(64 * 1024);
    for (let end = size; end > 0; end -= piece.length) {
      const start = Math.max(0, end - piece.length);
      const { bytesRead } = await file.read(piece, 0, end - start, start);
      const newline = piece.subarray(0, bytesRead).lastIndexOf(10);
      if (newline === -1 && start > 0) continue;
      if (start + newline + 1 < size) await file.truncate(start + newline + 1);
      return;
    }
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
