import type { FileHandle } from 'node:fs/promises';
import { type Encoding, encodingIn } from '../framing/encoding.ts';
import type { Standing } from '../framing/lines.ts';
import type { Input, LogFile } from '../types.ts';
import type { Entry } from './checkpoints.ts';
import { bytesAt, HEAD_BYTES, holds, idPrefix, MARK_BYTES, type Proof, prove } from './identity.ts';

const LF = 10;
const EMPTY = Buffer.alloc(0);

/** Most marks of a content: each second one goes when there are more. */
const MAX_MARKS = 64;

/** Bytes that end at an offset, or only the proof of them where they were remembered over a restart. */
type Mark = { readonly at: number; readonly bytes: Buffer } | Proof;

/** A copy with memory of its own: one that is cut from a shared block keeps all of that. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

const proofOf = (mark: Mark): Proof => ('hash' in mark ? mark : prove(mark.bytes, mark.at));

/** Whether a file that begins with these bytes can be known again by them: its first line is complete, or it is longer than what is compared. */
export function isEnough(start: Buffer): boolean {
  return start.includes(LF) || start.length === HEAD_BYTES;
}

/**
 * A sequence of bytes that is read once, in whatever file it stands: the one it was written to, under any name, or a copy that a rotation
 * made before it truncated that one. It knows how far it was read, and enough of its bytes to be known again.
 */
export class Content {
  readonly file: LogFile;
  /** Where it was found first, for us: what rotations make of it has names that begin like this one. */
  readonly realPath: string;
  /** Whether its id is on disk: only then records of it may leave. */
  registered = false;
  readOffset = 0;
  standing: Standing = 'start';
  /** What it begins with, as far as it is known, at most HEAD_BYTES. */
  #head: Buffer = EMPTY;
  /** The same as a proof: of a content that is remembered and was not looked at yet. */
  #headProof: Proof | undefined;
  /** What stands just before `readOffset`. */
  #before: Buffer = EMPTY;
  /** What stood before offsets that were read, from the last one that is settled on. */
  #marks: Mark[] = [];
  /** Offsets at which a record ends whatever follows: those that are on disk, and those that are not yet. */
  #cuts: readonly number[] = [];
  #newCuts: readonly number[] = [];

  constructor(file: LogFile, realPath: string) {
    this.file = file;
    this.realPath = realPath;
  }

  /** The content that an entry is about; whether a file holds it is to be found out (`isIn`). */
  static of(entry: Entry, input: Input): Content {
    const { dev, inode, path, generation, id } = entry;
    const content = new Content({ input, dev, inode, path, generation, id }, entry.realPath);
    content.registered = id !== '';
    content.readOffset = entry.offset;
    content.#headProof = entry.head;
    content.#marks = entry.mark ? [entry.mark] : [];
    if (entry.rest) content.standing = 'rest';
    content.#cuts = entry.cuts ?? [];
    return content;
  }

  /** Whether its beginning was seen, so that it has an id. */
  get identified(): boolean {
    return this.file.id !== '';
  }

