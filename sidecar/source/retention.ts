import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { uptime } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Input } from '../types.ts';
import { type Checkpoints, entryKey } from './checkpoints.ts';
import { deleteFile, freeBlocks, nameOf, restoreIn } from './disk.ts';
import { HEAD_BYTES } from './identity.ts';
import type { OpenFiles } from './open-files.ts';
import { removesDone } from './rotated.ts';
import { isRotated, isRotatedName, isSuffixed } from './siblings.ts';
import type { Tailer } from './tailer.ts';

/** A rotated file is deleted when nobody wrote to it for so long, ms. */
const QUIET_MS = 5000;
/** After that it stays open for so long, ms, should its writer not have noticed the rotation. */
const KEEP_MS = 60_000;
/** Settled bytes of a file that is still written are given back in pieces of at least this many. */
const PIECE_BYTES = 2 ** 20;

/** A rotated file of which every byte is settled. */
interface Done {
  readonly tailer: Tailer;
  readonly path: string;
  readonly writtenAt: number;
}

/**
 * Keeps delivered data from filling the disk that the application writes to: deletes rotated files that are wholly settled, and gives back
 * the settled bytes of files that are still written. Nothing that is not settled, and on disk as such, is ever removed.
 */
export class Retention {
  readonly #files: OpenFiles;
  readonly #checkpoints: Checkpoints;
  readonly #telemetry: Telemetry;
  /** Up to where the settled bytes of a file were given back. */
  readonly #freed = new WeakMap<Tailer, number>();
  readonly #complained = new Set<string>();
  readonly #restored = new Set<string>();

  constructor(files: OpenFiles, checkpoints: Checkpoints, telemetry: Telemetry) {
    this.#files = files;
    this.#checkpoints = checkpoints;
    this.#telemetry = telemetry;
  }

  /** To be called when the checkpoints were saved. */
  async apply(): Promise<void> {
    for (const input of this.#files.inputs) {
      if (!removesDone(input)) continue;
      const { retention, diskBudget } = input;
      await this.#restore(input);
      const tailers = this.#files.all.filter(({ file, links }) => file.input.name === input.name && links > 0);
      let used = tailers.reduce((sum, { diskBytes }) => sum + diskBytes, 0);
      const over = (): boolean => diskBudget !== undefined && used > diskBudget;
      for (const done of await this.#done(tailers)) {
        if (retention !== 'keep' || over()) used -= await this.#delete(input, done);
      }
      for (const tailer of tailers) if (retention === 'truncate' || over()) used -= await this.#free(input, tailer);
      this.#telemetry.metrics.diskUsed.set({ input: input.name }, used);
      if (over()) this.#sayOver(input, used);
      else this.#complained.delete(`${input.name} over`);
    }
  }

