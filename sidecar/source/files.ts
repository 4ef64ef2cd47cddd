import type { Telemetry } from '../telemetry.ts';
import type { Input } from '../types.ts';
import { type Checkpoints, type Entry, entryKey } from './checkpoints.ts';
import { Discovery, type Found, type Refused } from './discovery.ts';
import type { Downstream } from './downstream.ts';
import { type Aside, Rotated } from './rotated.ts';
import { Tailer } from './tailer.ts';
import { Watcher } from './watcher.ts';

/** A file that no path names any more is closed when it was quiet for this long and all of it is settled, ms. */
const ROTATE_WAIT_MS = 5000;

/** The files that are open: opens what the inputs' paths find, keeps what was renamed or deleted until it is settled, closes it then. */
export class Files {
  /** Something changed in a folder: scan soon. */
  changed = true;
  /** A file got its id, which is not yet on disk. */
  unregistered = false;
  readonly #open = new Map<string, Tailer>();
  readonly #podUid: string | undefined;
  readonly #checkpoints: Checkpoints;
  readonly #down: Downstream;
  readonly #telemetry: Telemetry;
  readonly #wake: () => void;
  readonly #rotated: Rotated;
  readonly #complained = new Map<string, string>();
  #inputs: readonly Input[] = [];
  #discovery = new Discovery([]);
  #watcher: Watcher | undefined;
  #scans = 0;
  refused: readonly Refused[] = [];

  constructor(
    podUid: string | undefined,
    checkpoints: Checkpoints,
    down: Downstream,
    telemetry: Telemetry,
    wake: () => void,
  ) {
    this.#podUid = podUid;
    this.#checkpoints = checkpoints;
    this.#down = down;
    this.#telemetry = telemetry;
    this.#wake = wake;
    this.#rotated = new Rotated(this, checkpoints);
  }

