import { readFileSync } from 'node:fs';

/** Descriptors that are kept for connections, folders, checkpoints and files that a rotation put aside. */
const RESERVED = 128;

/** How many logs may be open when the process may have `limit` descriptors: without some to spare nothing could be delivered. */
export function openFilesWithin(limit: number): number {
  return Math.max(Math.floor(limit / 2), limit - RESERVED);
}

/** How many logs this process may have open; without end where the system does not say. */
export function maxOpenFiles(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : openFilesWithin(Number(soft));
  } catch {
    return Number.POSITIVE_INFINITY; // no Linux: the operating system's own error will say it
  }
}
