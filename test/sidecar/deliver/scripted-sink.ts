import { Account } from '../../../sidecar/deliver/budget.ts';
import type { DeadLetterEntry, DeadLetterFile } from '../../../sidecar/deliver/dead-letter.ts';
import { Driver } from '../../../sidecar/deliver/driver.ts';
import { Ledger } from '../../../sidecar/deliver/ledger.ts';
import { costOf } from '../../../sidecar/deliver/parts.ts';
import type { Sink } from '../../../sidecar/sinks/sink.ts';
import type { Telemetry } from '../../../sidecar/telemetry.ts';
import type { Batch, LogFile, Outcome, SendResult } from '../../../sidecar/types.ts';
import { batchOf, type Logged, logFile, recordedTelemetry } from '../fixtures.ts';

/** What a scripted sink does with a batch: a result, or a function of it. */
export type Answer = SendResult | ((batch: Batch, signal: AbortSignal) => SendResult | Promise<SendResult>);

export const DELIVERED: SendResult = { kind: 'delivered', repeated: 0 };
export const OK: Outcome = { kind: 'delivered' };
export const BUSY: Outcome = { kind: 'retry', reason: 'throttled', message: 'busy' };
export const NO: Outcome = { kind: 'rejected', reason: 'rejected', message: 'mapping' };
export const items = (...outcomes: Outcome[]): SendResult => ({ kind: 'items', outcomes, repeated: 0 });

export interface Bench {
  readonly driver: Driver;
  readonly account: Account;
  readonly ledger: Ledger;
  readonly file: LogFile;
  /** Bodies that were sent, in order. */
  readonly sent: string[];
  /** Waits between attempts, ms; none takes any time. */
  readonly waits: number[];
  readonly buried: DeadLetterEntry[];
  readonly logged: Logged[];
  readonly telemetry: Telemetry;
  closed: boolean;
  /** Submits records of the file, ten bytes of it each. */
  submit(...records: string[]): void;
}

/** A driver with a sink that answers as the script says, and `delivered` from then on. */
export function benchOf(
  script: Answer[],
  over: { concurrency?: number; deadLetter?: ((entries: readonly DeadLetterEntry[]) => Promise<void>) | 'none' } = {},
): Bench {
  const { telemetry, logged } = recordedTelemetry();
  const [account, ledger, file] = [new Account(() => undefined), new Ledger(), logFile()];
  ledger.open(file, { es: 0 });
  const [sent, waits, buried]: [string[], number[], DeadLetterEntry[]] = [[], [], []];
  const sink: Sink = {
    name: 'es',
    limits: { maxBytes: 1e6, maxEvents: 1e6, maxAge: 1e6 },
    concurrency: over.concurrency ?? 1,
    linesPerRecord: 1,
    render: () => '',
    async send(batch, signal) {
      sent.push(batch.body.toString());
      const answer = script.shift() ?? DELIVERED;
      return typeof answer === 'function' ? answer(batch, signal) : answer;
    },
    async close() {
      bench.closed = true;
    },
  };
  const keep = async (entries: readonly DeadLetterEntry[]): Promise<void> => void buried.push(...entries);
  const append = over.deadLetter === 'none' ? undefined : (over.deadLetter ?? keep);
  const deadLetter = append && ({ append } as DeadLetterFile);
  const driver = new Driver(sink, ledger, account, deadLetter, telemetry, async (ms) => void waits.push(ms));
  let at = 0;
  const bench: Bench = {
    ...{ driver, account, ledger, file, sent, waits, buried, logged, telemetry, closed: false },
    submit(...records) {
      const batch = batchOf(
        file,
        records.map((one) => `${one}\n`),
        10,
        at,
      );
      at += records.length * 10;
      account.charge(costOf(batch));
      driver.submit(batch);
    },
  };
  return bench;
}
