import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { uptime } from '../clock.ts';
import { cutLines, lastLine, type TakeLine } from '../framing/lines.ts';
import { cutRecords } from '../framing/records.ts';
import type { Input, LogFile } from '../types.ts';
import type { Entry } from './checkpoints.ts';
import { Content } from './content.ts';
import type { Found } from './discovery.ts';
import { bytesAt, HEAD_BYTES } from './identity.ts';

/** What a look at a file says. */
export type Look = 'grown' | 'same' | 'truncated';

/**
 * What one reading turn did: `bytes` done with; `short`: the window is too small to hold the line that begins here; `refused`: there was
 * no room for the next line; `open`: where a record of several lines ends that may go on.
 */
export interface Turn {
  readonly bytes: number;
  readonly short: boolean;
  readonly refused: boolean;
  readonly open?: number | undefined;
}

const MAX_UNSEEN = 16;
const DROPPED = { text: undefined, flags: 0 };

/**
 * One open file, and the content that it holds now. Every look and every read proves that it is still the same content: a file that was
 * cut or written anew in place holds another, whatever its size.
 */
export class Tailer {
  content: Content;
  readonly handle: FileHandle;
  /** Of the open file; the content's are those of the file in which it was found first. */
  readonly dev: number;
  readonly inode: number;
  /** When the file was made, ms since the epoch; 0 where the file system does not say. */
  readonly bornAt: number;
  /** Where it was found first, for us. */
  readonly realPath: string;
  /** Where it is now, or was last when one of the paths named it, for the container that writes it. */
  path: string;
  size = 0;
  links = 1;
  /** Space that it takes of the disk, bytes: less than its size where it has holes. */
  diskBytes = 0;
  /** Whether the last scan found it among the paths. */
  matched = true;
  /** When it last grew, by `uptime`. */
  grownAt = uptime();
  /** When it was last seen to hold what it held, ms since the epoch. */
  lookedAt = Date.now();
  /** Do not close before, by `uptime`. */
  keepUntil = 0;
  /** Do not look before, by `uptime`. */
  lookAt = 0;
  /** Spans of time in which contents may have come and gone in it that nobody saw, ms since the epoch. */
  readonly unseen: { readonly after: number; readonly before: number }[] = [];
  /** Since when it waits because it may be a copy, by `uptime`. */
  waitingSince: number | undefined;
  #changedAt = -1;

  private constructor(
    handle: FileHandle,
    content: Content,
    { realPath, path, dev, inode, bornAt }: Omit<Found, 'input'>,
  ) {
    this.handle = handle;
    this.content = content;
    this.dev = dev;
    this.inode = inode;
    this.realPath = realPath;
    this.path = path;
    this.bornAt = bornAt;
  }