  get all(): Tailer[] {
    return [...this.#open.values()];
  }

  /** Looks for the files of these inputs from now on. */
  watch(inputs: readonly Input[]): void {
    this.#inputs = inputs;
    this.#discovery = new Discovery(inputs);
    this.changed = true;
    const changed = (): void => {
      this.changed = true;
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
    this.changed = false;
    const { found, refused } = await this.#discovery.scan();
    const seen = new Set<string>();
    const fresh: Found[] = [];
    // Those that are known first: what is new may be a copy of one of them.
    const known = Map.groupBy(found, (file) => this.isKnown(file));
    for (const file of [...(known.get(true) ?? []), ...(known.get(false) ?? [])]) {
      const key = entryKey(file.dev, file.inode);
      seen.add(key);
      const tailer = this.#open.get(key);
      if (tailer !== undefined) {
        tailer.path = file.path;
        tailer.matched = true;
      } else if (this.isKnown(file)) refused.push(...(await this.#openFile(file, this.#scans === 0)));
      else {
        if (await this.#rotated.isBeingCopied(file)) continue;
        const entry = await this.#rotated.lostEntryOf(file);
        refused.push(...(await this.#openFile(file, this.#scans === 0, entry)));
        if (entry === undefined) fresh.push(file);
      }
    }
    for (const [key, tailer] of this.#open) {
      if (seen.has(key) || !tailer.matched) continue;
      tailer.matched = false;
      this.#telemetry.metrics.filesRotated.inc({ input: tailer.file.input.name });
      this.#telemetry.log.info(
        { path: tailer.path, unread: tailer.size - tailer.readOffset },
        'the file was renamed or deleted: it is read to its end',
      );
    }
    this.refused = refused;
    this.#complain(refused);
    if (this.#scans === 0) {
      await this.#rotated.findOrphans(seen);
      this.#sayNothingFound(found);
    }
    for (const file of fresh) await this.#rotated.adoptUnseen(file);
    await this.#rotated.adoptStray();
    this.#scans += 1;
    this.#telemetry.metrics.filesOpen.set(this.#open.size);
  }

  /** Whether the file is open, or remembered. */
  isKnown({ dev, inode }: { dev: number; inode: number }): boolean {
    const entry = this.#checkpoints.entries.get(entryKey(dev, inode));
    return this.#open.has(entryKey(dev, inode)) || (entry !== undefined && !entry.gone);
  }

  /** `known`: what is remembered of the file, where that is not found under its inode. */
  async #openFile(found: Found, atStart: boolean, known?: Entry): Promise<Refused[]> {
    const { log, metrics } = this.#telemetry;
    try {
      const entry = known ?? this.#checkpoints.entries.get(entryKey(found.dev, found.inode));
      const tailer = await Tailer.open(
        found,
        (dev, inode) => known ?? this.#checkpoints.entries.get(entryKey(dev, inode)),
      );
      if (this.#open.has(entryKey(tailer.dev, tailer.inode))) {
        await tailer.close(); // renamed between the scan and the opening: what stands there now is open under its other name
        return [];
      }
      if (this.#scans === 0 && entry && !entry.gone && entry.generation !== tailer.file.generation)
        this.#rotated.truncatedMeanwhile(entry);
      if (atStart && found.input.readFrom === 'end' && !this.#checkpoints.resumed) {
        // With its id at once, so that a restart before the next line goes on here.
        await tailer.seek(tailer.size);
        if (tailer.size > 0) this.unregistered = await tailer.identify(this.#podUid, true);
      }
      this.#open.set(entryKey(tailer.dev, tailer.inode), tailer);
      if (tailer.file.id === '') this.unregistered = true;
      this.#down.open(tailer.file, tailer.readOffset);
      metrics.filesOpened.inc({ input: found.input.name });
      this.#complained.delete(found.path);
      log.info({ path: found.path, input: found.input.name, offset: tailer.readOffset, size: tailer.size }, 'reading');
      return [];
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return []; // renamed since the scan: the next one finds it
      return [{ input: found.input, path: found.path, code: code ?? 'unknown', message }];
    }
  }

  /** Opens a file that no path names, because a rotation put it aside; `known`: what is remembered of its content. */
  async openAside(file: Aside, path: string, inputName: string, known?: Entry): Promise<void> {
    const input = this.#inputs.find(({ name }) => name === inputName);
    if (input === undefined) return;
    await this.#openFile({ ...file, input, path }, false, known);
    const tailer = this.#open.get(entryKey(file.dev, file.inode));
    if (tailer) tailer.matched = false;
  }

  /** A file was truncated: if it was copied before (copytruncate), the copy has what was not read of it. Answers its path. */
  async followCopy(tailer: Tailer): Promise<string | undefined> {
    const copy = await this.#rotated.copyOf(tailer);
    if (copy === undefined) return undefined;
    copy.matched = false;
    this.#open.set(entryKey(copy.dev, copy.inode), copy);
    return copy.realPath;
  }

  /** A read failed: say so, try again later. */
  fail(tailer: Tailer, error: NodeJS.ErrnoException): void {
    tailer.lookAt = Date.now() + 1000;
    this.#complain([
      { input: tailer.file.input, path: tailer.path, code: error.code ?? 'unknown', message: error.message },
    ]);
  }

  /** Closes a file that no path names any more, once it is quiet and settled. An unfinished last line is handed on first. */
  async closeFinished(tailer: Tailer): Promise<boolean> {
    if (tailer.matched || Date.now() - tailer.grownAt < ROTATE_WAIT_MS) return false;
    const { file } = tailer;
    if (tailer.readOffset < tailer.size) {
      if (!(await tailer.identify(this.#podUid, true))) return false;
      if (!tailer.registered) {
        this.unregistered = true;
        return true;
      }
      const done = await tailer.flush(this.#down.take(file, Date.now()));
      this.#down.took(file);
      return done;
    }
    if (this.#down.acked(file) < tailer.readOffset) return false;
    await this.#close(tailer);
    return false;
  }

  async #close(tailer: Tailer): Promise<void> {
    const { input } = tailer.file;
    const key = entryKey(tailer.dev, tailer.inode);
    this.#open.delete(key);
    const entry = this.#checkpoints.entries.get(key);
    if (entry && tailer.links === 0) {
      const { head: _head, mark: _mark, ...rest } = entry;
      this.#checkpoints.entries.delete(key); // and at the end again: the oldest of those that are gone go first
      this.#checkpoints.entries.set(key, { ...rest, gone: true });
    } else if (tailer.file.id !== '') {
      this.#checkpoints.entries.set(key, tailer.entry(tailer.readOffset));
    }
    this.#down.close(tailer.file);
    await tailer.close();
    this.#telemetry.metrics.filesClosed.inc({ input: input.name });
    this.#telemetry.log.info(
      { path: tailer.path, bytes: tailer.readOffset },
      'the file was renamed or deleted and all of it is delivered: closed',
    );
  }

  /**
   * After a reload: other inputs, and each file again from `offsetOf`; a file that no input wants any more is closed, and what was
   * settled of it remembered, should an input want it again.
   */
  async rebind(
    inputs: readonly Input[],
    offsetOf: (tailer: Tailer, input: Input) => number,
    settledOf: (tailer: Tailer) => number,
  ): Promise<void> {
    const discovery = new Discovery(inputs);
    const { found } = await discovery.scan();
    const inputOf = new Map(found.map((file) => [entryKey(file.dev, file.inode), file.input]));
    for (const [key, tailer] of this.#open) {
      const byName = inputs.find(({ name }) => name === tailer.file.input.name);
      const input = inputOf.get(key) ?? (tailer.matched ? discovery.inputOf(tailer.path) : byName);
      if (input === undefined) {
        this.#open.delete(key);
        if (tailer.file.id !== '') this.#checkpoints.entries.set(key, tailer.entry(settledOf(tailer)));
        await tailer.close();
        continue;
      }
      const offset = Math.min(offsetOf(tailer, input), tailer.readOffset);
      tailer.rebind(input);
      await tailer.seek(offset);
      tailer.lookAt = 0;
    }
  }

  #sayNothingFound(found: readonly Found[]): void {
    for (const input of this.#inputs) {
      if (found.some((file) => file.input === input)) continue;
      this.#telemetry.log.info(
        { input: input.name, paths: input.paths },
        'no file matches yet: each is read as soon as it appears',
      );
    }
  }

  /** Says what is not read and why: once for each path and reason. */
  #complain(refused: readonly Refused[]): void {
    for (const { input, path, code, message } of refused) {
      if (this.#complained.get(path) === code) continue;
      this.#complained.set(path, code);
      this.#telemetry.metrics.fileErrors.inc({ input: input.name, code });
      this.#telemetry.log.warn({ input: input.name, path, code, fix: FIXES[code] }, `not read: ${message}`);
    }
  }

  async closeAll(): Promise<void> {
    for (const tailer of this.all) await tailer.close();
    this.#open.clear();
  }
}

const FIXES: Readonly<Record<string, string>> = {
  EACCES:
    'let the user of the sidecar read it: run both containers as the same user, or give the file group and fsGroup',
  EISDIR: 'give the files in it, e.g. with *.log',
  broken_link:
    'nothing, if the application makes its target later; else let the link lead to a folder that is among the paths',
  ENOENT: 'nothing, if the application makes it later; else check the path',
};
