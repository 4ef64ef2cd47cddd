import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { cutLines, lastLine, type Standing, type TakeLine } from '../framing/lines.ts';
import type { Input, LogFile } from '../types.ts';
import type { Entry } from './checkpoints.ts';
import type { Found } from './discovery.ts';
import { HEAD_BYTES, idPrefix, isCopy, isOf, MARK_BYTES, type Proof, prove, type Remembered } from './identity.ts';

/** What a look at a file says. */
export type Look = 'grown' | 'same' | 'truncated';

/**
 * What one reading turn did: `bytes` done with; `short`: the window is too small to hold the line that begins here; `refused`: there was
 * no room for the next line.
 */
export interface Turn {
  readonly bytes: number;
  readonly short: boolean;
  readonly refused: boolean;
}

const LF = 10;
const EMPTY = Buffer.alloc(0);

/**
 * One open file. It knows where it has read to and what stood just before, so that every read proves that the file is still the one it
 * was: a file that was cut or written anew in place begins another generation, whatever its size.
 */
export class Tailer {
  file: LogFile;
  readonly handle: FileHandle;
  /** Of the open file; `file` has those under which its content was found first, which differ for a copy. */
  readonly dev: number;
  readonly inode: number;
  readonly realPath: string;
  /** Name of the file now; `file.path` is the one under which it was found first. */
  path: string;
  readOffset = 0;
  standing: Standing = 'start';
  size = 0;
  links = 1;
  /** Whether the last scan found it. */
  matched = true;
  /** Whether its id is on disk: only then records of it may leave. */
  registered = false;
  /** When it last grew, ms since the epoch. */
  grownAt = Date.now();
  /** When it was last seen to be what it was, ms since the epoch. */
  lookedAt = Date.now();
  /** Do not look before, ms since the epoch. */
  lookAt = 0;
  #changedAt = -1;
  #head: Buffer = EMPTY;
  /** What the file began with when it got its id: proves it before anything of it is read. */
  #start: Buffer = EMPTY;
  #before: Buffer = EMPTY;
  #marks: Proof[] = [];

  private constructor(handle: FileHandle, file: LogFile, { realPath, path, dev, inode }: Omit<Found, 'input'>) {
    this.handle = handle;
    this.dev = dev;
    this.inode = inode;
    this.file = file;
    this.realPath = realPath;
    this.path = path;
  }