  /** Opens a file; goes on where `entry` says, if the file proves to hold the content that it is about. Else that one is the answer's `ended`. */
  static async open(
    found: Omit<Found, 'bornAt'>,
    entryOf: (dev: number, inode: number) => Entry | undefined,
  ): Promise<{ tailer: Tailer; ended: Content | undefined }> {
    // O_NONBLOCK: should a pipe have taken the file's place since it was looked at, opening it must not wait for a writer.
    const handle = await open(found.realPath, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { dev, ino: inode, size, nlink, birthtimeMs } = await handle.stat();
      const entry = entryOf(dev, inode);
      const { input, path } = found;
      const known = entry && !entry.gone && entry.id !== '' ? Content.of(entry, input) : undefined;
      const same = known !== undefined && size >= known.readOffset && (await known.isIn(handle, size));
      const generation = entry === undefined ? 0 : entry.generation + (entry.id === '' ? 0 : 1);
      const content = same ? known : new Content({ input, dev, inode, path, generation, id: '' }, found.realPath);
      const tailer = new Tailer(handle, content, {
        path,
        realPath: content.realPath,
        dev,
        inode,
        bornAt: birthtimeMs,
      });
      tailer.size = size;
      tailer.links = nlink;
      if (same) await content.seek(handle, content.readOffset);
      return { tailer, ended: same ? undefined : known };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get file(): LogFile {
    return this.content.file;
  }

  get readOffset(): number {
    return this.content.readOffset;
  }

  /** Continues at `offset`: when what was read beyond it has to be read again. */
  seek(offset: number): Promise<void> {
    return this.content.seek(this.handle, offset);
  }

  /** Looks whether there is more to read, and whether it is still the same content. */
  async look(): Promise<Look> {
    const { size, nlink, mtimeMs, blocks } = await this.handle.stat();
    this.links = nlink;
    this.diskBytes = blocks * 512;
    const changed = mtimeMs !== this.#changedAt;
    if (changed && this.#changedAt !== -1 && !this.content.identified) this.missed(this.lookedAt);
    this.#changedAt = mtimeMs;
    if (size > this.size) this.grownAt = uptime();
    this.size = size;
    if (size < this.readOffset) return 'truncated';
    // The head tells apart what the bytes before our offset alone do not: a rewritten file may end alike.
    if (changed && !(await this.content.isBegunIn(this.handle))) return 'truncated';
    if (size > this.readOffset) return 'grown';
    // As long as before, but written to: the same bytes before our offset, or a new content of just this length?
    if (changed && !(await this.content.isReadIn(this.handle))) return 'truncated';
    this.lookedAt = Date.now();
    return 'same';
  }

  /** Another content begins, at the file's first byte. Answers the one before. */
  restart(): Content {
    const { content, dev, inode, path, realPath } = this;
    const { input, generation } = content.file;
    this.content = new Content({ input, dev, inode, path, generation: generation + 1, id: '' }, realPath);
    this.missed(this.lookedAt);
    return content;
  }

  /** Between that time and now contents may have come and gone in it. */
  missed(after: number): void {
    this.unseen.push({ after, before: Date.now() });
    if (this.unseen.length > MAX_UNSEEN) this.unseen.shift();
  }

  /** The file holds a content that is known: it goes on where that was read to. */
  async hold(content: Content): Promise<void> {
    // What comes after it in this file must not get the generation, and so the id, of what was in it before.
    content.file.generation = Math.max(content.file.generation, this.content.file.generation);
    this.content = content;
    this.waitingSince = undefined;
    await content.seek(this.handle, Math.min(this.size, content.readOffset));
  }

  /** What the file begins with, at most HEAD_BYTES. */
  start(): Promise<Buffer> {
    return bytesAt(this.handle, 0, HEAD_BYTES);
  }

  /** Reads once into the window and cuts what is there into lines; `truncated` when the file does not hold what it did. */
  async read(window: Buffer, take: TakeLine): Promise<Turn | 'truncated'> {
    const { content } = this;
    const { overlap, readOffset } = content;
    const { bytesRead } = await this.handle.read(window, 0, window.length, readOffset - overlap);
    const read = window.subarray(0, bytesRead);
    if (!content.continuesIn(read)) return 'truncated';
    const { maxLineBytes, onLongLine, records } = this.file.input;
    const options = { maxLineBytes, onLongLine, encoding: content.encoding };
    const text = read.subarray(overlap);
    const { standing, cuts } = content;
    const cut =
      records === undefined
        ? cutLines(text, readOffset, standing, options, take)
        : cutRecords(text, readOffset, standing, options, records, cuts, take);
    content.standing = cut.standing;
    content.advance(read, cut.bytes);
    this.lookedAt = Date.now();
    const short = cut.bytes === 0 && bytesRead === window.length && !cut.refused;
    return { bytes: cut.bytes, short, refused: cut.refused, open: cut.open };
  }

  /**
   * Hands on an unfinished last line, flagged `partial`: nothing more will come for now. What is more than that (complete lines, or more
   * than a line may be) is left for `read`. Answers false when there was no room for it.
   */
  async flush(take: TakeLine): Promise<boolean> {
    const { content, size } = this;
    const { overlap, readOffset, standing } = content;
    if (size - readOffset > this.file.input.maxLineBytes + 1) return true;
    const bytes = await bytesAt(this.handle, readOffset - overlap, overlap + size - readOffset);
    const rest = bytes.subarray(overlap);
    const { encoding } = content;
    const complete = encoding.afterLast(rest, readOffset % 2 === 1) > 0;
    if (rest.length === 0 || complete || !content.continuesIn(bytes)) return true;
    const { text, flags } = standing === 'rest' ? DROPPED : lastLine(rest, readOffset, encoding);
    const why = standing === 'rest' ? 'long_line' : rest[0] === 0 ? 'hole' : undefined;
    if (!take(text, readOffset, readOffset + rest.length, flags, text === undefined ? why : undefined)) return false;
    if (standing !== 'rest') content.standing = 'part';
    content.advance(bytes, rest.length);
    return true;
  }

  /** The checkpoint of the file when the first `offset` bytes of its content are settled. */
  entry(offset: number): Entry {
    return this.content.entry(this, offset);
  }

  /** The same content under another input (after a reload); its records keep their ids. */
  rebind(input: Input): void {
    this.content.rebind(input);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
