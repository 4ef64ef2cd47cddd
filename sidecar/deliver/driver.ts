import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink } from '../sinks/sink.ts';
import type { Metrics, Telemetry } from '../telemetry.ts';
import type { Batch, Outcome, Reason, SendResult } from '../types.ts';
import { holdDelay, nextDelay } from './backoff.ts';
import type { Account } from './budget.ts';
import type { DeadLetterFile } from './dead-letter.ts';
import { Health } from './health.ts';
import type { Ledger } from './ledger.ts';
import { costOf, halves, pick, recordText, runs, spanOf } from './parts.ts';

/** Waits between attempts; ends early, without an error, when the signal aborts. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

const pause: Wait = (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined);

/** How long requests under way may take to end when the output is another one from now on, ms. */
const LAST_ANSWERS_MS = 5000;

/** Reasons that somebody has to mend: the records are kept, the waits are long, and `/readyz` says so. */
const HELD: readonly Reason[] = ['unauthorized', 'forbidden', 'not_found', 'closed'];

/**
 * Delivers the batches of one output, whatever it takes: retries for ever with jitter, each record by its own outcome, in halves when a
 * server finds it too much, into the dead letter when it can never be accepted; then settles. One driver for all sinks.
 */
export class Driver {
  readonly health: Health;
  #sink: Sink;
  readonly #ledger: Ledger;
  readonly #account: Account;
  #deadLetter: DeadLetterFile | undefined;
  readonly #metrics: Metrics;
  readonly #wait: Wait;
  readonly #queue: Batch[] = [];
  #stop = new AbortController();
  /** Aborts waits between attempts: there is another server to try now. */
  #changed = new AbortController();
  readonly #idle: (() => void)[] = [];
  /** What was under way when all was taken back. */
  #left: Batch[] = [];
  #inFlight = 0;
  /** How many requests may be in flight now: halved when the server is overloaded, grown by one for each full round that succeeds. */
  #limit: number;
  #bytes = 0;
  #span = 0;

  constructor(
    sink: Sink,
    ledger: Ledger,
    account: Account,
    deadLetter: DeadLetterFile | undefined,
    telemetry: Telemetry,
    wait = pause,
  ) {
    this.#sink = sink;
    this.#ledger = ledger;
    this.#account = account;
    this.#deadLetter = deadLetter;
    this.#metrics = telemetry.metrics;
    this.#wait = wait;
    this.#limit = sink.concurrency;
    this.health = new Health(sink.name, telemetry.log);
  }

