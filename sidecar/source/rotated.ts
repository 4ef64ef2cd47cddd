import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Checkpoints, type Entry, entryKey } from './checkpoints.ts';
import type { Found } from './discovery.ts';
import { isStill } from './identity.ts';
import { isRotatedName, siblingsOf } from './siblings.ts';
import type { Tailer } from './tailer.ts';

/** A file without a name that the inputs know. */
export interface Aside {
  readonly realPath: string;
  readonly dev: number;
  readonly inode: number;
}

/** What is needed of the files that are open. */
export interface OpenFiles {
  readonly all: readonly Tailer[];
  isKnown(file: { dev: number; inode: number }): boolean;
  openAside(file: Aside, path: string, input: string, known?: Entry): Promise<void>;
}

/** How long a copy of a file may wait for the file to be truncated, ms; then it is a file like any other. */
const COPY_WAIT_MS = 10_000;
/** A file beside a log is left alone for so long after it was written last, ms. */
const YOUNG_MS = 2000;
/** How long a writer may go on writing to a file that was put aside, ms. Whoever writes longer writes another log. */
const LATE_MS = 5000;

/**
 * What rotations do to files while nobody looks: those that were put aside while we were down, copies that are made before a file is
 * truncated, files that were made and put aside between two looks.
 */
export class Rotated {
  readonly #files: OpenFiles;
  readonly #checkpoints: Checkpoints;
  /** What is remembered of files that were truncated while we were down. */
  #lost: Entry[] = [];
  /** Folders in which nothing waits, and when they had changed. */
  readonly #quiet = new Map<string, number>();
  /** New files that look like copies of ones that are read, and since when. */
  readonly #copies = new Map<string, number>();

  constructor(files: OpenFiles, checkpoints: Checkpoints) {
    this.#files = files;
    this.#checkpoints = checkpoints;
  }

  truncatedMeanwhile(entry: Entry): void {
    this.#lost.push(entry);
  }

