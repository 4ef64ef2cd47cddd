import { uptime } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Input } from '../types.ts';
import { type Checkpoints, entryKey } from './checkpoints.ts';
import type { Content } from './content.ts';
import { Discovery, type Found, type Refused } from './discovery.ts';
import type { Downstream } from './downstream.ts';
import { OpenFiles } from './open-files.ts';
import { Refusals } from './refusals.ts';
import type { Tailer } from './tailer.ts';
import { Watcher } from './watcher.ts';

/** How often what is remembered of files that are no more is forgotten, ms. */
const FORGET_MS = 60_000;

/** Finds the files that the inputs' paths name, again and again, and has them opened. */
export class Files {
  readonly open: OpenFiles;
  readonly refusals: Refusals;
  readonly #checkpoints: Checkpoints;
  readonly #telemetry: Telemetry;
  readonly #wake: () => void;
  #discovery = new Discovery([]);
  #watcher: Watcher | undefined;
  /** Something changed in a folder: scan soon. */
  #changed = true;
  #scanned = false;
  #forgotAt = uptime();

  constructor(
    podUid: string | undefined,
    checkpoints: Checkpoints,
    down: Downstream,
    telemetry: Telemetry,
    wake: () => void,
  ) {
    this.#checkpoints = checkpoints;
    this.#telemetry = telemetry;
    this.#wake = wake;
    this.open = new OpenFiles(podUid, checkpoints, down, telemetry);
    this.refusals = new Refusals(telemetry);
  }

  get all(): Tailer[] {
    return this.open.all;
  }

  get contents(): Content[] {
    return this.open.contents;
  }

  /** Whether to scan soon. */
  get changed(): boolean {
    return this.#changed || this.open.changed;
  }

  /** Looks for the files of these inputs from now on. */
  watch(inputs: readonly Input[]): void {
    this.open.inputs = inputs;
    this.#discovery = new Discovery(inputs);
    this.#changed = true;
    const changed = (): void => {
      this.#changed = true;
      this.#wake();
    };
    this.#watcher = new Watcher(this.#discovery.folders, changed, this.#telemetry.log);
  }

  async unwatch(): Promise<void> {
    await this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Opens what is new, follows what was renamed, marks what no path names any more. */
  async scan(): Promise<void> {
    this.#changed = false;
    this.open.changed = false;
    const first = !this.#scanned;
    const now = Date.now();
    const { found, refused } = await this.#discovery.scan();
    for (const file of found) refused.push(...(await this.#take(file, first)));
    this.open.unmatch(new Set(found.map(({ dev, inode }) => entryKey(dev, inode))));
    this.refusals.set(refused);
    if (first) {
      await this.open.rotated.findMissing();
      this.#sayNothingFound(found);
    } else if (uptime() - this.#forgotAt > FORGET_MS) {
      this.#forgotAt = uptime();
      await this.open.rotated.forgetMissing();
    }
    await this.open.rotated.lookBeside();
    await this.open.limitUnlinked();
    this.#scanned = true;
    this.open.lookedAt = now;
    this.#checkpoints.begun = true;
    this.#telemetry.metrics.filesOpen.set(this.open.all.length);
  }

  async #take(file: Found, first: boolean): Promise<Refused[]> {
    const { input, path } = file;
    const tailer = this.open.get(file);
    if (tailer) {
      tailer.path = path;
      tailer.matched = true;
      return [];
    }
    if (this.open.isCompressed(file))
      return [{ input, path, code: 'compressed', message: 'it is compressed: its lines were read before it was' }];
    const refused = await this.open.open(file, first);
    if (refused.length === 0) this.refusals.forget(path);
    return refused;
  }

  /** A read failed: say so, try again later. */
  fail(tailer: Tailer, error: NodeJS.ErrnoException): void {
    tailer.lookAt = uptime() + 1000;
    const { code = 'unknown', message } = error;
    this.refusals.say({ input: tailer.file.input, path: tailer.path, code, message });
  }

  /**
   * After a reload: other inputs. `from` is told to which input a content belongs now, and says where it is read on; what no input wants any
   * more is closed, and what was settled of it remembered, should an input want it again.
   */
  async rebind(inputs: readonly Input[], from: (content: Content, input: Input) => number): Promise<void> {
    const discovery = new Discovery(inputs);
    const { found } = await discovery.scan();
    const inputOf = new Map(found.map((file) => [entryKey(file.dev, file.inode), file.input]));
    this.open.inputs = inputs;
    const successor = ({ file }: Content): Input | undefined =>
      discovery.inputOf(file.path) ?? inputs.find((input) => isSameInput(file.input, input));
    const inputFor = ({ dev, inode, path, matched, content }: Tailer): Input | undefined =>
      inputOf.get(entryKey(dev, inode)) ?? discovery.inputOf(path) ?? (matched ? undefined : successor(content));
    await this.open.rebind(inputFor, successor, from);
  }

  #sayNothingFound(found: readonly Found[]): void {
    for (const input of this.open.inputs) {
      if (found.some((file) => file.input === input)) continue;
      this.#telemetry.log.info(
        { input: input.name, paths: input.paths },
        'no file matches yet: each is read as soon as it appears',
      );
    }
  }
}

/** Whether it is the same input under another configuration: by its paths, or by the name that a user gave it. */
function isSameInput(before: Input, input: Input): boolean {
  if (before.root === input.root && before.paths.join('\n') === input.paths.join('\n')) return true;
  return before.name === input.name && !/^input-\d+$/.test(input.name);
}
