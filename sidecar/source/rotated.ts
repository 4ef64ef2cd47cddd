import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { uptime } from '../clock.ts';
import type { Input } from '../types.ts';
import { type Checkpoints, type Entry, entryKey } from './checkpoints.ts';
import { Content } from './content.ts';
import { bytesAt, HEAD_BYTES } from './identity.ts';
import { filesIn, isRotated, isRotatedName, isSuffixed, type Sibling, siblingsIn } from './siblings.ts';
import type { Tailer } from './tailer.ts';

/** A file that no path names. */
export interface Aside {
  readonly realPath: string;
  readonly dev: number;
  readonly inode: number;
}

/** What is needed of the files that are open. */
export interface Opened {
  readonly all: readonly Tailer[];
  get(file: { dev: number; inode: number }): Tailer | undefined;
  inputOf(name: string | undefined): Input | undefined;
  /** Opens a file that no path names, because a rotation put it aside. */
  openAside(file: Aside, path: string, input: Input): Promise<void>;
  /** An account is opened for a content that was settled up to its `readOffset`, or closed. */
  account(content: Content, kind: 'open' | 'close'): void;
}

/** What a file holds: a content that is known, a new one, perhaps a copy of one that is read, or a copy that nobody asked for. */
export type Holding = Content | 'new' | 'wait' | 'copy';

/** How long a copy of a file may wait for that to be truncated, ms after it grew last; then it is a file like any other. */
const COPY_WAIT_MS = 10_000;
/** How long a file that begins as another one and grows may wait altogether, ms: a copy of many GiB is made by then. */
const PERHAPS_MS = 600_000;
/** By then every open file was looked at again, ms. */
const LOOKS_MS = 3000;
/** A file beside a log that may be another log is left alone for so long after it was written last, ms. */
const YOUNG_MS = 2000;
/** How long a writer may go on writing to a file that was put aside, ms. Whoever writes longer writes another log. */
const LATE_MS = 5000;
/** How often files that were put aside are looked at, should somebody still write to them, ms. */
const LOOK_BESIDE_MS = 10_000;
/** A file system's clock may be a tick behind ours, ms. */
const CLOCK_MS = 20;
/** Contents that ended and are remembered, should a copy of them appear: the oldest go. */
const MAX_ENDED = 200;

/**
 * What rotations do to files, looked at or not: files that were put aside, copies that are made before a file is truncated, contents that
 * came and went between two looks or while we were down. One rule: each content is read once, wherever it stands.
 */
export class Rotated {
  readonly #files: Opened;
  readonly #checkpoints: Checkpoints;
  /** Contents that no open file holds any more. */
  #ended: Content[] = [];
  /** Folders in which nothing waits: when they had changed, ms since the epoch, and when they were looked through, by `uptime`. */
  readonly #quiet = new Map<string, { changedAt: number; at: number }>();
  /** Files beside logs that need not be opened, and their size and time when that was found out. */
  readonly #judged = new Map<string, string>();
  /** Whether a file that may be ours is left alone for a moment. */
  waiting = false;

  constructor(files: Opened, checkpoints: Checkpoints) {
    this.#files = files;
    this.#checkpoints = checkpoints;
  }

  get ended(): readonly Content[] {
    return this.#ended;
  }

  /** The checkpoints of the contents that ended. `acked`: bytes of one that are settled. */
  entries(acked: (content: Content) => number): Entry[] {
    return this.#ended.map((content) => ({ ...content.entry(content.file, acked(content)), ended: true }));
  }

  /** Something happened to the logs: what is beside them is judged anew. */
  look(): void {
    this.#judged.clear();
    this.#quiet.clear();
  }

