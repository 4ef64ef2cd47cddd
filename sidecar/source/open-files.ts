import { uptime } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Input } from '../types.ts';
import { type Checkpoints, type Entry, entryKey } from './checkpoints.ts';
import { compressionOf } from './compressed.ts';
import { type Content, isEnough } from './content.ts';
import { maxOpenFiles } from './descriptors.ts';
import type { Found, Refused } from './discovery.ts';
import type { Downstream } from './downstream.ts';
import { type Aside, gone, type Opened, Rotated, removesDone } from './rotated.ts';
import { Tailer } from './tailer.ts';

/** A file that no path names any more is closed when it was quiet for this long and all of it is settled, ms. */
const ROTATE_WAIT_MS = 5000;
/** Disk space that deleted files may keep because we hold them open, bytes: the oldest are given up (research: such files evict pods). */
export const MAX_UNLINKED_BYTES = 256 * 2 ** 20;

/** The files that are open and the contents that they hold: what was renamed or deleted is kept until it is settled, and closed then. */
export class OpenFiles implements Opened {
  /** Some content got its id, which is not yet on disk. */
  unregistered = false;
  /** A file was truncated: what was put aside before must be looked for. */
  changed = false;
  inputs: readonly Input[] = [];
  /** When we looked for files last, ms since the epoch. */
  lookedAt: number;
  readonly rotated: Rotated;
  readonly #maxOpen = maxOpenFiles();
  readonly #open = new Map<string, Tailer>();
  readonly #podUid: string | undefined;
  readonly #checkpoints: Checkpoints;
  readonly #down: Downstream;
  readonly #telemetry: Telemetry;
  /** What no input wants any more, until all that was read of it is settled. */
  #parting: { readonly content: Content; readonly dev: number; readonly inode: number }[] = [];
  /** Compressed files, and when they were made. */
  readonly #compressed = new Map<string, number>();

  constructor(podUid: string | undefined, checkpoints: Checkpoints, down: Downstream, telemetry: Telemetry) {
    this.#podUid = podUid;
    this.lookedAt = checkpoints.savedAt;
    this.#checkpoints = checkpoints;
    this.#down = down;
    this.#telemetry = telemetry;
    this.rotated = new Rotated(this, checkpoints);
  }