  /** After a restart: files that were renamed meanwhile, and have more than was settled, are looked for in their folder. */
  async findOrphans(seen: ReadonlySet<string>): Promise<void> {
    const missing = [...this.#checkpoints.entries].filter(
      ([key, entry]) => !seen.has(key) && !entry.gone && entry.realPath !== undefined,
    );
    for (const folder of new Set(missing.map(([, entry]) => dirname(entry.realPath!)))) {
      const wanted = new Map(missing.filter(([, entry]) => dirname(entry.realPath!) === folder));
      const names = await readdir(folder).catch(() => []); // the folder is gone, and the files with it
      for (const name of names) await this.#adopt(join(folder, name), wanted);
    }
    for (const entry of this.#lost) {
      for (const sibling of await siblingsOf(entry.realPath ?? '')) {
        if (this.#files.isKnown(sibling) || !(await isStill(sibling.realPath, entry))) continue;
        await this.#files.openAside(sibling, entry.path, entry.input ?? '', entry);
        break;
      }
      // Contents that came and went while we were down.
      const truncated = this.#files.all.find(({ realPath }) => realPath === entry.realPath);
      for (const sibling of await siblingsOf(entry.realPath ?? '')) {
        if (this.#files.isKnown(sibling) || sibling.size === 0 || sibling.bornAt < this.#checkpoints.since) continue;
        if (await truncated?.isCopyOfNow(sibling.realPath)) continue;
        const path = join(dirname(entry.path), basename(sibling.realPath));
        await this.#files.openAside(sibling, path, entry.input ?? '');
      }
    }
    this.#lost = [];
  }

  async #adopt(realPath: string, wanted: ReadonlyMap<string, Entry>): Promise<void> {
    const status = await stat(realPath).catch(() => undefined); // gone since the listing
    const entry = status?.isFile() ? wanted.get(entryKey(status.dev, status.ino)) : undefined;
    if (status === undefined || entry === undefined || status.size <= entry.offset) return;
    await this.#files.openAside({ realPath, dev: entry.dev, inode: entry.inode }, entry.path, entry.input ?? '');
  }

  /** What is remembered of a file that was truncated while we were down, if this new file is the copy that was made of it before. */
  async lostEntryOf({ realPath }: Found): Promise<Entry | undefined> {
    for (const entry of this.#lost) if (await isStill(realPath, entry)) return entry;
    return undefined;
  }

  /** Whether a new file is a copy of one that is read, which will be truncated next: then that is followed there (`copyOf`). */
  async isBeingCopied({ realPath }: Aside): Promise<boolean> {
    const since = this.#copies.get(realPath) ?? Date.now();
    if (Date.now() - since > COPY_WAIT_MS) return false;
    for (const tailer of this.#files.all) {
      const beside = dirname(tailer.realPath) === dirname(realPath);
      if (!beside || !isRotatedName(basename(tailer.realPath), basename(realPath))) continue;
      if (!(await tailer.isCopiedTo(realPath))) continue;
      this.#copies.set(realPath, since);
      return true;
    }
    this.#copies.delete(realPath);
    return false;
  }

  /**
   * The copy that was made of a file before it was truncated, where the file stood. Copies that were made later, of contents that came and
   * went since the last look, are opened too.
   */
  async copyOf(tailer: Tailer): Promise<Tailer | undefined> {
    const { input, path } = tailer.file;
    let copy: Tailer | undefined;
    for (const sibling of await siblingsOf(tailer.realPath)) {
      if (this.#files.isKnown(sibling)) continue;
      if (copy === undefined && (await tailer.isCopiedTo(sibling.realPath))) {
        this.#copies.delete(sibling.realPath);
        copy = await tailer.continueIn(sibling.realPath);
      } else if (sibling.size > 0 && sibling.bornAt >= Math.max(this.#checkpoints.since, tailer.lookedAt)) {
        if (await tailer.isCopyOfNow(sibling.realPath)) continue; // a copy of what stands in the file now, which is read there
        await this.#files.openAside(sibling, join(dirname(path), basename(sibling.realPath)), input.name);
      }
    }
    return copy;
  }

  /**
   * Copies of contents that came and went before anything of them was read: `app.log.1` and its like beside a file that is read. Looked for
   * where a folder changed since the last time, or something in it waits.
   */
  async adoptStray(): Promise<void> {
    const folders = Map.groupBy(
      this.#files.all.filter(({ matched }) => matched),
      ({ realPath }) => dirname(realPath),
    );
    for (const [folder, tailers] of folders) {
      const changedAt = (await stat(folder).catch(() => undefined))?.mtimeMs; // gone since the scan
      if (changedAt === undefined || changedAt === this.#quiet.get(folder)) continue;
      let waiting = false;
      for (const tailer of tailers) if (await this.#adoptBeside(tailer)) waiting = true;
      if (!waiting) this.#quiet.set(folder, changedAt);
    }
  }

  /** Whether something beside the file has to be looked at again. */
  async #adoptBeside(tailer: Tailer): Promise<boolean> {
    const { input, path } = tailer.file;
    const name = basename(tailer.realPath);
    let waiting = false;
    for (const sibling of await siblingsOf(tailer.realPath)) {
      const { realPath, size, bornAt, writtenAt } = sibling;
      // Only names that begin with the whole name: a number before the extension may be another log's.
      if (!basename(realPath).startsWith(name) || this.#files.isKnown(sibling)) continue;
      if (size === 0 || bornAt < this.#checkpoints.since) continue;
      const young = Date.now() - writtenAt < YOUNG_MS; // being copied perhaps, or the truncation is still to be noticed
      if (young || (await tailer.isCopyOfNow(realPath)) || (await this.isBeingCopied(sibling))) {
        waiting ||= Date.now() - writtenAt < COPY_WAIT_MS;
        continue;
      }
      await this.#files.openAside(sibling, join(dirname(path), basename(realPath)), input.name);
    }
    return waiting;
  }

  /** Files that were made and put aside between two looks, or while we were down: older than this new one, and never seen. */
  async adoptUnseen({ input, realPath, path }: Found): Promise<void> {
    const successor = await stat(realPath).catch(() => undefined); // gone since the scan
    if (successor === undefined) return;
    for (const sibling of await siblingsOf(realPath)) {
      const { size, bornAt, writtenAt } = sibling;
      if (size === 0 || bornAt < this.#checkpoints.since || bornAt > successor.birthtimeMs) continue;
      if (writtenAt > successor.birthtimeMs + LATE_MS || this.#files.isKnown(sibling)) continue;
      if (await this.isBeingCopied(sibling)) continue;
      await this.#files.openAside(sibling, join(dirname(path), basename(sibling.realPath)), input.name);
    }
  }
}