  /** A file does not hold this content any more: a copy of it may. */
  end(content: Content): void {
    this.#ended.push(content);
    this.look();
    for (const oldest of this.#ended.splice(0, this.#ended.length - MAX_ENDED)) this.#files.account(oldest, 'close');
  }

  /** After a reload: contents of inputs that are no more are given up. */
  keepEnded(keep: (content: Content) => boolean): void {
    this.#ended = this.#ended.filter(keep);
  }

  /** What a file holds that begins with `start`. */
  async holding(tailer: Tailer, start: Buffer, final: boolean): Promise<Holding> {
    for (const ended of this.#ended.toReversed()) {
      if (!mayHaveMade(ended.realPath, tailer) || !ended.mayBeginAs(start)) continue;
      if (!(await ended.isIn(tailer.handle, tailer.size))) continue;
      this.#ended = this.#ended.filter((one) => one !== ended);
      return ended;
    }
    for (const other of this.#files.all) {
      if (other === tailer || !mayHaveMade(other.realPath, tailer)) continue;
      // A copy is younger than what it was made of; what was renamed is older than what took its place.
      if (tailer.bornAt > 0 && tailer.bornAt < other.bornAt) continue;
      const copied = await this.#isCopied(other, tailer, start);
      if (copied === false) continue;
      tailer.waitingSince ??= uptime();
      const since = tailer.waitingSince;
      const waited = uptime() - Math.max(since, tailer.grownAt);
      // Longer than what is there now: a copy only if that was truncated since, which the next looks find out.
      const longer = tailer.size > (await other.handle.stat()).size;
      if ((longer && final && waited >= LOOKS_MS) || uptime() - since > PERHAPS_MS) continue;
      // Of a file that is deleted the copy is what stays: once that one is read, it goes on there.
      if (waited < COPY_WAIT_MS || (copied === 'proved' && other.links === 0)) return 'wait';
      if (!tailer.matched && !longer && (copied === 'proved' || tailer.size <= start.length)) return 'copy';
    }
    return 'new';
  }

  /** Whether a file that begins with `start` may be a copy of the other, or the beginning of one. */
  async #isCopied(other: Tailer, tailer: Tailer, start: Buffer): Promise<'proved' | 'perhaps' | false> {
    if (other.content.isCopiedTo(start)) {
      const proved = await other.content.isProvedBy(tailer.handle, tailer.size);
      if (proved !== undefined) return proved && 'proved';
      return 'perhaps';
    }
    // Not what was read of the other, but perhaps what stands in it by now, which is read there.
    const now = await bytesAt(other.handle, 0, HEAD_BYTES);
    const length = Math.min(now.length, start.length);
    return length > 0 && now.compare(start, 0, length, 0, length) === 0 && 'perhaps';
  }

