import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, inputName, type OutputConfig } from '../contract/config/schema.ts';
import { type Account, Budget, RECORD_BYTES } from './deliver/budget.ts';
import type { Pending } from './deliver/driver.ts';
import { isBalanced, Lane } from './deliver/lane.ts';
import { Ledger } from './deliver/ledger.ts';
import { runs } from './deliver/parts.ts';
import type { Dropped, TakeLine } from './framing/lines.ts';
import type { PodMetadata } from './metadata.ts';
import { parse } from './parse/parse.ts';
import { createElasticsearchSink } from './sinks/elasticsearch/sink.ts';
import type { Sink } from './sinks/sink.ts';
import { createStdoutSink, type StandardOutput } from './sinks/stdout.ts';
import type { Checkpoints } from './source/checkpoints.ts';
import type { Content } from './source/content.ts';
import type { Downstream } from './source/downstream.ts';
import { Source } from './source/source.ts';
import type { Telemetry } from './telemetry.ts';
import { FLAGS, type Flag, type Input, type LogFile } from './types.ts';

/** What a pipeline needs of the process. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: StandardOutput;
  readonly telemetry: Telemetry;
}

/**
 * The most that a byte of a line can become when it is rendered (a control character: `\u0001`; a JSON line stands in its document twice,
 * with its quotes escaped once, and may be its own logger's name), and what stands around it: metadata, the action line.
 */
const MOST_PER_BYTE = 6;
const MOST_AROUND = 16 * 1024;

/** How long a reload waits for what is under way before it sends the rest again under the new configuration, ms. */
const RELOAD_MS = 1000;

/**
 * The architecture on one screen: source → lines → parse → lanes (render → batch → deliver) → ledger → checkpoints.
 * Everything between a read and a batch is synchronous, on one line at a time.
 */
export class Pipeline implements Downstream {
  readonly budget: Budget;
  readonly source: Source;
  lanes: readonly Lane[] = [];
  #config: Config;
  #pod: PodMetadata;
  #inputs: readonly Input[] = [];
  #ledger = new Ledger();
  /** Up to where outputs had records of a file already when a reload made it be read again. */
  #before = new WeakMap<LogFile, Record<string, number>>();
  /** What a reload found on its way to an output, up to some byte of a file, and could not take back. */
  readonly #onTheirWay = new Set<OnItsWay>();
  #reading = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #around: Surroundings;
  #tally = tally();
  /** Outputs whose accounts were found wrong. */
  readonly #unbalanced = new Set<string>();

  constructor(config: Config, pod: PodMetadata, checkpoints: Checkpoints, around: Surroundings) {
    this.#config = config;
    this.#pod = pod;
    this.#around = around;
    this.budget = new Budget(config.memoryBudget);
    this.source = new Source(pod.uid, checkpoints, this, around.telemetry);
    this.#build();
  }

  /** Begins to read; `ended` settles when reading ends: after a drain, or with the error that ended it. */
  start(): void {
    this.#reading = new AbortController();
    this.#running = this.source.run(this.#inputs, this.#reading.signal);
    this.#running.catch(() => undefined); // whoever awaits `ended` has it
  }

  get ended(): Promise<void> {
    return this.#running;
  }

  // What the source asks of the stages behind it.

  open(file: LogFile, offset: number): void {
    const lanes = this.#lanesOf(file.input);
    this.#ledger.open(file, Object.fromEntries(lanes.map(({ name }) => [name, offset])));
  }

  close(file: LogFile): void {
    this.#ledger.close(file);
  }

  acked(file: LogFile): number {
    return this.#ledger.acked(file);
  }

  pressure(): void {
    for (const lane of this.lanes) lane.flush();
  }