  /** Once in a run: what an earlier one was killed in the midst of deleting gets its name back. */
  async #restore({ name }: Input): Promise<void> {
    for (const { file, realPath } of this.#files.all) {
      const folder = dirname(realPath);
      if (file.input.name !== name || this.#restored.has(folder)) continue;
      this.#restored.add(folder);
      await restoreIn(folder).catch((error: NodeJS.ErrnoException) => this.#complain(file.input, error));
    }
  }

  /** Rotated files that are wholly settled, the oldest first. */
  async #done(tailers: readonly Tailer[]): Promise<Done[]> {
    const done: Done[] = [];
    for (const tailer of tailers) {
      const { content } = tailer;
      if (!content.registered || uptime() - tailer.grownAt < QUIET_MS) continue;
      const path = await nameOf(tailer.handle);
      if (path === undefined || !(await this.#isPutAside(tailer, path, tailers))) continue;
      const { size, mtimeMs: writtenAt } = await tailer.handle.stat();
      if (size === this.#settledOnDisk(tailer)) done.push({ tailer, path, writtenAt });
    }
    return done.sort((a, b) => a.writtenAt - b.writtenAt);
  }

  /** It was renamed as rotations do, or its name adds to that of a log that is there. Whatever else happened to it, it is not ours to delete. */
  async #isPutAside(tailer: Tailer, path: string, tailers: readonly Tailer[]): Promise<boolean> {
    // A link to a dated file is no rotation of it: the name under which it was found must lead elsewhere.
    const { dev, ino } = await stat(tailer.realPath).catch(() => ({ dev: 0, ino: 0 })); // nothing has that name now
    const isThere = dev === tailer.dev && ino === tailer.inode;
    if (isRotatedName(basename(tailer.realPath), basename(path))) return !isThere;
    return tailers.some(
      (other) =>
        other !== tailer && other.matched && isRotated(other.realPath, path) && isSuffixed(other.realPath, path),
    );
  }

  /** Bytes of the file that are settled, by what is on disk. */
  #settledOnDisk({ dev, inode, content }: Tailer): number {
    const entry = this.#checkpoints.entries.get(entryKey(dev, inode));
    return entry !== undefined && entry.id === content.file.id ? entry.offset : 0;
  }

  async #delete(input: Input, { tailer, path }: Done): Promise<number> {
    const { diskBytes: bytes } = tailer;
    try {
      // It stays open for a while: what somebody writes to it late is read. Its space is given back before that.
      await this.#free(input, tailer);
      tailer.keepUntil = uptime() + KEEP_MS;
      if (!(await deleteFile(path, tailer))) return 0;
    } catch (error) {
      this.#complain(input, error as NodeJS.ErrnoException);
      return 0;
    }
    tailer.lookAt = 0;
    this.#telemetry.metrics.filesDeleted.inc({ input: input.name });
    this.#telemetry.log.info({ path: tailer.path, bytes }, 'a rotated file is delivered and was deleted');
    return bytes;
  }

  async #free(input: Input, tailer: Tailer): Promise<number> {
    const entry = this.#checkpoints.entries.get(entryKey(tailer.dev, tailer.inode));
    if (entry?.mark === undefined || entry.id !== tailer.content.file.id) return 0;
    // What proves the content stays: its beginning, and what stands before the settled offset.
    const from = Math.max(HEAD_BYTES, this.#freed.get(tailer) ?? 0);
    const to = entry.mark.at - entry.mark.bytes;
    if (to - from < PIECE_BYTES) return 0;
    try {
      const before = (await stat(`/proc/self/fd/${tailer.handle.fd}`)).blocks * 512;
      await freeBlocks(tailer.handle, from, to);
      const { blocks } = await tailer.handle.stat();
      tailer.diskBytes = blocks * 512;
      this.#freed.set(tailer, to);
      this.#telemetry.metrics.bytesFreed.inc({ input: input.name }, before - tailer.diskBytes);
      return before - tailer.diskBytes;
    } catch (error) {
      this.#complain(input, error as NodeJS.ErrnoException);
      return 0;
    }
  }

  #complain(input: Input, { code, message }: NodeJS.ErrnoException): void {
    const key = `${input.name} ${code}`;
    if (this.#complained.has(key)) return;
    this.#complained.add(key);
    const fix =
      code === 'ENOENT'
        ? 'the program fallocate (util-linux) must be in the image'
        : 'mount the volume writable for the sidecar, on a file system that can make holes, as a user who may write the files';
    this.#telemetry.metrics.fileErrors.inc({ input: input.name, code: 'retention' });
    this.#telemetry.log.warn({ input: input.name, error: message, fix }, 'delivered data cannot be removed');
  }

  #sayOver({ name: input, diskBudget }: Input, used: number): void {
    if (this.#complained.has(`${input} over`)) return;
    this.#complained.add(`${input} over`);
    this.#telemetry.log.warn(
      { input, used, diskBudget },
      'the files take more than their disk budget: what is not delivered is kept',
    );
  }
}
