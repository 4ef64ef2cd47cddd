import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, inputName, type OutputConfig } from '../contract/config/schema.ts';
import { Budget } from './deliver/budget.ts';
import { Lane } from './deliver/lane.ts';
import { Ledger } from './deliver/ledger.ts';
import type { TakeLine } from './framing/lines.ts';
import type { PodMetadata } from './metadata.ts';
import { parse } from './parse/parse.ts';
import { createElasticsearchSink } from './sinks/elasticsearch/sink.ts';
import type { Sink } from './sinks/sink.ts';
import { createStdoutSink } from './sinks/stdout.ts';
import type { Checkpoints } from './source/checkpoints.ts';
import type { Downstream } from './source/downstream.ts';
import { Source } from './source/source.ts';
import type { Tailer } from './source/tailer.ts';
import type { Telemetry } from './telemetry.ts';
import { FLAGS, type Flag, type Input, type LogFile } from './types.ts';

/** What a pipeline needs of the process. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Writable;
  readonly telemetry: Telemetry;
}

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
  #reading = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #around: Surroundings;
  #tally = { records: 0, bytes: 0, dropped: 0, flags: new Map<number, number>() };

  constructor(config: Config, pod: PodMetadata, checkpoints: Checkpoints, around: Surroundings) {
    this.#config = config;
    this.#pod = pod;
    this.#around = around;
    this.budget = new Budget(config.memoryBudget, headroomOf(config));
    this.source = new Source(pod.uid, checkpoints, this.budget, this, around.telemetry);
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

  take(file: LogFile, now: number): TakeLine {
    const { format } = file.input;
    const lanes = this.#lanesOf(file.input);
    const before = this.#before.get(file);
    const tally = this.#tally;
    return (text, start, end, flags) => {
      tally.bytes += end - start;
      if (text === undefined) {
        tally.dropped += end - start;
        this.#ledger.settleAll(file, start, end);
        return true;
      }
      const event = parse({ file, start, end, text, flags }, format, now);
      tally.records += 1;
      if (event.flags !== 0) tally.flags.set(event.flags, (tally.flags.get(event.flags) ?? 0) + 1);
      for (const lane of lanes) if (before === undefined || end > before[lane.name]!) lane.add(event);
      return this.budget.hasRoom;
    };
  }

  took({ input: { name: input } }: LogFile): void {
    const { records, bytes, dropped, flags } = this.#tally;
    const { metrics } = this.#around.telemetry;
    this.#tally = { records: 0, bytes: 0, dropped: 0, flags: new Map() };
    metrics.recordsRead.inc({ input }, records);
    metrics.bytesRead.inc({ input }, bytes);
    if (dropped > 0) metrics.bytesDropped.inc({ reason: 'long_line' }, dropped);
    for (const [bits, count] of flags) {
      for (const flag of Object.keys(FLAGS) as Flag[])
        if (bits & FLAGS[flag]) metrics.recordsFlagged.inc({ flag }, count);
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
    await Promise.all(this.lanes.map((lane) => lane.stop()));
    const had = new Map(
      this.source.files.all.map((tailer) => [
        tailer,
        { at: tailer.readOffset, marks: this.#ledger.watermarks(tailer.file) },
      ]),
    );
    this.#config = config;
    this.#pod = pod;
    this.budget.resize(config.memoryBudget, headroomOf(config));
    this.#build();
    // For each output: what it has settled; one that is new begins with what is read from now on.
    const offsets = (tailer: Tailer, input: Input): Record<string, number> => {
      const { at, marks } = had.get(tailer)!;
      return Object.fromEntries(this.#lanesOf(input).map(({ name }) => [name, marks[name] ?? at]));
    };
    await this.source.files.rebind(this.#inputs, (tailer, input) => Math.min(...Object.values(offsets(tailer, input))));
    for (const tailer of this.source.files.all) {
      const own = offsets(tailer, tailer.file.input);
      this.#ledger.open(tailer.file, own);
      this.#before.set(tailer.file, own);
    }
    this.start();
  }

  /** Reads on until the files are quiet, hands on unfinished lines, delivers; answers whether all of it was done before the signal. */
  async drain(signal: AbortSignal): Promise<boolean> {
    const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.source.drain();
    await Promise.race([this.#running, late]);
    this.#reading.abort();
    await this.#running;
    if (!signal.aborted) await this.source.flush();
    await Promise.race([Promise.all(this.lanes.map((lane) => lane.drained())), late]);
    return !signal.aborted;
  }

  /** Ends at once: what is settled is remembered, the rest is for the next run. */
  async stop(): Promise<void> {
    this.#reading.abort();
    await Promise.all(this.lanes.map((lane) => lane.stop()));
    await this.source.save();
    await this.source.files.closeAll();
  }

  #build(): void {
    const { inputs, outputs } = this.#config;
    this.#inputs = inputs.map((input, i) => ({ ...input, name: inputName(input, i) }));
    this.#ledger = new Ledger();
    const { telemetry } = this.#around;
    this.lanes = Object.entries(outputs).map(
      ([name, output]) =>
        new Lane(output, this.#sink(name, output), this.#ledger, this.budget, this.#config.stateDir, telemetry),
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

/** Bytes that stay free for what one record becomes: a JSON line stands twice in its document, with quotes escaped. */
function headroomOf(config: Config): number {
  return 3 * Math.max(...config.inputs.map(({ maxLineBytes }) => maxLineBytes)) + 64 * 1024;
}
