import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** How much of a file's beginning is remembered, at most. */
export const HEAD_BYTES = 1024;
/** How much before an offset is remembered, at most. */
export const MARK_BYTES = 64;
/** How much of the first line goes into the ids of a file's records. */
const FIRST_LINE_BYTES = 256;

/** Proof of content: the hash of `bytes` bytes ending at `at`. */
export interface Proof {
  readonly at: number;
  readonly bytes: number;
  readonly hash: string;
}

/** What is remembered of a file over a restart. */
export interface Remembered {
  /** The first bytes, as many as were read of them, at most HEAD_BYTES: grows with the file, from its first byte. */
  readonly head: Proof;
  /** The bytes just before some offset that was read, at or before the settled one. */
  readonly mark: Proof;
}

/** The proof that `bytes` end at offset `at`. */
export function prove(bytes: Uint8Array, at: number): Proof {
  return { at, bytes: bytes.length, hash: hash('sha256', bytes, 'base64url').slice(0, 22) };
}

/** Whether the file still holds the bytes of the proof. */
export async function holds(handle: FileHandle, proof: Proof): Promise<boolean> {
  const bytes = Buffer.alloc(proof.bytes);
  const { bytesRead } = await handle.read(bytes, 0, proof.bytes, proof.at - proof.bytes);
  return bytesRead === proof.bytes && prove(bytes, proof.at).hash === proof.hash;
}

/**
 * The prefix of the ids of a generation's records. It follows from what the file is, so that it is the same after a restart whose
 * checkpoint was lost; the first line keeps apart two files that had the same inode one after the other.
 */
export function idPrefix(
  podUid: string | undefined,
  dev: number,
  inode: number,
  generation: number,
  firstLine: Uint8Array,
): string {
  const first = hash('sha256', firstLine.subarray(0, FIRST_LINE_BYTES), 'base64url');
  return hash('sha256', `${podUid ?? ''}\0${dev}\0${inode}\0${generation}\0${first}`, 'base64url').slice(0, 16);
}

/** What a checkpoint knows of a file's content. */
interface Known extends Partial<Remembered> {
  readonly offset: number;
  readonly gone?: true;
}

/**
 * Whether a file begins as `head` does, as far as it goes, and holds the last of the proofs that lies within it. Nothing is a copy of a file
 * of which nothing is known.
 */
export async function isCopy(realPath: string, head: Buffer, marks: readonly Proof[]): Promise<boolean> {
  if (head.length === 0) return false;
  const handle = await openQuietly(realPath);
  if (handle === undefined) return false;
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(head.length, size));
    await handle.read(bytes, 0, bytes.length, 0);
    if (!bytes.equals(head.subarray(0, bytes.length))) return false;
    const mark = marks.findLast(({ at }) => at <= size);
    return mark === undefined || (await holds(handle, mark));
  } finally {
    await handle.close();
  }
}

/**
 * Opens a file that may be gone, or a pipe by now, which must not keep us waiting. Undefined when it cannot be opened: then it is no copy, and
 * whoever opens it as a file of its own says why not.
 */
function openQuietly(realPath: string): Promise<FileHandle | undefined> {
  return open(realPath, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
}

/** Whether the file at this path holds what the entry says. */
export async function isStill(realPath: string, entry: Known): Promise<boolean> {
  const handle = await openQuietly(realPath);
  if (handle === undefined) return false;
  try {
    const { size } = await handle.stat();
    // What is known may be no more than its beginning: a kill right after the first record.
    return (entry.head?.bytes ?? 0) > 0 && (await isOf(handle, entry, size));
  } finally {
    await handle.close();
  }
}

/** Whether the open file is the one that the entry is about. */
export async function isOf(handle: FileHandle, entry: Known, size: number): Promise<boolean> {
  if (entry.gone || entry.head === undefined || entry.mark === undefined || size < entry.offset) return false;
  return (await holds(handle, entry.head)) && (await holds(handle, entry.mark));
}
