import { join } from 'node:path';
import type { OutputConfig } from '../../contract/config/schema.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Telemetry } from '../telemetry.ts';
import type { LogEvent, LogFile } from '../types.ts';
import { Batcher } from './batcher.ts';
import type { Account } from './budget.ts';
import { DeadLetterFile } from './dead-letter.ts';
import { Driver, type Pending } from './driver.ts';
import type { Ledger } from './ledger.ts';

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
  readonly #sink: Sink;
  readonly #ledger: Ledger;
  readonly #batcher: Batcher;
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
    this.account = account;
    this.#sink = sink;
    this.#ledger = ledger;
    this.driver = new Driver(sink, ledger, account, deadLetterOf(config, sink.name, stateDir, telemetry), telemetry);
    this.#batcher = new Batcher(sink.limits, account, (batch) => this.driver.submit(batch));
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

  /** Lets go of what is not yet settled; resolves with what cannot be taken back. */
  stop(): Promise<readonly Pending[]> {
    this.#batcher.discard();
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