  /** After a start: files that were renamed meanwhile are looked for in their folder; contents of those that are not there have ended. */
  async findMissing(): Promise<void> {
    for (const entry of this.#checkpoints.ended) this.#remember(entry);
    const missing = [...this.#checkpoints.entries.values()].filter((entry) => !entry.gone && !this.#files.get(entry));
    for (const [folder, entries] of Map.groupBy(missing, ({ realPath }) => dirname(realPath))) {
      const there = await filesIn(folder);
      if (there === undefined) continue;
      for (const entry of entries) {
        const key = entryKey(entry.dev, entry.inode);
        const realPath = there.get(key);
        if (realPath !== undefined) {
          await this.#openAs(realPath, entry);
          continue;
        }
        this.#checkpoints.entries.set(key, gone(entry));
        if (entry.id !== '') this.#remember(entry);
      }
    }
  }

  /** What is remembered of files that are neither open nor in their folder any more keeps nothing but their next one from being taken for them. */
  async forgetMissing(): Promise<void> {
    const closed = [...this.#checkpoints.entries.values()].filter((entry) => !entry.gone && !this.#files.get(entry));
    for (const [folder, entries] of Map.groupBy(closed, ({ realPath }) => dirname(realPath))) {
      const there = await filesIn(folder);
      if (there === undefined) continue;
      for (const entry of entries) {
        const key = entryKey(entry.dev, entry.inode);
        if (!there.has(key) && !this.#files.get(entry)) this.#checkpoints.entries.set(key, gone(entry));
      }
    }
  }

  #remember(entry: Entry): void {
    const input = this.#files.inputOf(entry.input);
    if (input === undefined) return;
    const content = Content.of(entry, input);
    this.#files.account(content, 'open');
    this.end(content);
  }

  /** Opens what was renamed, if there is something in it to read. */
  async #openAs(realPath: string, entry: Entry): Promise<void> {
    const status = await stat(realPath).catch(() => undefined); // gone since the listing
    if (status === undefined) return;
    const input = this.#files.inputOf(entry.input);
    // What holds something else now is found out when it is opened.
    if (input === undefined || (status.size <= entry.offset && (await stillHolds(realPath, entry, input)))) return;
    await this.#files.openAside({ realPath, dev: entry.dev, inode: entry.inode }, entry.path, input);
  }

  /** Opens files beside the logs that are read which hold what was not read yet. Looks where a folder changed, or something in it waits. */
  async lookBeside(): Promise<void> {
    const folders = Map.groupBy(this.#files.all, ({ realPath }) => dirname(realPath));
    this.waiting = false;
    for (const [folder, tailers] of folders) {
      const changedAt = (await stat(folder).catch(() => undefined))?.mtimeMs; // gone since the scan
      const quiet = this.#quiet.get(folder);
      const now = uptime();
      if (changedAt === undefined || (quiet?.changedAt === changedAt && now - quiet.at < LOOK_BESIDE_MS)) continue;
      let waiting = false;
      for (const sibling of await siblingsIn(folder, new Set(tailers.map(({ realPath }) => realPath)))) {
        if (await this.#judge(sibling, tailers)) waiting = true;
      }
      this.waiting ||= waiting;
      if (waiting) this.#quiet.delete(folder);
      else this.#quiet.set(folder, { changedAt, at: now });
    }
    for (const folder of this.#quiet.keys()) if (!folders.has(folder)) this.#quiet.delete(folder);
  }

  /** Opens the file if there is something in it to read. Answers whether it must be looked at again soon. */
  async #judge(sibling: Sibling, tailers: readonly Tailer[]): Promise<boolean> {
    const { realPath, size, bornAt, writtenAt } = sibling;
    if (this.#files.get(sibling)) return false;
    const key = entryKey(sibling.dev, sibling.inode);
    const seen = `${realPath}:${size}:${writtenAt}`;
    if (this.#judged.get(key) === seen) return false;
    const entry = this.#checkpoints.entries.get(key);
    if (size === 0 && (entry === undefined || entry.gone)) return false;
    const logs = tailers.filter((tailer) => isRotated(tailer.realPath, realPath));
    const [log] = logs;
    const ours = log && (bornAt >= this.#checkpoints.since - CLOCK_MS || (entry !== undefined && !entry.gone));
    const verdict = ours ? await this.#mayBeOurs(sibling, logs, entry) : false;
    if (verdict === 'young') return true;
    if (this.#judged.size > 50 * MAX_ENDED) this.#judged.clear();
    this.#judged.set(key, seen);
    if (!verdict || log === undefined) return false;
    const { input } = log.file;
    await this.#files.openAside(sibling, join(dirname(log.path), basename(realPath)), input);
    return false;
  }

  /** Whether a file that a rotation of one of these logs may have made holds something of it that was not read. */
  async #mayBeOurs(sibling: Sibling, logs: readonly Tailer[], entry: Entry | undefined): Promise<boolean | 'young'> {
    const { realPath, size, bornAt, writtenAt } = sibling;
    const { input } = logs[0]!.file;
    if (entry !== undefined && !entry.gone)
      return size > entry.offset || removesDone(input) || !(await stillHolds(realPath, entry, input));
    if (logs.some((log) => isSuffixed(log.realPath, realPath))) return true;
    if (this.#ended.some((ended) => isRotated(ended.realPath, realPath))) return true;
    // Copied from a log, and that truncated, when nobody looked.
    const spans = logs.flatMap(({ unseen }) => unseen);
    if (spans.some(({ after, before }) => bornAt >= after - CLOCK_MS && bornAt <= before)) return true;
    // Made and put aside between two looks: older than the log that is there now, and not written to for long after that was made.
    if (!logs.some((log) => bornAt <= log.bornAt && writtenAt <= log.bornAt + LATE_MS)) return false;
    return Math.abs(Date.now() - writtenAt) < YOUNG_MS ? 'young' : true;
  }
}

/** Whether a rotation of the log at `active` may have made this file: beside it, or in any folder if the paths name that. */
function mayHaveMade(active: string, { realPath, matched }: Tailer): boolean {
  if (!matched || dirname(active) === dirname(realPath)) return isRotated(active, realPath);
  return isRotatedName(basename(active), basename(realPath));
}

/** Whether files of this input are removed when all of them is delivered: so they are kept open until then. */
export function removesDone({ retention, diskBudget }: Input): boolean {
  return retention !== 'keep' || diskBudget !== undefined;
}

/** Whether a closed file is what it was: not another one of the same inode, or truncated. A file that cannot be opened now is left as it is. */
async function stillHolds(realPath: string, entry: Entry, input: Input): Promise<boolean> {
  if (entry.id === '') return true; // nothing is known of it
  const handle = await open(realPath, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return true;
  try {
    const { size } = await handle.stat();
    return size >= entry.offset && (await Content.of(entry, input).isIn(handle, size));
  } finally {
    await handle.close();
  }
}

/** What stays of an entry whose file is no more. */
export function gone({ head: _head, mark: _mark, ...entry }: Entry): Entry {
  return { ...entry, gone: true };
}
