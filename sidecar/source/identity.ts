import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

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
  /** The first bytes, as many as were seen of them, at most HEAD_BYTES: grows with the file, from its first byte. */
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
  const bytes = await bytesAt(handle, proof.at - proof.bytes, proof.bytes);
  return bytes.length === proof.bytes && prove(bytes, proof.at).hash === proof.hash;
}

/** At most `length` bytes of the file from `position` on; fewer where it ends. */
export async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
}

/**
 * The prefix of the ids of a generation's records. It follows from what the file is, so that it is the same after a restart whose
 * checkpoint was lost; `bornAt` (ms since the epoch, 0 where the file system does not say) and the first line keep apart two files that had
 * the same inode one after the other.
 */
export function idPrefix(
  podUid: string | undefined,
  dev: number,
  inode: number,
  generation: number,
  bornAt: number,
  firstLine: Uint8Array,
): string {
  const first = hash('sha256', firstLine.subarray(0, FIRST_LINE_BYTES), 'base64url');
  return hash('sha256', `${podUid ?? ''}\0${dev}\0${inode}\0${generation}\0${bornAt}\0${first}`, 'base64url').slice(
    0,
    16,
  );
}
