import { type Config, inputName, type OutputConfig } from '../contract/config/schema.ts';
import { type Account, Budget, RECORD_BYTES } from './deliver/budget.ts';
import { isBalanced, Lane } from './deliver/lane.ts';
import { Ledger } from './deliver/ledger.ts';
import { Events } from './events.ts';
import type { Dropped, TakeLine } from './framing/lines.ts';
import { recordsOf } from './framing/multiline.ts';
import type { PodMetadata } from './metadata.ts';
import { compileCondition, type Matches } from './route/condition.ts';
import type { Rule } from './route/filter.ts';
import { createElasticsearchSink } from './sinks/elasticsearch/sink.ts';
import type { Sink } from './sinks/sink.ts';
import { createStdoutSink, type StandardOutput } from './sinks/stdout.ts';
import type { Checkpoints } from './source/checkpoints.ts';
import type { Content } from './source/content.ts';
import type { Downstream } from './source/downstream.ts';
import { Source } from './source/source.ts';
import type { Telemetry } from './telemetry.ts';
import { type Batch, FLAGS, type Flag, type Input, type LogFile } from './types.ts';

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
const mostOf = (bytes: number): number => MOST_PER_BYTE * bytes + MOST_AROUND;

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
  readonly #ledger = new Ledger();
  /** Up to where outputs had records of a file already when a reload made it be read again. */
  readonly #before = new WeakMap<LogFile, Record<string, number>>();
  #reading = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #around: Surroundings;
  #events: Events;
  /** Which records an output gets, where it does not get all. */
  #routes: ReadonlyMap<string, Matches> = new Map();
  #tally = tally();
  /** Outputs whose accounts were found wrong. */
  readonly #unbalanced = new Set<string>();

  constructor(config: Config, pod: PodMetadata, checkpoints: Checkpoints, around: Surroundings) {
    this.#config = config;
    this.#pod = pod;
    this.#around = around;
    this.budget = new Budget(config.memoryBudget);
    this.source = new Source(pod.uid, checkpoints, this, around.telemetry);
    this.#inputs = named(config);
    this.#events = new Events(config, pod.minLevel);
    this.lanes = this.#lanesFor([]);
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
    const lanes = this.#lanesOf(file.input);
    const accounts = accountsOf(lanes);
    const before = this.#before.get(file);
    const tally = this.#tally;
    return (text, start, end, flags, why) => {
      if (text !== undefined && !this.budget.fits(accounts, mostOf(end - start))) return false;
      tally.bytes += end - start;
      if (text === undefined) {
        if (why) tally.dropped[why] += end - start;
        for (const lane of lanes) if (before === undefined || end > before[lane.name]!) lane.drop(file, start, end);
        return true;
      }
      tally.records += 1;
      const made = this.#events.of({ file, start, end, text, flags }, now);
      const event = 'event' in made ? made.event : undefined;
      if ('stoppedBy' in made) tally.stopped.set(made.stoppedBy, (tally.stopped.get(made.stoppedBy) ?? 0) + 1);
      else if (made.event.flags !== 0) tally.flags.set(made.event.flags, (tally.flags.get(made.event.flags) ?? 0) + 1);
      for (const lane of lanes) {
        if (before !== undefined && end <= before[lane.name]!) continue;
        if (event !== undefined && (this.#routes.get(lane.name)?.(event) ?? true)) lane.add(event);
        else lane.drop(file, start, end);
      }
      return true;
    };
  }

  took({ input: { name: input } }: LogFile): void {
    const { records, bytes, dropped, flags, stopped } = this.#tally;
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
    for (const [{ name: rule, kind }, count] of stopped) metrics.recordsFiltered.inc({ input, rule, kind }, count);
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
   * Takes a new configuration, and goes on with the same open files. What was read before is delivered as it was rendered then. An output
   * that fails and is another one now gets anew what it did not take; one that is new gets what those that are no more did not take.
   */
  async reload(config: Config, pod: PodMetadata): Promise<void> {
    this.#reading.abort();
    await this.#running;
    const before = this.lanes;
    const open = new Set(this.source.files.all.map(({ content }) => content.file));
    const staysAs = (lane: Lane): OutputConfig | undefined => {
      const next = config.outputs[lane.name];
      return next?.type === lane.type ? next : undefined;
    };
    const gone = before.filter((lane) => staysAs(lane) === undefined);
    const again = before.filter((lane) => lane.isMendedBy(staysAs(lane)));
    for (const lane of again) await lane.takeBack((file) => open.has(file));
    const hasNew = Object.keys(config.outputs).some(
      (name) => !before.some((lane) => lane.name === name && staysAs(lane)),
    );
    for (const lane of gone) this.#giveUp(lane.name, await lane.stop(), (file) => hasNew && open.has(file));
    const had = new Map(this.source.files.contents.map((content) => [content, this.#ledger.watermarks(content.file)]));
    this.#config = config;
    this.#pod = pod;
    this.#inputs = named(config);
    this.#events = new Events(config, pod.minLevel);
    this.lanes = this.#lanesFor(before.filter((lane) => !gone.includes(lane)));
    /** Where each output goes on in a content. */
    const starts = (content: Content, input: Input): Record<string, number> => {
      const marks = had.get(content)!;
      const at = content.readOffset;
      const notTaken = Math.min(at, ...gone.map(({ name }) => marks[name] ?? at));
      const startOf = (lane: Lane): number => {
        if (again.includes(lane) && open.has(content.file)) return marks[lane.name] ?? at;
        return before.includes(lane) ? Math.max(at, this.#before.get(content.file)?.[lane.name] ?? 0) : notTaken;
      };
      return Object.fromEntries(this.#lanesOf(input).map((lane) => [lane.name, startOf(lane)]));
    };
    for (const { name } of gone) this.#ledger.forget(name);
    await this.source.files.rebind(this.#inputs, (content, input) => {
      const own = starts(content, input);
      this.#ledger.route(content.file, content.readOffset, own);
      const from = Math.min(...Object.values(own));
      if (Object.values(own).some((offset) => offset > from)) this.#before.set(content.file, own);
      else this.#before.delete(content.file);
      return from;
    });
    this.start();
  }

  /** Counts what an output that is no more did not take, and what cannot be read again for another one. */
  #giveUp(output: string, batches: readonly Batch[], canBeRead: (file: LogFile) => boolean): void {
    const records = batches.reduce((sum, { files }) => sum + files.filter((file) => !canBeRead(file)).length, 0);
    if (records === 0) return;
    const { metrics, log } = this.#around.telemetry;
    metrics.recordsDropped.inc({ reason: 'output_removed' }, records);
    log.warn({ output, records }, 'the output is no more: what it did not take is given up');
  }

  /** Reads on until the files are quiet, hands on unfinished lines, delivers; answers whether all of it was done before the signal. */
  async drain(signal: AbortSignal): Promise<boolean> {
    const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.source.drain();
    await Promise.race([this.#running, late]);
    this.#reading.abort();
    await this.#running;
    if (!signal.aborted) await this.source.flush(signal);
    await Promise.race([Promise.all(this.lanes.map((lane) => lane.drained())), late]);
    return !signal.aborted;
  }

  /** Ends at once: what is settled is remembered, the rest is for the next run. */
  async stop(): Promise<void> {
    this.#reading.abort();
    await Promise.all(this.lanes.map((lane) => lane.stop()));
    await this.source.save();
    await this.source.files.open.closeAll();
  }

  /** A lane for each output; those that stay go on with what they have. */
  #lanesFor(before: readonly Lane[]): Lane[] {
    const { outputs, memoryBudget, stateDir } = this.#config;
    const longest = Math.max(...this.#inputs.map(({ maxLineBytes }) => maxLineBytes));
    this.#routes = new Map(
      Object.entries(outputs).flatMap(([name, { when }]) => (when ? [[name, compileCondition(when)] as const] : [])),
    );
    const accounts = this.budget.open(memoryBudget, Object.keys(outputs), mostOf(longest));
    return Object.entries(outputs).map(([name, output]) => {
      const sink = this.#sink(name, output);
      const lane = before.find((one) => one.name === name);
      lane?.change(output, sink);
      return lane ?? new Lane(output, sink, this.#ledger, accounts.get(name)!, stateDir, this.#around.telemetry);
    });
  }

  /** The inputs, and how many records of each were of which format. */
  get formats(): { name: string; formats: Record<string, number> }[] {
    return this.#inputs.map((input) => ({
      name: input.name,
      formats: Object.fromEntries(this.#events.formats(input)),
    }));
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

/** The inputs with their names. */
function named({ inputs }: Config): Input[] {
  return inputs.map((input, i) => ({ ...input, name: inputName(input, i), records: recordsOf(input.multiline) }));
}

/** What a turn of a file gave. */
interface Tally {
  records: number;
  bytes: number;
  readonly dropped: Record<Dropped, number>;
  /** How many records had these flags. */
  readonly flags: Map<number, number>;
  /** How many a rule stopped. */
  readonly stopped: Map<Rule, number>;
}

function tally(): Tally {
  return { records: 0, bytes: 0, dropped: { long_line: 0, hole: 0 }, flags: new Map(), stopped: new Map() };
}

function accountsOf(lanes: readonly Lane[]): Account[] {
  return lanes.map(({ account }) => account);
}