  /** How its bytes are text: as configured, or as its byte order mark says. */
  get encoding(): Encoding {
    return encodingIn(this.#head, this.file.input.encoding);
  }

  /** How many bytes before `readOffset` are looked at again with each read. */
  get overlap(): number {
    return this.#before.length;
  }

  /** Gives it its id, which follows from where it was found first and from `start`, its first bytes. */
  identify(podUid: string | undefined, start: Buffer, bornAt = 0): void {
    const newline = start.indexOf(LF);
    const firstLine = newline === -1 ? start : start.subarray(0, newline + 1);
    const { dev, inode, generation } = this.file;
    this.file.id = idPrefix(podUid, dev, inode, generation, bornAt, firstLine);
    this.#head = start;
  }

  /** Whether a file holds all of it that was read, as far as the file goes. Nothing holds a content of which nothing is known. */
  async isIn(handle: FileHandle, size: number): Promise<boolean> {
    if (!(await this.#beginsIn(handle, size))) return false;
    const mark = this.#marks.findLast(({ at }) => at <= size);
    if (mark === undefined) return size <= this.#head.length; // a shorter copy: its beginning must be all of it
    return holds(handle, proofOf(mark));
  }

  async #beginsIn(handle: FileHandle, size: number): Promise<boolean> {
    if (this.#headProof !== undefined) return this.#headProof.bytes > 0 && this.isBegunIn(handle);
    return this.isCopiedTo(await bytesAt(handle, 0, Math.min(this.#head.length, size)));
  }

  /** Whether a file that begins with these bytes need be looked at; true also where only a proof of its beginning is remembered. */
  mayBeginAs(start: Buffer): boolean {
    return this.#headProof !== undefined || this.isCopiedTo(start);
  }

  /** Whether a file that begins with these bytes begins as it does: may be a copy of it, or the beginning of one. */
  isCopiedTo(start: Buffer): boolean {
    const length = Math.min(start.length, this.#head.length);
    return length > 0 && this.#head.compare(start, 0, length, 0, length) === 0;
  }

  /** What the bytes before some offset within `size` say of a file that begins alike; undefined: it ends before all that is remembered. */
  async isProvedBy(handle: FileHandle, size: number): Promise<boolean | undefined> {
    const mark = this.#marks.findLast(({ at }) => at > 0 && at <= size);
    return mark && holds(handle, proofOf(mark));
  }

  /** Whether the file still begins as it did. */
  async isBegunIn(handle: FileHandle): Promise<boolean> {
    return this.#isHead(await bytesAt(handle, 0, this.#headProof?.bytes ?? this.#head.length));
  }

  /** Whether the file still holds what stood before `readOffset`. */
  async isReadIn(handle: FileHandle): Promise<boolean> {
    return (await bytesAt(handle, this.readOffset - this.overlap, this.overlap)).equals(this.#before);
  }

  /** Whether a window that was read from `overlap` bytes before `readOffset` on goes on where it stands. */
  continuesIn(window: Buffer): boolean {
    const { overlap } = this;
    if (window.length < overlap || this.#before.compare(window, 0, overlap) !== 0) return false;
    // At its beginning there is nothing before: then what it began with when it got its id.
    const length = this.readOffset === 0 ? Math.min(this.#head.length, window.length) : 0;
    return this.#head.compare(window, 0, length, 0, length) === 0;
  }

  /** Goes on at `offset` in a file that holds it. One that was truncated this very moment is found out by the next look. */
  async seek(handle: FileHandle, offset: number): Promise<void> {
    const inRest = this.standing === 'rest' && offset === this.readOffset;
    const head = await bytesAt(
      handle,
      0,
      this.#headProof?.bytes ?? Math.max(this.#head.length, Math.min(HEAD_BYTES, offset)),
    );
    const before = await bytesAt(handle, Math.max(0, offset - MARK_BYTES), Math.min(MARK_BYTES, offset));
    this.rewind(offset);
    if (!this.#isHead(head)) return;
    this.#head = head;
    this.#headProof = undefined;
    this.#before = before;
    if (offset > 0) this.#marks.push({ at: offset, bytes: before });
    const lineEnd = this.encoding.afterLast(before, (offset - this.overlap) % 2 === 1);
    // In the midst of a hole there is no line yet.
    const inHole = before.length === MARK_BYTES && before.every((byte) => byte === 0);
    if (!inRest) this.standing = lineEnd === this.overlap || inHole ? 'start' : 'part';
  }

  /** Whether it begins with these bytes, as far as it is known. */
  #isHead(head: Buffer): boolean {
    if (this.#headProof !== undefined) return prove(head, head.length).hash === this.#headProof.hash;
    return this.#head.equals(head.subarray(0, this.#head.length));
  }

  /** Forgets what was read beyond `offset`. It stands in no file now, so it must be sought before it is read. */
  rewind(offset: number): void {
    this.#marks = this.#marks.filter(({ at }) => at <= offset);
    if (this.#marks.length === 0) this.#marks = [{ at: 0, bytes: EMPTY }]; // its head alone proves it
    this.readOffset = offset;
  }

  /** `bytes` of the window behind the overlap are done with. */
  advance(window: Buffer, bytes: number): void {
    if (bytes === 0) return;
    const { overlap } = this;
    const at = this.readOffset - overlap;
    const end = overlap + bytes;
    if (this.#head.length < HEAD_BYTES && at <= this.#head.length && at + end > this.#head.length)
      this.#head = Buffer.concat([this.#head, window.subarray(this.#head.length - at, Math.min(end, HEAD_BYTES - at))]);
    this.#before = copyOf(window.subarray(Math.max(0, end - MARK_BYTES), end));
    this.readOffset += bytes;
    this.#marks.push({ at: this.readOffset, bytes: this.#before }); // hashed only when it is written down
    // One output that is behind must not make them more and more: the first and the last are what is asked for most.
    if (this.#marks.length > MAX_MARKS)
      this.#marks = this.#marks.filter((_, i) => i % 2 === 0 || i === this.#marks.length - 1);
  }

  /** Offsets at which a record ends whatever follows. */
  get cuts(): readonly number[] {
    return this.#cuts;
  }

  /**
   * A record that ends there is handed on, though it might have gone on, once that is on disk: were the process killed before, it would be
   * another record with other lines, and both would be in the index.
   */
  cutAt(offset: number): void {
    if (!this.#cuts.includes(offset) && !this.#newCuts.includes(offset)) this.#newCuts = [...this.#newCuts, offset];
  }

  /** What it is to remember is on disk. */
  remembered(): void {
    this.registered ||= this.identified;
    if (this.#newCuts.length === 0) return;
    this.#cuts = [...this.#cuts, ...this.#newCuts];
    this.#newCuts = [];
  }

  /** The same content under another input (after a reload); its records keep their ids. */
  rebind(input: Input): void {
    this.file.input = input;
  }

  /** Its checkpoint when its first `offset` bytes are settled, and this file holds it. */
  entry({ dev, inode }: { dev: number; inode: number }, offset: number): Entry {
    const { realPath } = this;
    const { path, generation, id, input } = this.file;
    const about = { path, realPath, input: input.name, dev, inode, generation, id };
    if (id === '') return { ...about, offset: 0 };
    const rest = this.standing === 'rest' && offset === this.readOffset ? ({ rest: true } as const) : {};
    const after = this.#marks.findIndex(({ at }) => at > offset);
    this.#marks.splice(0, (after === -1 ? this.#marks.length : after) - 1);
    const mark = this.#marks[0];
    const head = this.#headProof ?? prove(this.#head, this.#head.length);
    if (this.#cuts.length > 0) this.#cuts = this.#cuts.filter((at) => at > offset);
    const ahead = [...this.#cuts, ...this.#newCuts];
    const cuts = ahead.length > 0 ? { cuts: ahead } : {};
    return {
      ...about,
      offset,
      ...rest,
      ...cuts,
      head,
      mark: mark && mark.at <= offset ? proofOf(mark) : prove(EMPTY, 0),
    };
  }
}
