import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

/** A file in the folder of a log, under a name that a rotation gives. */
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
const ROTATED = /^(?:[.\-_]?(?:\d[\dTtZz:.\-_+]*|old|bak|prev|previous|save|last))+$/i;

/**
 * Whether a file of this name can be a rotated `active`: `app.log.1`, `app.log-20261121`, `app-2026-11-21.3.log` and `app.log.old` of
 * `app.log`. Not `app-access.log`: that is another log, which nobody asked for.
 */
export function isRotatedName(active: string, name: string): boolean {
  const extension = extname(active);
  const stem = active.slice(0, active.length - extension.length);
  if (!name.startsWith(stem) || name === active) return false;
  const rest = name.slice(stem.length);
  if (extension !== '' && rest.startsWith(extension)) return ROTATED.test(rest.slice(extension.length));
  if (extension !== '' && rest.endsWith(extension)) return ROTATED.test(rest.slice(0, -extension.length));
  return ROTATED.test(rest);
}

/** The regular files beside a log whose names say that they are rotated ones of it; empty when the folder is gone. */
export async function siblingsOf(realPath: string): Promise<Sibling[]> {
  const folder = dirname(realPath);
  const names = await readdir(folder).catch(() => []); // the folder is gone, and the files with it
  const found: Sibling[] = [];
  for (const name of names.filter((one) => isRotatedName(basename(realPath), one))) {
    const path = join(folder, name);
    const status = await stat(path).catch(() => undefined); // gone since the listing
    if (!status?.isFile()) continue;
    const { dev, ino: inode, size, birthtimeMs: bornAt, mtimeMs: writtenAt } = status;
    found.push({ realPath: path, dev, inode, size, bornAt, writtenAt });
  }
  return found;
}
