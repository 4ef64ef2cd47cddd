import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { entryKey } from './checkpoints.ts';

/** A file beside logs, under a name that a rotation of one of them gives. */
export interface Sibling {
  readonly realPath: string;
  readonly dev: number;
  readonly inode: number;
  readonly size: number;
  /** When it was made, ms since the epoch; 0 where the file system does not say. */
  readonly bornAt: number;
  /** When it was written last, ms since the epoch. */
  readonly writtenAt: number;
}

/** What rotations put behind or into a name: numbers, dates, words for old. Not `.gz`: what is compressed cannot be read on. */
const NUMBERS = /^[.\-_]\d[\dTtZz:.\-_+]*$/;
const WORDS = /[.\-_](?:old|bak|previous|prev|save|last)(?![a-z])/gi;

/** Whether a rotation puts this into a name: with a separator, so that `app2.log` is another log. In linear time, whatever the name. */
function isMark(part: string): boolean {
  const numbers = part.replace(WORDS, '');
  return part !== '' && (numbers === '' || NUMBERS.test(numbers));
}

/** No name is a rotated one without a digit or such a word. */
const MARKED = /\d|old|bak|prev|save|last/i;
/** Nor one that says it is compressed: thousands of them may lie beside thousands of logs. */
const COMPRESSED = /\.(?:gz|zst|xz|bz2|zip|lz4|Z)$/;

/**
 * Whether a file of this name can be a rotated `active`: `app.log.1`, `app.log-20261121`, `app-2026-11-21.3.log` and `app.log.old` of
 * `app.log`. Not `app-access.log`: that is another log, which nobody asked for.
 */
export function isRotatedName(active: string, name: string): boolean {
  const extension = extname(active);
  const stem = active.slice(0, active.length - extension.length);
  if (!name.startsWith(stem) || name === active || !MARKED.test(name)) return false;
  const rest = name.slice(stem.length);
  if (extension !== '' && rest.startsWith(extension)) return isMark(rest.slice(extension.length));
  if (extension !== '' && rest.endsWith(extension)) return isMark(rest.slice(0, -extension.length));
  return isMark(rest);
}

/** Whether the file at one path can be what a rotation made of the file at the other. Asked for each pair of thousands: quickly answered. */
export function isRotated(active: string, realPath: string): boolean {
  const folder = active.lastIndexOf('/') + 1;
  const dot = active.lastIndexOf('.');
  if (!realPath.startsWith(active.substring(0, dot > folder ? dot : active.length))) return false;
  return realPath.lastIndexOf('/') < folder && isRotatedName(active.slice(folder), realPath.slice(folder));
}

/**
 * Whether a rotation only added to the name: `app.log.1`. What changes a name before its extension (`app-2.log`) may be another log.
 */
export function isSuffixed(active: string, realPath: string): boolean {
  return basename(realPath).startsWith(basename(active));
}

/**
 * The regular files of a folder that may be rotated ones of the logs at these paths; empty when the folder is gone. Whether one is open is
 * asked by inode: what had its name when it was opened has another one by now.
 */
export async function siblingsIn(folder: string, logs: ReadonlySet<string>): Promise<Sibling[]> {
  const names = await readdir(folder).catch(() => []); // the folder is gone, and the files with it
  const actives = [...logs].map((path) => basename(path));
  const found: Sibling[] = [];
  for (const name of names) {
    const realPath = join(folder, name);
    if (COMPRESSED.test(name) || !MARKED.test(name)) continue;
    if (!actives.some((active) => isRotatedName(active, name))) continue;
    const status = await stat(realPath).catch(() => undefined); // gone since the listing
    if (!status?.isFile()) continue;
    const { dev, ino: inode, size, birthtimeMs: bornAt, mtimeMs: writtenAt } = status;
    found.push({ realPath, dev, inode, size, bornAt, writtenAt });
  }
  return found;
}

/** How often a folder is listed again that changes while it is looked through. */
const LISTINGS = 20;
/** Two changes within so short a time may have the same date, ms. */
const TICK_MS = 20;

/**
 * The regular files of a folder: where each stands, by device and inode. None when the folder is gone, and the files with it; undefined when
 * it cannot be looked into now. A rotation that goes on meanwhile hides no file: the folder must be the same before and after.
 */
export async function filesIn(folder: string): Promise<ReadonlyMap<string, string> | undefined> {
  let found = new Map<string, string>();
  for (let listing = 0; listing < LISTINGS; listing++) {
    found = new Map();
    const before = await changedAt(folder);
    try {
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        const status = await stat(path).catch(() => undefined); // gone since the listing: then the folder changed
        if (status?.isFile()) found.set(entryKey(status.dev, status.ino), path);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR' ? found : undefined;
    }
    if (before === (await changedAt(folder)) && Math.abs(Date.now() - before) > TICK_MS) return found;
    await sleep(TICK_MS);
  }
  return found;
}

async function changedAt(folder: string): Promise<number> {
  return (await stat(folder).catch(() => undefined))?.mtimeMs ?? 0; // whoever lists it says why
}