  hasRoom({ input }: LogFile): boolean {
    return this.budget.fits(accountsOf(this.#lanesOf(input)), RECORD_BYTES);
  }

  released(signal: AbortSignal): Promise<void> {
    return this.budget.released(signal);
  }

  take(file: LogFile, now: number): TakeLine {
    const { format } = file.input;
    const lanes = this.#lanesOf(file.input);
    const accounts = accountsOf(lanes);
    const before = this.#before.get(file);
    const tally = this.#tally;
    return (text, start, end, flags, why) => {
      if (text !== undefined && !this.budget.fits(accounts, MOST_PER_BYTE * (end - start) + MOST_AROUND)) return false;
      tally.bytes += end - start;
      if (text === undefined) {
        if (why) tally.dropped[why] += end - start;
        for (const lane of lanes) if (before === undefined || end > before[lane.name]!) lane.drop(file, start, end);
        return true;
      }
      const event = parse({ file, start, end, text, flags }, format, now);
      tally.records += 1;
      if (event.flags !== 0) tally.flags.set(event.flags, (tally.flags.get(event.flags) ?? 0) + 1);
      for (const lane of lanes) if (before === undefined || end > before[lane.name]!) lane.add(event);
      return true;
    };
  }

  took({ input: { name: input } }: LogFile): void {
    const { records, bytes, dropped, flags } = this.#tally;
    const { metrics } = this.#around.telemetry;
    this.#tally = tally();
    metrics.recordsRead.inc({ input }, records);
    metrics.bytesRead.inc({ input }, bytes);
    for (const reason of ['long_line', 'hole'] as const)
      if (dropped[reason] > 0) metrics.bytesDropped.inc({ reason }, dropped[reason]);
    for (const [bits, count] of flags) {
      for (const flag of Object.keys(FLAGS) as Flag[])
        if (bits & FLAGS[flag]) metrics.recordsFlagged.inc({ flag }, count);
    }
    this.#checkAccounts();
  }

  /** Nothing may get lost between the stages: if something did, it is a bug, which must not be silent. */
  #checkAccounts(): void {
    const { metrics, log } = this.#around.telemetry;
    for (const { name: output, accounts } of this.lanes) {
      if (this.#unbalanced.has(output) || isBalanced(accounts)) continue;
      this.#unbalanced.add(output);
      metrics.accountingErrors.inc({ output });
      log.error({ output, ...accounts }, 'a bug: bytes are missing from the books; please report it');
    }
  }

  /**
   * Takes a new configuration: waits a moment for what is under way, gives up the rest (it is read again; the index takes each record
   * once, and an output that had a record is not given it again), and goes on with the same open files.
   */
  async reload(config: Config, pod: PodMetadata): Promise<void> {
    this.#reading.abort();
    await this.#running;
    await Promise.race([Promise.all(this.lanes.map((lane) => lane.drained())), sleep(RELOAD_MS)]);
    for (const lane of this.lanes) for (const pending of await lane.stop()) this.#await(lane.name, pending);
    const had = new Map(
      this.source.files.contents.map((content) => [
        content,
        { at: content.readOffset, settled: this.#ledger.watermarks(content.file), sent: this.#sent(content) },
      ]),
    );
    this.#config = config;
    this.#pod = pod;
    this.#build();
    // For each output: what it has; one that is new begins with what is read from now on.
    const offsets = (content: Content, input: Input, which: 'settled' | 'sent'): Record<string, number> => {
      const marks = had.get(content)!;
      return Object.fromEntries(this.#lanesOf(input).map(({ name }) => [name, marks[which][name] ?? marks.at]));
    };
    await this.source.files.rebind(
      this.#inputs,
      (content, input) => Math.min(...Object.values(offsets(content, input, 'sent'))),
      (content) => Math.min(...Object.values(had.get(content)!.settled)),
    );
    for (const content of this.source.files.contents) {
      this.#ledger.open(content.file, offsets(content, content.file.input, 'settled'));
      this.#before.set(content.file, offsets(content, content.file.input, 'sent'));
    }
    this.start();
  }

  /** Bytes from the beginning of a content that each output has, or that are on their way to it. */
  #sent(content: Content): Record<string, number> {
    const sent = this.#ledger.watermarks(content.file);
    for (const { lane, content: whose, upTo } of this.#onTheirWay) {
      if (whose === content) sent[lane] = Math.max(sent[lane] ?? 0, upTo);
    }
    return sent;
  }

  /** What is on its way is not given again to its output, and settled when it arrives. */
  #await(lane: string, { batch, arrived }: Pending): void {
    for (const { file, end: upTo } of runs(batch)) {
      const content = this.source.files.contents.find((one) => one.file === file);
      if (content === undefined) continue;
      const one: OnItsWay = { lane, content, upTo, arrived };
      this.#onTheirWay.add(one);
      void arrived.then((yes) => {
        this.#onTheirWay.delete(one);
        if (yes) this.#ledger.arrived(lane, content.file, upTo);
      });
    }
  }

  /** Reads on until the files are quiet, hands on unfinished lines, delivers; answers whether all of it was done before the signal. */
  async drain(signal: AbortSignal): Promise<boolean> {
    const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.source.drain();
    await Promise.race([this.#running, late]);
    this.#reading.abort();
    await this.#running;
    if (!signal.aborted) await this.source.flush(signal);
    const delivered = [
      ...this.lanes.map((lane) => lane.drained()),
      ...[...this.#onTheirWay].map(({ arrived }) => arrived),
    ];
    await Promise.race([Promise.all(delivered), late]);
    return !signal.aborted;
  }

  /** Ends at once: what is settled is remembered, the rest is for the next run. */
  async stop(): Promise<void> {
    this.#reading.abort();
    await Promise.all(this.lanes.map((lane) => lane.stop()));
    await this.source.save();
    await this.source.files.open.closeAll();
  }

  #build(): void {
    const { inputs, outputs } = this.#config;
    this.#inputs = inputs.map((input, i) => ({ ...input, name: inputName(input, i) }));
    this.#ledger = new Ledger();
    const accounts = this.budget.open(this.#config.memoryBudget, Object.keys(outputs));
    const { telemetry } = this.#around;
    this.lanes = Object.entries(outputs).map(
      ([name, output]) =>
        new Lane(output, this.#sink(name, output), this.#ledger, accounts.get(name)!, this.#config.stateDir, telemetry),
    );
  }

  #sink(name: string, output: OutputConfig): Sink {
    const { env, stdout, telemetry } = this.#around;
    if (output.type === 'stdout') return createStdoutSink(name, output, this.#pod, stdout);
    return createElasticsearchSink(name, output, this.#pod, env, (bytes) =>
      telemetry.metrics.bytesSent.inc({ output: name }, bytes),
    );
  }

  #lanesOf({ outputs }: Input): readonly Lane[] {
    return outputs === undefined ? this.lanes : this.lanes.filter(({ name }) => outputs.includes(name));
  }
}

/** Bytes of a content on their way to an output, and whether they arrived. */
interface OnItsWay {
  readonly lane: string;
  readonly content: Content;
  readonly upTo: number;
  readonly arrived: Promise<boolean>;
}

/** What a turn of a file gave. */
function tally(): { records: number; bytes: number; dropped: Record<Dropped, number>; flags: Map<number, number> } {
  return { records: 0, bytes: 0, dropped: { long_line: 0, hole: 0 }, flags: new Map() };
}

function accountsOf(lanes: readonly Lane[]): Account[] {
  return lanes.map(({ account }) => account);
}
