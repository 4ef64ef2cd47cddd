import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
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
    let size = await sizeOf(this.#path);
    let text = '';
    for (const line of lines) {
      const bytes = Buffer.byteLength(line);
      if (size > 0 && size + bytes > this.#maxBytes / 2) {
        if (text !== '') await appendFile(this.#path, text);
        await this.#rotate();
        text = '';
        size = 0;
      }
      text += line;
      size += bytes;
    }
    await appendFile(this.#path, text);
  }

  async #rotate(): Promise<void> {
    const old = await sizeOf(`${this.#path}.1`);
    await rename(this.#path, `${this.#path}.1`);
    if (old > 0) this.#evicted(old);
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
