import { join } from 'node:path';
import type { OutputConfig } from '../../contract/config/schema.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Batch, LogEvent, LogFile } from '../types.ts';
import { Batcher } from './batcher.ts';
import type { Account } from './budget.ts';
import { DeadLetterFile } from './dead-letter.ts';
import { Driver } from './driver.ts';
import type { Ledger } from './ledger.ts';
import { costOf, pick, spanOf } from './parts.ts';

/**
 * The accounting identity of an output, in bytes of log files since the configuration took effect: what was read for it is settled, in flight
 * (queued or under way) or held (waiting for its batch to be full).
 */
export interface Accounts {
  readonly read: number;
  readonly settled: number;
  readonly inFlight: number;
  readonly held: number;
}

/** The way to one output: rendering, batching, delivery. */
export class Lane {
  readonly name: string;
  readonly type: string;
  readonly driver: Driver;
  readonly account: Account;
  config: OutputConfig;
  #sink: Sink;
  #batcher: Batcher;
  readonly #ledger: Ledger;
  readonly #deadLetterOf: (config: OutputConfig) => DeadLetterFile | undefined;
  #read = 0;

  constructor(
    config: OutputConfig,
    sink: Sink,
    ledger: Ledger,
    account: Account,
    stateDir: string,
    telemetry: Telemetry,
  ) {
    this.name = sink.name;
    this.type = config.type;
    this.config = config;
    this.account = account;
    this.#sink = sink;
    this.#ledger = ledger;
    this.#deadLetterOf = (next) => deadLetterOf(next, sink.name, stateDir, telemetry);
    this.driver = new Driver(sink, ledger, account, this.#deadLetterOf(config), telemetry);
    this.#batcher = this.#batcherOf(sink);
  }

  #batcherOf({ limits }: Sink): Batcher {
    return new Batcher(limits, this.account, (batch) => this.driver.submit(batch));
  }

  /** Another configuration of the same type: what was added before is delivered as it was rendered then. */
  change(config: OutputConfig, sink: Sink): void {
    this.#batcher.flush();
    this.config = config;
    this.#sink = sink;
    this.#batcher = this.#batcherOf(sink);
    this.driver.change(sink, this.#deadLetterOf(config));
  }

  /** Gives up all that is not settled of files that can be read again, so that it is rendered anew; the rest stays. */
  async takeBack(canBeRead: (file: LogFile) => boolean): Promise<void> {
    this.#batcher.flush();
    const batches = await this.driver.takeBack();
    for (const batch of batches) {
      this.#read -= spanOf(batch);
      const kept = batch.files.flatMap((file, i) => (canBeRead(file) ? [] : [i]));
      if (kept.length === 0) continue;
      const part = pick(batch, kept, this.#sink.linesPerRecord);
      this.#read += spanOf(part);
      this.account.charge(costOf(part));
      this.driver.submit(part);
    }
  }

  get accounts(): Accounts {
    return {
      read: this.#read,
      settled: this.#ledger.bytes(this.name),
      inFlight: this.driver.span,
      held: this.#batcher.span,
    };
  }

  add(event: LogEvent): void {
    this.#read += event.end - event.start;
    this.#batcher.add(this.#sink.render(event), event.file, event.start, event.end);
  }

  /** Bytes that are no record's are settled without being sent. */
  drop(file: LogFile, start: number, end: number): void {
    this.#read += end - start;
    this.#ledger.settle(this.name, file, start, end);
  }

  /** Sends what waits for company. */
  flush(): void {
    this.#batcher.flush();
  }

  /** Resolves when all that was added is settled. */
  drained(): Promise<void> {
    this.#batcher.flush();
    return this.driver.drained();
  }

  /** Whether another configuration may let it deliver what it cannot under this one. What went to the standard output cannot be taken back. */
  isMendedBy(config: OutputConfig | undefined): boolean {
    if (config === undefined || this.type === 'stdout' || !this.driver.health.failing) return false;
    return JSON.stringify(config) !== JSON.stringify(this.config);
  }

  /** Ends. Resolves with what is not settled: it is for the next run. */
  stop(): Promise<readonly Batch[]> {
    this.#batcher.flush();
    return this.driver.stop();
  }
}

function deadLetterOf(
  config: OutputConfig,
  name: string,
  stateDir: string,
  { metrics, log }: Telemetry,
): DeadLetterFile | undefined {
  if (config.type !== 'elasticsearch' || !config.deadLetter.file) return undefined;
  return new DeadLetterFile(join(stateDir, 'dead-letter', `${name}.ndjson`), config.deadLetter.maxBytes, (bytes) => {
    metrics.deadLettersEvicted.inc({ output: name });
    log.warn({ output: name, bytes }, 'the oldest dead letters made room for newer ones');
  });
}

/** Whether nothing was lost from the books: a check of ourselves, not of others. */
export function isBalanced({ read, settled, inFlight, held }: Accounts): boolean {
  return read === settled + inFlight + held;
}
