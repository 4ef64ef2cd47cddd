import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Telemetry } from '../telemetry.ts';
import type { Remembered } from './identity.ts';

/** What is remembered of a file, by device and inode. */
export interface Entry extends Partial<Remembered> {
  /** Path as the container that writes the file sees it. */
  readonly path: string;
  /** Where it was for us, and the input it belonged to: to find it again when it was renamed while we were down. */
  readonly realPath?: string;
  readonly input?: string;
  readonly dev: number;
  readonly inode: number;
  readonly generation: number;
  /** Prefix of the records' ids. */
  readonly id: string;
  /** Settled bytes from the beginning. */
  readonly offset: number;
  /** The settled bytes end in a line whose rest is dropped. */
  readonly rest?: true;
  /** The file is no more; the entry only keeps the next file of this inode from being taken for it. */
  readonly gone?: true;
}

/** Version of the file's form. */
const VERSION = 1;
/** Entries of files that are no more: the oldest go. */
const MAX_GONE = 10_000;

export const entryKey = (dev: number, inode: number): string => `${dev}:${inode}`;

/**
 * The checkpoints on disk: `checkpoint.json` and the generation before it, each a header line with version and CRC and the entries.
 * Written as temp + fsync + rename, so a crash leaves one whole generation. A disk that cannot be written is survived in memory and reported.
 */
export class Checkpoints {
  readonly entries = new Map<string, Entry>();
  readonly #dir: string;
  readonly #telemetry: Telemetry;
  #failing = false;
  #saving: Promise<boolean> = Promise.resolve(true);
  #last = '';
  /** Whether a state of an earlier run was found. */
  resumed = false;
  /** When the first run with this state began, ms since the epoch: files that are older were there before us. */
  since = Date.now();

  constructor(dir: string, telemetry: Telemetry) {
    this.#dir = dir;
    this.#telemetry = telemetry;
  }

  /** Reads the newest whole generation. A broken one is kept aside and reported. */
  async load(): Promise<void> {
    const { log } = this.#telemetry;
    for (const name of ['checkpoint.json', 'checkpoint.prev.json']) {
      const path = join(this.#dir, name);
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') log.error({ path, error: error.message }, 'the checkpoint cannot be read');
        return undefined;
      });
      if (text === undefined) continue;
      const decoded = decodeCheckpoint(text);
      if ('entries' in decoded) {
        for (const entry of decoded.entries) this.entries.set(entryKey(entry.dev, entry.inode), entry);
        this.resumed = true;
        this.since = decoded.since ?? this.since;
        return;
      }
      const aside = join(this.#dir, `${name}.broken-${Date.now()}`);
      const kept = await rename(path, aside).then(
        () => aside,
        (error: Error) => error.message,
      );
      log.error({ path, problem: decoded.problem, keptAs: kept }, 'the checkpoint is broken: it is kept aside');
    }
  }

  /** Writes all entries, after a save that is under way; answers whether they are on disk. Nothing is written when nothing changed. */
  save(): Promise<boolean> {
    this.#saving = this.#saving.then(() => this.#write());
    return this.#saving;
  }

  async #write(): Promise<boolean> {
    this.#forgetGone();
    const payload = JSON.stringify([...this.entries.values()]);
    if (payload === this.#last) return true;
    try {
      await this.#replace(encodeCheckpoint(payload, this.since));
    } catch (error) {
      this.#telemetry.metrics.checkpointSaves.inc({ result: 'failed' });
      if (!this.#failing) {
        this.#telemetry.log.error(
          { dir: this.#dir, error: (error as Error).message },
          'checkpoints cannot be saved: they are kept in memory only; after a restart records may be sent again (the index takes each once)',
        );
      }
      this.#failing = true;
      return false;
    }
    if (this.#failing) this.#telemetry.log.info({ dir: this.#dir }, 'checkpoints are saved again');
    this.#failing = false;
    this.#last = payload;
    this.#telemetry.metrics.checkpointSaves.inc({ result: 'saved' });
    return true;
  }

  async #replace(text: string): Promise<void> {
    const [temp, current, previous] = ['checkpoint.tmp', 'checkpoint.json', 'checkpoint.prev.json'].map((name) =>
      join(this.#dir, name),
    ) as [string, string, string];
    await mkdir(this.#dir, { recursive: true });
    const file = await open(temp, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(current, previous).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(temp, current);
    const dir = await open(this.#dir);
    await dir.sync().finally(() => dir.close());
  }

  #forgetGone(): void {
    const gone = [...this.entries].filter(([, entry]) => entry.gone);
    for (const [key] of gone.slice(0, Math.max(0, gone.length - MAX_GONE))) this.entries.delete(key);
  }
}

export function encodeCheckpoint(payload: string, since: number): string {
  return `${JSON.stringify({ sidetail: 'checkpoint', version: VERSION, since, crc: crc32(payload) })}\n${payload}\n`;
}

export function decodeCheckpoint(text: string): { entries: Entry[]; since?: number } | { problem: string } {
  const newline = text.indexOf('\n');
  const payload = text.slice(newline + 1).trimEnd();
  try {
    const header = JSON.parse(text.slice(0, newline)) as {
      sidetail?: string;
      version?: number;
      since?: number;
      crc?: number;
    };
    if (header.sidetail !== 'checkpoint') return { problem: 'it is not a checkpoint of sidetail' };
    if (header.version !== VERSION) return { problem: `its version is ${header.version}, not ${VERSION}` };
    if (header.crc !== crc32(payload)) return { problem: 'its checksum is wrong' };
    const entries = JSON.parse(payload) as Entry[];
    return header.since === undefined ? { entries } : { entries, since: header.since };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
