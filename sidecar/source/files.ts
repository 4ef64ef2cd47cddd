import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Telemetry } from '../telemetry.ts';
import type { Input } from '../types.ts';
import { type Checkpoints, type Entry, entryKey } from './checkpoints.ts';
import { Discovery, type Found, type Refused } from './discovery.ts';
import type { Downstream } from './downstream.ts';
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
    for (const file of found) {
      const key = entryKey(file.dev, file.inode);
      seen.add(key);
      const tailer = this.#open.get(key);
      if (tailer === undefined) refused.push(...(await this.#openFile(file, this.#scans === 0)));
      else {
        tailer.path = file.path;
        tailer.matched = true;
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
      await this.#findOrphans(seen);
      this.#sayNothingFound(found);
    }
    this.#scans += 1;
    this.#telemetry.metrics.filesOpen.set(this.#open.size);
  }

  async #openFile(found: Found, atStart: boolean): Promise<Refused[]> {
    const { log, metrics } = this.#telemetry;
    try {
      const tailer = await Tailer.open(found, (dev, inode) => this.#checkpoints.entries.get(entryKey(dev, inode)));
      if (this.#open.has(entryKey(tailer.file.dev, tailer.file.inode))) {
        await tailer.close(); // renamed between the scan and the opening: what stands there now is open under its other name
        return [];
      }
      if (atStart && found.input.readFrom === 'end' && !this.#checkpoints.resumed) {
        // With its id at once, so that a restart before the next line goes on here.
        await tailer.seek(tailer.size);
        if (tailer.size > 0) this.unregistered = await tailer.identify(this.#podUid, true);
      }
      this.#open.set(entryKey(tailer.file.dev, tailer.file.inode), tailer);
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

  /** After a restart: files that were renamed meanwhile, and have more than was settled, are looked for in their folder. */
  async #findOrphans(seen: ReadonlySet<string>): Promise<void> {
    const missing = [...this.#checkpoints.entries].filter(
      ([key, entry]) => !seen.has(key) && !entry.gone && entry.realPath !== undefined,
    );
    for (const folder of new Set(missing.map(([, entry]) => dirname(entry.realPath!)))) {
      const wanted = new Map(missing.filter(([, entry]) => dirname(entry.realPath!) === folder));
      const names = await readdir(folder).catch(() => []); // the folder is gone, and the files with it
      for (const name of names) await this.#adopt(join(folder, name), wanted);
    }
  }

  async #adopt(realPath: string, wanted: ReadonlyMap<string, Entry>): Promise<void> {
    const status = await stat(realPath).catch(() => undefined); // gone since the listing
    const entry = status?.isFile() ? wanted.get(entryKey(status.dev, status.ino)) : undefined;
    if (status === undefined || entry === undefined || status.size <= entry.offset) return;
    const input = this.#inputs.find(({ name }) => name === entry.input);
    if (input === undefined) return;
    await this.#openFile({ input, path: entry.path, realPath, dev: entry.dev, inode: entry.inode }, false);
    const tailer = this.#open.get(entryKey(entry.dev, entry.inode));
    if (tailer) tailer.matched = false;
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
    const { dev, inode, input } = tailer.file;
    const key = entryKey(dev, inode);
    this.#open.delete(key);
    const entry = this.#checkpoints.entries.get(key);
    if (entry && tailer.links === 0) {
      const { head: _head, mark: _mark, ...rest } = entry;
      this.#checkpoints.entries.delete(key); // and at the end again: the oldest of those that are gone go first
      this.#checkpoints.entries.set(key, { ...rest, gone: true });
    } else if (entry) {
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