  /** Opens a file; goes on where `entry` says, if the file proves to be the one that it is about. */
  static async open(found: Found, entryOf: (dev: number, inode: number) => Entry | undefined): Promise<Tailer> {
    // O_NONBLOCK: should a pipe have taken the file's place since it was looked at, opening it must not wait for a writer.
    const handle = await open(found.realPath, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { dev, ino: inode, size, nlink } = await handle.stat();
      const entry = entryOf(dev, inode);
      const same = entry !== undefined && (await isOf(handle, entry, size));
      const { input, path, realPath } = found;
      const file: LogFile = {
        input,
        dev,
        inode,
        path: same ? entry.path : path,
        generation: same ? entry.generation : entry ? entry.generation + 1 : 0,
        id: same ? entry.id : '',
      };
      const tailer = new Tailer(handle, file, { realPath, path, dev, inode });
      tailer.size = size;
      tailer.links = nlink;
      if (same) {
        await tailer.seek(entry.offset);
        tailer.#start = await tailer.#bytesAt(0, HEAD_BYTES);
        tailer.registered = true;
        tailer.#marks = [entry.mark!];
        if (entry.rest) tailer.standing = 'rest';
      }
      return tailer;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Goes on in a copy of the file (see `isCopiedTo`) where this one stands: the same generation, so what is under way of it keeps its
   * account. This one then begins another.
   */
  async continueIn(realPath: string): Promise<Tailer> {
    const handle = await open(realPath, constants.O_RDONLY | constants.O_NONBLOCK);
    const { dev, ino: inode, size, nlink } = await handle.stat();
    const tailer = new Tailer(handle, this.file, { realPath, path: realPath, dev, inode });
    tailer.size = size;
    tailer.links = nlink;
    tailer.registered = this.registered;
    tailer.standing = this.standing;
    tailer.readOffset = this.readOffset;
    tailer.#marks = [...this.#marks];
    await tailer.seek(Math.min(size, this.readOffset));
    tailer.#start = await tailer.#bytesAt(0, HEAD_BYTES);
    return tailer;
  }

  /** Whether the other file holds what was read of this one, as far as it goes: a copy of it, or the beginning of one. */
  isCopiedTo(realPath: string): Promise<boolean> {
    return isCopy(realPath, this.#head.length < this.#start.length ? this.#start : this.#head, this.#marks);
  }

  /** Whether the other file is a copy, or the beginning of one, of what stands in this one now. */
  async isCopyOfNow(realPath: string): Promise<boolean> {
    return isCopy(realPath, await this.#bytesAt(0, HEAD_BYTES), []);
  }

  /** Continues at `offset`: after a restart, or when what was read beyond it has to be read again. */
  async seek(offset: number): Promise<void> {
    this.#head = await this.#bytesAt(0, Math.min(HEAD_BYTES, offset));
    this.#before = await this.#bytesAt(Math.max(0, offset - MARK_BYTES), Math.min(MARK_BYTES, offset));
    this.#marks = this.#marks.filter(({ at }) => at <= offset);
    const inRest = this.standing === 'rest' && offset === this.readOffset;
    this.readOffset = offset;
    if (!inRest) this.standing = offset === 0 || this.#before.at(-1) === LF ? 'start' : 'part';
  }

  /** Looks whether there is more to read, and whether it is still the same content. */
  async look(): Promise<Look> {
    const { size, nlink, mtimeMs } = await this.handle.stat();
    this.links = nlink;
    const changed = mtimeMs !== this.#changedAt;
    this.#changedAt = mtimeMs;
    if (size > this.size) this.grownAt = Date.now();
    this.size = size;
    if (size < this.readOffset) return 'truncated';
    // The head tells apart what the bytes before our offset alone do not: a rewritten file may end alike.
    if (changed && !(await this.#bytesAt(0, this.#head.length)).equals(this.#head)) return 'truncated';
    if (size > this.readOffset) return 'grown';
    if (!changed) {
      this.lookedAt = Date.now();
      return 'same';
    }
    // As long as before, but written to: the same bytes before our offset, or a new content of just this length?
    const now = await this.#bytesAt(this.readOffset - this.#before.length, this.#before.length);
    if (!now.equals(this.#before)) return 'truncated';
    this.lookedAt = Date.now();
    return 'same';
  }

  /** Begins another generation, at its first byte. */
  restart(): void {
    const { generation, ...same } = this.file;
    const { dev, inode, path } = this;
    this.file = { ...same, dev, inode, path, generation: generation + 1, id: '' };
    this.registered = false;
    this.readOffset = 0;
    this.standing = 'start';
    this.#head = EMPTY;
    this.#start = EMPTY;
    this.#before = EMPTY;
    this.#marks = [];
  }

  /** The same content under another input (after a reload); its records keep their ids. */
  rebind(input: Input): void {
    this.file = { ...this.file, input };
  }

  /**
   * Gives the file its id, once its first line is complete or `final` says that no more will come. Answers whether it has one.
   * The id must be on disk (`registered`) before a record leaves.
   */
  async identify(podUid: string | undefined, final: boolean): Promise<boolean> {
    if (this.file.id !== '') return true;
    const start = await this.#bytesAt(0, HEAD_BYTES);
    const newline = start.indexOf(LF);
    if (newline === -1 && start.length < HEAD_BYTES && !final) return false;
    const firstLine = newline === -1 ? start : start.subarray(0, newline + 1);
    const { dev, inode, generation } = this.file;
    this.file.id = idPrefix(podUid, dev, inode, generation, firstLine);
    this.#start = start;
    return true;
  }

  /** Reads once into the window and cuts what is there into lines; `truncated` when the file is not what it was. */
  async read(window: Buffer, take: TakeLine): Promise<Turn | 'truncated'> {
    const overlap = this.#before.length;
    const { bytesRead } = await this.handle.read(window, 0, window.length, this.readOffset - overlap);
    if (bytesRead < overlap || this.#before.compare(window, 0, overlap) !== 0) return 'truncated';
    const { maxLineBytes, onLongLine } = this.file.input;
    const cut = cutLines(
      window.subarray(overlap, bytesRead),
      this.readOffset,
      this.standing,
      { maxLineBytes, onLongLine },
      take,
    );
    this.standing = cut.standing;
    this.#advance(window, overlap, cut.bytes);
    const short = cut.bytes === 0 && bytesRead === window.length && !cut.refused;
    return { bytes: cut.bytes, short, refused: cut.refused };
  }

  /**
   * Hands on an unfinished last line, flagged `partial`: nothing more will come for now. What is more than that (complete lines, or more
   * than a line may be) is left for `read`. Answers false when there was no room for it.
   */
  async flush(take: TakeLine): Promise<boolean> {
    if (this.size - this.readOffset > this.file.input.maxLineBytes + 1) return true;
    const overlap = this.#before.length;
    const bytes = await this.#bytesAt(this.readOffset - overlap, overlap + this.size - this.readOffset);
    const rest = bytes.subarray(overlap);
    if (rest.length === 0 || rest.includes(LF) || this.#before.compare(bytes, 0, overlap) !== 0) return true;
    const { text, flags } = lastLine(rest);
    if (!take(this.standing === 'rest' ? undefined : text, this.readOffset, this.readOffset + rest.length, flags))
      return false;
    if (this.standing === 'start') this.standing = 'part';
    this.#advance(bytes, overlap, rest.length);
    return true;
  }

  /** The checkpoint of the file when its first `offset` bytes are settled; it must have its id. */
  entry(offset: number): Entry {
    const { path, generation, id, input } = this.file;
    const { dev, inode } = this;
    const rest = this.standing === 'rest' && offset === this.readOffset ? ({ rest: true } as const) : {};
    const { realPath } = this;
    return {
      path,
      realPath,
      input: input.name,
      dev,
      inode,
      generation,
      id,
      offset,
      ...rest,
      ...this.#remember(offset),
    };
  }

  /** The checkpoint of a file of which nothing was read yet. */
  seen(): Entry {
    const { dev, inode, realPath } = this;
    const { path, generation, input } = this.file;
    return { path, realPath, input: input.name, dev, inode, generation, id: '', offset: 0 };
  }

  #remember(offset: number): Remembered {
    const after = this.#marks.findIndex(({ at }) => at > offset);
    this.#marks.splice(0, (after === -1 ? this.#marks.length : after) - 1);
    const mark = this.#marks[0];
    const head = this.#head.length < this.#start.length ? this.#start : this.#head;
    return { head: prove(head, head.length), mark: mark && mark.at <= offset ? mark : prove(EMPTY, 0) };
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  /** `bytes` of the window behind the overlap are done with: remembers the head and what stands before the next byte. */
  #advance(window: Buffer, overlap: number, bytes: number): void {
    this.lookedAt = Date.now();
    if (bytes === 0) return;
    if (this.readOffset < HEAD_BYTES && this.#head.length === this.readOffset) {
      this.#head = Buffer.concat([
        this.#head,
        window.subarray(overlap, overlap + Math.min(bytes, HEAD_BYTES - this.readOffset)),
      ]);
    }
    const end = overlap + bytes;
    this.#before = Buffer.from(window.subarray(Math.max(0, end - MARK_BYTES), end));
    this.readOffset += bytes;
    this.#marks.push(prove(this.#before, this.readOffset));
  }

  async #bytesAt(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await this.handle.read(bytes, 0, length, position);
    return bytes.subarray(0, bytesRead);
  }
}