  /** Bytes and batches that are not yet settled. */
  get queue(): { bytes: number; batches: number; inFlight: number; concurrency: number } {
    return {
      bytes: this.#bytes,
      batches: this.#queue.length,
      inFlight: this.#inFlight,
      concurrency: Math.floor(this.#limit),
    };
  }

  /** Bytes of log files that are not yet settled. */
  get span(): number {
    return this.#span;
  }

  /** Takes over a batch, which is charged to the account with its cost. */
  submit(batch: Batch): void {
    this.#bytes += batch.body.length;
    this.#span += spanOf(batch);
    this.#queue.push(batch);
    this.#pump();
  }

  /** Resolves when everything that was submitted is settled, or the driver was stopped. */
  drained(): Promise<void> {
    if (this.#queue.length === 0 && this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /**
   * Goes on with another sink: what waits is tried there at once, what is under way has a moment to end at the one before. Bodies stay as they
   * were rendered.
   */
  change(sink: Sink, deadLetter: DeadLetterFile | undefined): void {
    const before = this.#sink;
    this.#sink = sink;
    this.#deadLetter = deadLetter;
    this.#limit = sink.concurrency;
    this.#changed.abort();
    this.#changed = new AbortController();
    setTimeout(() => void before.close(), LAST_ANSWERS_MS).unref();
    this.#pump();
  }

  /** Gives up what is in flight and queued, and resolves with it: none of it is settled, nor charged any more. */
  async takeBack(): Promise<readonly Batch[]> {
    this.#stop.abort();
    for (const batch of this.#queue.splice(0)) this.#giveUp(batch);
    await this.drained();
    this.#stop = new AbortController();
    const left = this.#left;
    this.#left = [];
    return left;
  }

  /** Ends for good: what is in flight and queued stays unsettled, so it is read and sent again by the next run. */
  async stop(): Promise<readonly Batch[]> {
    const left = await this.takeBack();
    await this.#sink.close();
    return left;
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#inFlight < Math.max(1, Math.floor(this.#limit))) {
      this.#inFlight += 1;
      void this.#deliver(this.#queue.shift()!).finally(() => {
        this.#inFlight -= 1;
        this.#metrics.inFlight.set({ output: this.#sink.name }, this.#inFlight);
        this.#pump();
        if (this.#queue.length === 0 && this.#inFlight === 0) for (const wake of this.#idle.splice(0)) wake();
      });
    }
    this.#metrics.inFlight.set({ output: this.#sink.name }, this.#inFlight);
  }

  async #deliver(first: Batch): Promise<void> {
    const { signal } = this.#stop;
    let batch: Batch | undefined = first;
    let delay = 0;
    while (batch !== undefined && !signal.aborted) {
      const sink = this.#sink;
      const result: SendResult = await sink.send(batch, signal);
      if (signal.aborted && result.kind !== 'delivered' && result.kind !== 'items') break;
      if (sink !== this.#sink && (result.kind === 'retry' || result.kind === 'hold')) continue; // what it says is of no interest any more
      this.#metrics.requests.inc({ output: this.#sink.name, result: result.kind });
      const left: Left = await this.#apply(batch, result);
      batch = left.batch;
      if (batch === undefined) break;
      if (left.again) continue;
      delay = left.held ? 0 : nextDelay(left.progressed ? 0 : delay);
      const wake = AbortSignal.any([signal, this.#changed.signal]);
      await this.#wait(Math.max(left.held ? holdDelay() : delay, left.afterMs), wake); // the loop sees the abort
    }
    if (batch !== undefined) this.#giveUp(batch);
  }

  /** Carries out a result: what is left to send, and how. */
  async #apply(batch: Batch, result: SendResult): Promise<Left> {
    const now = Date.now();
    const output = this.#sink.name;
    switch (result.kind) {
      case 'delivered':
        this.#succeeded(now, batch.starts.length, result.repeated);
        this.#settleRanges(batch);
        this.#release(batch);
        return DONE;
      case 'retry':
        this.health.failed(now, result.reason, result.message, false);
        if (result.reason !== 'connection') this.#limit = Math.max(1, this.#limit / 2);
        this.#metrics.recordsRetried.inc({ output, reason: result.reason }, batch.starts.length);
        return { batch, progressed: false, held: false, again: false, afterMs: result.retryAfterMs ?? 0 };
      case 'hold':
        this.health.failed(now, result.reason, result.message, true);
        this.#metrics.recordsRetried.inc({ output, reason: result.reason }, batch.starts.length);
        return { batch, progressed: false, held: true, again: false, afterMs: 0 };
      case 'split': {
        if (batch.starts.length === 1)
          return this.#items(batch, [{ kind: 'rejected', reason: 'too_large', message: result.message }], now);
        const [a, b] = halves(batch, this.#sink.linesPerRecord);
        this.#queue.unshift(b);
        return { batch: a, progressed: true, held: false, again: true, afterMs: 0 };
      }
      case 'items':
        if (result.repeated > 0) this.#metrics.recordsRepeated.inc({ output }, result.repeated);
        return this.#items(batch, result.outcomes, now);
    }
  }

  async #items(batch: Batch, outcomes: readonly Outcome[], now: number): Promise<Left> {
    const output = this.#sink.name;
    const done: number[] = [];
    const refused: number[] = [];
    const again: number[] = [];
    let worst: Extract<Outcome, { kind: 'retry' }> | undefined;
    outcomes.forEach((outcome, i) => {
      if (outcome.kind === 'delivered') done.push(i);
      else if (outcome.kind === 'rejected') refused.push(i);
      else {
        again.push(i);
        if (worst === undefined || HELD.includes(outcome.reason)) worst = outcome;
        this.#metrics.recordsRetried.inc({ output, reason: outcome.reason });
      }
    });
    if (done.length > 0) this.#metrics.recordsDelivered.inc({ output }, done.length);
    const buried = refused.length === 0 || (await this.#bury(batch, refused, outcomes, now));
    if (!buried) again.push(...refused);
    const lines = this.#sink.linesPerRecord;
    const settled = buried ? [...done, ...refused].sort((a, b) => a - b) : done;
    const left =
      again.length === 0
        ? undefined
        : pick(
            batch,
            again.sort((a, b) => a - b),
            lines,
          );
    if (settled.length > 0) this.#settleRanges(left === undefined ? batch : pick(batch, settled, lines));
    this.#bytes -= batch.body.length - (left?.body.length ?? 0);
    this.#span -= spanOf(batch) - (left === undefined ? 0 : spanOf(left));
    this.#account.release(costOf(batch) - (left === undefined ? 0 : costOf(left)));
    const held = worst !== undefined && HELD.includes(worst.reason);
    if (left === undefined) this.#succeeded(now, 0, 0);
    else if (done.length > 0) this.health.delivered(now);
    if (worst !== undefined) this.health.failed(now, worst.reason, worst.message, held);
    if (worst?.reason === 'throttled') this.#limit = Math.max(1, this.#limit / 2);
    return { batch: left, progressed: settled.length > 0 && !held, held, again: false, afterMs: 0 };
  }

  /** Writes refused records to the dead letter; false when that failed: then they are not settled. */
  async #bury(batch: Batch, refused: readonly number[], outcomes: readonly Outcome[], now: number): Promise<boolean> {
    const output = this.#sink.name;
    const time = new Date(now).toISOString();
    const entries = refused.map((i) => {
      const { reason, message, detail } = outcomes[i] as Extract<Outcome, { kind: 'rejected' }>;
      const record = recordText(batch, i, this.#sink.linesPerRecord);
      return {
        time,
        output,
        reason,
        message: detail ?? message,
        file: batch.files[i]!.path,
        offset: batch.starts[i]!,
        record,
      };
    });
    try {
      await this.#deadLetter?.append(entries);
    } catch (error) {
      this.health.failed(now, 'rejected', `the dead letter could not be written: ${(error as Error).message}`, true);
      return false;
    }
    for (const { reason } of entries) {
      if (this.#deadLetter) this.#metrics.recordsDeadLettered.inc({ output, reason });
      else this.#metrics.recordsDropped.inc({ reason });
    }
    this.health.refused(entries.length, (outcomes[refused[0]!] as Extract<Outcome, { kind: 'rejected' }>).message);
    return true;
  }

  #succeeded(now: number, records: number, repeated: number): void {
    const output = this.#sink.name;
    this.health.succeeded(now);
    this.#limit = Math.min(this.#sink.concurrency, this.#limit + 1 / this.#limit);
    if (records > 0) this.#metrics.recordsDelivered.inc({ output }, records);
    if (repeated > 0) this.#metrics.recordsRepeated.inc({ output }, repeated);
  }

  #settleRanges(batch: Batch): void {
    for (const { file, start, end } of runs(batch)) this.#ledger.settle(this.#sink.name, file, start, end);
  }

  #giveUp(batch: Batch): void {
    this.#release(batch);
    this.#left.push(batch);
  }

  #release(batch: Batch): void {
    this.#bytes -= batch.body.length;
    this.#span -= spanOf(batch);
    this.#account.release(costOf(batch));
  }
}

/** What of a batch is left to send. `again`: at once; else after a delay of at least `afterMs`. */
interface Left {
  readonly batch: Batch | undefined;
  /** Some records were settled: the next delay is a short one. */
  readonly progressed: boolean;
  readonly held: boolean;
  readonly again: boolean;
  readonly afterMs: number;
}

const DONE: Left = { batch: undefined, progressed: true, held: false, again: true, afterMs: 0 };
