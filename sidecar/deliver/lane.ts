import { join } from 'node:path';
import type { OutputConfig } from '../../contract/config/schema.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Telemetry } from '../telemetry.ts';
import type { LogEvent } from '../types.ts';
import { Batcher } from './batcher.ts';
import type { Account } from './budget.ts';
import { DeadLetterFile } from './dead-letter.ts';
import { Driver, type Pending } from './driver.ts';
import type { Ledger } from './ledger.ts';

/** The way to one output: rendering, batching, delivery. */
export class Lane {
  readonly name: string;
  readonly type: string;
  readonly driver: Driver;
  readonly account: Account;
  readonly #sink: Sink;
  readonly #batcher: Batcher;

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
    this.driver = new Driver(sink, ledger, account, deadLetterOf(config, sink.name, stateDir, telemetry), telemetry);
    this.#batcher = new Batcher(sink.limits, account, (batch) => this.driver.submit(batch));
  }

  add(event: LogEvent): void {
    this.#batcher.add(this.#sink.render(event), event.file, event.start, event.end);
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
