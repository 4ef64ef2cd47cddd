import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, link, readdir, readlink, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What a name ends in while the file is being deleted. */
const ASIDE = '.sidetail';
/** Holes are made of whole blocks, bytes. */
const BLOCK = 4096;

/** The name that an open file has now; undefined when it has none any more (proc(5): `/proc/self/fd`). */
export async function nameOf(handle: FileHandle): Promise<string | undefined> {
  const name = await readlink(`/proc/self/fd/${handle.fd}`);
  return name.endsWith(' (deleted)') ? undefined : name;
}

/**
 * Deletes the file at `path` if it is this one: it is renamed first, so that what a rotation puts in its place at this very moment is never
 * deleted instead. Answers whether it was; throws what the file system says (EROFS, EACCES).
 */
export async function deleteFile(path: string, { dev, inode }: { dev: number; inode: number }): Promise<boolean> {
  const aside = join(dirname(path), `.${basename(path)}${ASIDE}`);
  await rename(path, aside);
  const { dev: itsDev, ino } = await stat(aside);
  if (itsDev === dev && ino === inode) {
    await unlink(aside);
    return true;
  }
  await giveBack(aside, path);
  return false;
}

/** Gives the files that a kill left half deleted their names back. */
export async function restoreIn(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.') || !name.endsWith(ASIDE)) continue;
    await giveBack(join(folder, name), join(folder, name.slice(1, -ASIDE.length)));
  }
}

/** Renames it back, or, if there is another file of that name by now, to one that a rotation might give. */
async function giveBack(aside: string, path: string): Promise<void> {
  await link(aside, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    return link(aside, `${path}.${Date.now()}`);
  });
  await unlink(aside);
}

/**
 * Gives the blocks of `[from, to)` of an open file back to the disk: a hole stays, offsets and size are what they were, and whoever writes
 * to it goes on. Node has no call for it, so util-linux's `fallocate` makes it. Answers how many bytes at most were freed; throws what it
 * says (no such program, a file system without holes, no permission).
 */
export async function freeBlocks(handle: FileHandle, from: number, to: number): Promise<number> {
  const offset = Math.ceil(from / BLOCK) * BLOCK;
  const length = Math.floor(to / BLOCK) * BLOCK - offset;
  if (length <= 0) return 0;
  const range = ['--offset', `${offset}`, '--length', `${length}`];
  // It gets the file as its descriptor 3 and opens that for writing: no name is needed, and none can be another file's.
  const child = spawn('fallocate', ['--punch-hole', '--keep-size', ...range, '/proc/self/fd/3'], {
    stdio: ['ignore', 'ignore', 'pipe', handle.fd],
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(said.trim() || `fallocate ended with ${code}`);
  return length;
}