  get all(): Tailer[] {
    return [...this.#open.values()];
  }

  /** All contents that are read or were read lately: those of the open files and those that ended. */
  get contents(): Content[] {
    return [...this.all.map(({ content }) => content), ...this.rotated.ended];
  }

  /** Disk space of deleted files that we hold open, bytes. */
  get unlinkedBytes(): number {
    return this.all.reduce((sum, { links, diskBytes }) => sum + (links === 0 ? diskBytes : 0), 0);
  }

  get({ dev, inode }: { dev: number; inode: number }): Tailer | undefined {
    return this.#open.get(entryKey(dev, inode));
  }

  inputOf(name: string | undefined): Input | undefined {
    return this.inputs.find((input) => input.name === name);
  }

  account(content: Content, kind: 'open' | 'close'): void {
    if (kind === 'open') this.#down.open(content.file, content.readOffset);
    else this.#down.close(content.file);
  }

  /** Bytes of a content that are settled. */
  settled(content: Content): number {
    return Math.min(this.#down.acked(content.file), content.readOffset);
  }

  /** The checkpoints of what the open files hold, and of the contents that ended. */
  remember(): void {
    const settled = (content: Content): number => this.settled(content);
    this.#parting = this.#parting.filter((one) => {
      const done = settled(one.content);
      if (!this.get(one)) this.#checkpoints.entries.set(entryKey(one.dev, one.inode), one.content.entry(one, done));
      if (done >= one.content.readOffset || this.get(one)) this.account(one.content, 'close');
      return done < one.content.readOffset && !this.get(one);
    });
    for (const [key, tailer] of this.#open) this.#checkpoints.entries.set(key, tailer.entry(settled(tailer.content)));
    this.#checkpoints.ended = this.rotated.entries(settled);
  }

  /** Opens a file that was found; what stands in the way. */
  async open(found: Omit<Found, 'bornAt'>, atStart: boolean, aside = false): Promise<Refused[]> {
    const { log, metrics } = this.#telemetry;
    if (this.#parting.length > 0) this.remember();
    if (this.#open.size >= this.#maxOpen && !aside) {
      const message = `${this.#maxOpen} logs are open, and more descriptors must stay free to deliver them`;
      return [{ input: found.input, path: found.path, code: 'too_many_files', message }];
    }
    try {
      const entryOf = (dev: number, inode: number): Entry | undefined =>
        this.#checkpoints.entries.get(entryKey(dev, inode));
      const { tailer, ended } = await Tailer.open(found, entryOf);
      if (this.get(tailer)) {
        await tailer.close(); // renamed between the scan and the opening: what stands there now is open under its other name
        return [];
      }
      if (ended) {
        this.account(ended, 'open');
        this.rotated.end(ended);
      }
      this.#open.set(entryKey(tailer.dev, tailer.inode), tailer);
      if (!tailer.content.identified) tailer.missed(this.lookedAt);
      if (!aside) this.rotated.look();
      if (atStart && found.input.readFrom === 'end' && !this.#checkpoints.resumed && tailer.size > 0) {
        // With its id at once, so that a restart before the next line goes on here.
        tailer.content.identify(this.#podUid, await tailer.start(), tailer.bornAt);
        await tailer.seek(tailer.size);
      }
      this.unregistered = true; // that it was seen is remembered, so that it is found should it be renamed while we are down
      this.account(tailer.content, 'open');
      metrics.filesOpened.inc({ input: found.input.name });
      log.info({ path: found.path, input: found.input.name, offset: tailer.readOffset, size: tailer.size }, 'reading');
      return [];
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return []; // renamed since the scan: the next one finds it
      return [{ input: found.input, path: found.path, code: code ?? 'unknown', message }];
    }
  }

  async openAside(file: Aside, path: string, input: Input): Promise<void> {
    await this.open({ ...file, input, path }, false, true);
    const tailer = this.get(file);
    if (tailer) tailer.matched = false;
  }

  /** What no path names any more. */
  unmatch(seen: ReadonlySet<string>): void {
    for (const key of this.#compressed.keys()) if (!seen.has(key)) this.#compressed.delete(key);
    for (const [key, tailer] of this.#open) {
      if (seen.has(key) || !tailer.matched) continue;
      tailer.matched = false;
      this.#telemetry.metrics.filesRotated.inc({ input: tailer.file.input.name });
      this.#telemetry.log.info(
        { path: tailer.path, unread: tailer.size - tailer.readOffset },
        'the file was renamed or deleted: it is read to its end',
      );
    }
  }

  /** Whether the file was found to be compressed. */
  isCompressed({ dev, inode, bornAt }: Found): boolean {
    return this.#compressed.get(entryKey(dev, inode)) === bornAt;
  }

  /**
   * Finds out what the file holds: gives a new content its id, goes on with one that is known. Answers whether it can be read; not while
   * its first line is not complete (unless `final`), or while it may be the copy of a file that will be truncated.
   */
  async identify(tailer: Tailer, final: boolean): Promise<boolean> {
    if (tailer.content.identified) return true;
    const start = await tailer.start();
    if (start.length === 0) return false;
    if (compressionOf(start) !== undefined) {
      if (tailer.matched) this.#compressed.set(entryKey(tailer.dev, tailer.inode), tailer.bornAt);
      await this.#close(tailer, 'a compressed file: not read');
      return false;
    }
    if (!final && !isEnough(start)) return false;
    const holding = await this.rotated.holding(tailer, start, final);
    if (holding === 'wait') return false;
    if (holding === 'copy') {
      await this.#close(tailer, 'a copy of a file that is read: not read');
      return false;
    }
    tailer.waitingSince = undefined;
    if (holding === 'new') tailer.content.identify(this.#podUid, start, tailer.bornAt);
    else {
      this.account(tailer.content, 'close');
      await tailer.hold(holding);
      this.#telemetry.log.info(
        { path: tailer.path, offset: tailer.readOffset, size: tailer.size },
        'the copy of a file that was truncated or deleted: it is read on',
      );
    }
    this.unregistered = true;
    return true;
  }

  /** The file holds something else now: that is read from its beginning. A copy may have what was not read of the content before. */
  truncated(tailer: Tailer): void {
    const { readOffset, file } = tailer;
    const unsettled = readOffset - this.#down.acked(file);
    const content = tailer.restart();
    this.rotated.look();
    if (content.identified) this.rotated.end(content);
    else this.account(content, 'close');
    this.account(tailer.content, 'open');
    this.changed = true;
    this.#telemetry.metrics.filesTruncated.inc({ input: file.input.name });
    this.#telemetry.log.info(
      { path: tailer.path, readOffset, unsettled, generation: tailer.file.generation },
      'the file was truncated: reading it from its beginning',
    );
  }

  /** Closes a file that no path names any more, once it is quiet and settled. An unfinished last line is handed on first. */
  async closeFinished(tailer: Tailer): Promise<boolean> {
    if (tailer.matched || uptime() - tailer.grownAt < ROTATE_WAIT_MS || uptime() < tailer.keepUntil) return false;
    const { content } = tailer;
    if (tailer.links > 0 && removesDone(tailer.file.input) && content.identified && tailer.readOffset === tailer.size)
      return false; // whoever removes it wants it open
    if (tailer.readOffset < tailer.size) {
      if (!(await this.identify(tailer, true))) return false;
      if (!tailer.content.registered) return true;
      const done = await tailer.flush(this.#down.take(tailer.file, Date.now()));
      this.#down.took(tailer.file);
      return done;
    }
    if (content.identified && this.#down.acked(content.file) < tailer.readOffset) return false;
    await this.#close(tailer, 'the file was renamed or deleted and all of it is delivered: closed');
    return false;
  }

  /** Gives up the oldest deleted files when those that are held open take too much of the disk. */
  async limitUnlinked(limit = MAX_UNLINKED_BYTES): Promise<void> {
    const { log, metrics } = this.#telemetry;
    for (const tailer of this.all.filter(({ links }) => links === 0)) {
      if (this.unlinkedBytes <= limit) return;
      const bytes = tailer.size - tailer.readOffset;
      metrics.bytesDropped.inc({ reason: 'unlinked' }, bytes);
      log.error(
        { path: tailer.path, bytes, limit, fix: 'keep rotated files longer, or mend the output that is behind' },
        'a deleted file is given up before all of it was read: such files took too much of the disk',
      );
      await this.#close(tailer, 'a deleted file that was given up: closed');
    }
  }

  async #close(tailer: Tailer, why: string): Promise<void> {
    const { content } = tailer;
    const key = entryKey(tailer.dev, tailer.inode);
    const entry = tailer.entry(this.settled(content));
    this.#open.delete(key);
    this.#checkpoints.entries.delete(key); // and at the end again: the oldest of those that are gone go first
    this.#checkpoints.entries.set(key, tailer.links === 0 ? gone(entry) : entry);
    if (tailer.links === 0 && content.identified) this.rotated.end(content);
    else this.account(content, 'close');
    await tailer.close();
    this.#telemetry.metrics.filesClosed.inc({ input: content.file.input.name });
    this.#telemetry.log.info({ path: tailer.path, bytes: tailer.readOffset }, why);
  }

  /** After a reload: to which input a file and a content that ended belong now, and where a content is read on. What none wants is closed. */
  async rebind(
    inputFor: (tailer: Tailer) => Input | undefined,
    successor: (content: Content) => Input | undefined,
    from: (content: Content, input: Input) => number,
  ): Promise<void> {
    for (const tailer of this.all) {
      const { content } = tailer;
      const input = inputFor(tailer);
      if (input === undefined) {
        await this.#unwanted(tailer);
        continue;
      }
      const offset = from(content, input);
      content.rebind(input);
      if (offset < content.readOffset) await tailer.seek(offset);
      tailer.lookAt = 0;
    }
    this.rotated.keepEnded((content) => {
      const input = successor(content);
      if (input === undefined) return false;
      const offset = from(content, input);
      content.rebind(input);
      if (offset < content.readOffset) content.rewind(offset);
      return true;
    });
  }

  /** No input wants it any more. */
  async #unwanted(tailer: Tailer): Promise<void> {
    const { path, readOffset: read, size, links } = tailer;
    if (links === 0) this.#telemetry.metrics.bytesDropped.inc({ reason: 'unlinked' }, size - read);
    this.#telemetry.log.info({ path, read, size, links }, 'no input wants it any more: closed');
    this.#open.delete(entryKey(tailer.dev, tailer.inode));
    this.#parting.push(tailer);
    await tailer.close();
  }

  async closeAll(): Promise<void> {
    for (const tailer of this.all) await tailer.close();
    this.#open.clear();
  }
}
