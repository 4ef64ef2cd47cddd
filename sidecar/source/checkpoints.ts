import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Telemetry } from '../telemetry.ts';
import type { Remembered } from './identity.ts';

/** What is remembered of a file, by device and inode. */
export interface Entry extends Partial<Remembered> {
  /** Path as the container that writes the file sees it. */
  readonly path: string;
  /** Where it was found first, for us, and the input it belonged to: to find it again when it was renamed while we were down. */
  readonly realPath: string;
  readonly input: string;
  readonly dev: number;
  readonly inode: number;
  readonly generation: number;
  /** Prefix of the records' ids. */
  readonly id: string;
  /** Settled bytes from the beginning. */
  readonly offset: number;
  /** The settled bytes end in a line whose rest is dropped. */
  readonly rest?: true;
  /** Offsets beyond `offset` at which a record ends whatever follows: it was handed on when its file was quiet. */
  readonly cuts?: readonly number[];
  /** The file is no more; the entry only keeps the next file of this inode from being taken for it. */
  readonly gone?: true;
  /** No file is known to hold it any more: the file was truncated or deleted, but a copy of it may be found. */
  readonly ended?: true;
}

/** Version of the file's form. */
const VERSION = 1;
/** Entries of files that are no more: the oldest go. */
const MAX_GONE = 1000;

export const entryKey = (dev: number, inode: number): string => `${dev}:${inode}`;

/**
 * The checkpoints on disk: `checkpoint.json` and the generation before it, each a header line with version and CRC and the entries.
 * Written as temp + fsync + rename, so a crash leaves one whole generation. A disk that cannot be written is survived in memory and reported.
 */
export class Checkpoints {
  /** By device and inode. */
  readonly entries = new Map<string, Entry>();
  /** Those that no file is known to hold. */
  ended: readonly Entry[] = [];
  readonly #dir: string;
  readonly #telemetry: Telemetry;
  #failing = false;
  #saving: Promise<boolean> = Promise.resolve(true);
  #last = '';
  /** Whether an earlier run has looked for files: from then on every file that appears is read from its beginning. */
  resumed = false;
  /** Whether this run has. */
  begun = false;
  /** When the first run with this state began, ms since the epoch: files that are older were there before us. */
  since = Date.now();
  /** When it was written last, also by an earlier run, ms since the epoch. */
  savedAt = this.since;

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
        for (const entry of decoded.entries)
          if (!entry.ended) this.entries.set(entryKey(entry.dev, entry.inode), entry);
        this.ended = decoded.entries.filter(({ ended }) => ended);
        this.resumed = decoded.begun;
        this.begun = decoded.begun;
        this.since = decoded.since;
        this.savedAt = decoded.savedAt;
        return;
      }
      this.resumed = true; // an earlier run was here, though we do not know what it had read
      const aside = join(this.#dir, `${name}.broken-${Date.now()}`);
      const kept = await rename(path, aside).then(
        () => aside,
        (error: Error) => error.message,
      );
      log.error({ path, problem: decoded.problem, keptAs: kept }, 'the checkpoint is broken: it is kept aside');
    }
    await this.save(); // since when we are here: also a run that is killed at once leaves that
  }

  /** Writes all entries, after a save that is under way; answers whether they are on disk. Nothing is written when nothing changed. */
  save(): Promise<boolean> {
    this.#saving = this.#saving.then(() => this.#write());
    return this.#saving;
  }

  async #write(): Promise<boolean> {
    this.#forgetGone();
    const payload = JSON.stringify([...this.entries.values(), ...this.ended]);
    const { since, begun } = this;
    const state = `${begun} ${payload}`;
    if (state === this.#last) return true;
    const savedAt = Date.now();
    try {
      await this.#replace(encodeCheckpoint(payload, { since, savedAt, begun }));
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
    this.#last = state;
    this.savedAt = savedAt;
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

/** What a checkpoint says beside its entries. */
interface Header {
  /** When the first run began, ms since the epoch. */
  readonly since: number;
  /** When it was written, ms since the epoch. */
  readonly savedAt: number;
  /** Whether a run has looked for files. */
  readonly begun: boolean;
}

export function encodeCheckpoint(payload: string, header: Header): string {
  return `${JSON.stringify({ sidetail: 'checkpoint', version: VERSION, ...header, crc: crc32(payload) })}\n${payload}\n`;
}

export function decodeCheckpoint(text: string): ({ entries: Entry[] } & Header) | { problem: string } {
  const newline = text.indexOf('\n');
  const payload = text.slice(newline + 1).trimEnd();
  try {
    const header = JSON.parse(text.slice(0, newline)) as Partial<Header> & {
      sidetail?: string;
      version?: number;
      crc?: number;
    };
    if (header.sidetail !== 'checkpoint') return { problem: 'it is not a checkpoint of sidetail' };
    if (header.version !== VERSION) return { problem: `its version is ${header.version}, not ${VERSION}` };
    if (header.crc !== crc32(payload)) return { problem: 'its checksum is wrong' };
    const { since = Date.now(), savedAt = since, begun = true } = header;
    return { entries: JSON.parse(payload) as Entry[], since, savedAt, begun };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
