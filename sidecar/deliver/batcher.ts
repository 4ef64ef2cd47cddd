import type { Batch, LogFile } from '../types.ts';
import { type Account, RECORD_BYTES } from './budget.ts';

/** When a batch is full: bytes of its body, records, or ms since its first record. */
export interface BatchLimits {
  readonly maxBytes: number;
  readonly maxEvents: number;
  readonly maxAge: number;
}

/** Characters gathered in a V8 string before they become bytes outside its heap: one encoding for many records, few that live long. */
const PAGE = 8 * 1024;
/** Room for the bytes of a batch that is being filled: doubled when it is full, kept for the next one while it is small. */
const ROOM = 64 * 1024;

/**
 * Gathers rendered records of one output into batches. Charges the output's account for what it holds; whoever gets the
 * batch releases its cost (`costOf`) when it is settled.
 */
export class Batcher {
  readonly #limits: BatchLimits;
  readonly #account: Account;
  readonly #full: (batch: Batch) => void;
  #timer: NodeJS.Timeout | undefined;
  /** Bytes of log files that wait for their batch to be full. */
  span = 0;
  #page = '';
  #room = Buffer.allocUnsafeSlow(ROOM);
  #bytes = 0;
  #charged = 0;
  #files: LogFile[] = [];
  #starts: number[] = [];
  #ends: number[] = [];

  constructor(limits: BatchLimits, account: Account, full: (batch: Batch) => void) {
    this.#limits = limits;
    this.#account = account;
    this.#full = full;
  }

  /** Records waiting for their batch to be full. */
  get length(): number {
    return this.#starts.length;
  }

  /** Takes one rendered record, which ends in a newline. Hands on a full batch before, if this one would not fit. */
  add(text: string, file: LogFile, start: number, end: number): void {
    if (this.#starts.length > 0 && !this.#fits(text)) this.flush();
    this.#page += text;
    this.#charge(text.length + RECORD_BYTES);
    this.#files.push(file);
    this.#starts.push(start);
    this.#ends.push(end);
    this.span += end - start;
    if (this.#page.length >= PAGE) this.#encode();
    if (this.#starts.length >= this.#limits.maxEvents) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#limits.maxAge);
  }

  /** Hands on what there is. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#starts.length === 0) return;
    this.#encode();
    // A copy of just its bytes: a batch may wait for hours, and is charged for no more than it holds.
    const body = Buffer.allocUnsafeSlow(this.#bytes);
    this.#room.copy(body, 0, 0, this.#bytes);
    const batch: Batch = { body, files: this.#files, starts: this.#starts, ends: this.#ends };
    // While batches are large the room stays: to make it anew for each took half as much CPU again (measured).
    if (this.#room.length > ROOM && body.length < this.#room.length / 4) this.#room = Buffer.allocUnsafeSlow(ROOM);
    this.#files = [];
    this.#starts = [];
    this.#ends = [];
    this.#bytes = 0;
    this.#charged = 0;
    this.span = 0;
    this.#full(batch);
  }

  /** A character is one to three bytes, so they are counted only where that decides. */
  #fits(text: string): boolean {
    const { maxBytes } = this.#limits;
    if (this.#bytes + 3 * (this.#page.length + text.length) <= maxBytes) return true;
    this.#encode();
    return this.#bytes + Buffer.byteLength(text) <= maxBytes;
  }

  #encode(): void {
    if (this.#page === '') return;
    const most = 3 * this.#page.length; // of a character of UTF-16, in UTF-8
    if (this.#room.length - this.#bytes < most) this.#grow(this.#bytes + most);
    const bytes = this.#room.write(this.#page, this.#bytes);
    this.#charge(bytes - this.#page.length);
    this.#bytes += bytes;
    this.#page = '';
  }

  #grow(needed: number): void {
    const room = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#room.length));
    this.#room.copy(room, 0, 0, this.#bytes);
    this.#room = room;
  }

  #charge(bytes: number): void {
    this.#charged += bytes;
    this.#account.charge(bytes);
  }
}
