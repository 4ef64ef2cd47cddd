import type { Logger } from 'pino';
import type { Reason } from '../types.ts';

/** A failure as `/status` shows it. */
export interface Failure {
  readonly time: string;
  readonly reason: Reason;
  readonly message: string;
}

/** Warnings of the same trouble come at most this often, ms. */
const REMIND_MS = 30_000;

/**
 * How an output is doing: what `/status` and `/readyz` say of it, and what the log says: the first failure, a reminder now and then with
 * the count of attempts, and the recovery.
 */
export class Health {
  lastError: Failure | undefined;
  lastSuccess: string | undefined;
  /** Why the output refuses us, while it does. */
  held: Failure | undefined;
  readonly #log: Logger;
  readonly #output: string;
  #attempts = 0;
  #since = 0;
  #warned = 0;

  constructor(output: string, log: Logger) {
    this.#output = output;
    this.#log = log;
  }

  /** Whether the last attempt failed. */
  get failing(): boolean {
    return this.#attempts > 0;
  }

  /** Some records were delivered, while others have to be tried again: that is no recovery. */
  delivered(now: number): void {
    this.lastSuccess = new Date(now).toISOString();
  }

  succeeded(now: number): void {
    this.delivered(now);
    this.held = undefined;
    if (this.#attempts === 0) return;
    this.#log.info({ output: this.#output, attempts: this.#attempts, outageMs: now - this.#since }, 'delivering again');
    this.#attempts = 0;
  }

  /** `hold`: the output refuses us and somebody has to mend something; else it is expected to pass. */
  failed(now: number, reason: Reason, message: string, hold: boolean): void {
    this.lastError = { time: new Date(now).toISOString(), reason, message };
    this.held = hold ? this.lastError : undefined;
    if (this.#attempts === 0) this.#since = now;
    this.#attempts += 1;
    if (this.#attempts > 1 && now - this.#warned < REMIND_MS) return;
    this.#warned = now;
    const text = hold
      ? 'the output refuses us: records are kept and tried again'
      : 'delivery failed: records are kept and tried again';
    this.#log.warn({ output: this.#output, reason, error: message, attempts: this.#attempts }, text);
  }

  /** Records went to the dead letter (or were dropped where there is none). */
  refused(records: number, message: string): void {
    this.#log.warn({ output: this.#output, reason: 'rejected', records, error: message }, 'records refused for good');
  }
}
