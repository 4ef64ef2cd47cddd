import { uptime } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Input } from '../types.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Downstream } from './downstream.ts';
import { Files } from './files.ts';
import { Retention } from './retention.ts';
import type { Tailer } from './tailer.ts';

/** How often a file that grows is looked at, ms; one that is quiet is looked at less often, up to the slowest. */
const LOOK_MS = 250;
const SLOWEST_LOOK_MS = 2000;
/** How often the folders are scanned, whatever the watcher says, ms. */
const SCAN_MS = 1000;
const SAVE_MS = 1000;
/** One read: as much as can be while a string of it is still a small object for V8 (128 KiB), which dies young (measured: bench/README.md). */
const WINDOW_BYTES = 64 * 1024;
/** A drain ends when no file grew for this long, ms. */
const QUIET_MS = 2000;

/**
 * Reads all files in fair turns, one window each, and remembers what is settled. One loop, one buffer; it waits at one place for the
 * budget, which is the whole back-pressure.
 */
export class Source {
  readonly files: Files;
  readonly #checkpoints: Checkpoints;
  readonly #down: Downstream;
  readonly #retention: Retention;
  #window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  #wake: (() => void) | undefined;
  #savedAt = Number.NEGATIVE_INFINITY;
  #drainingSince: number | undefined;
  /** In this round something was left unread because the budget is used up. */
  #starved = false;

  constructor(podUid: string | undefined, checkpoints: Checkpoints, down: Downstream, telemetry: Telemetry) {
    this.#checkpoints = checkpoints;
    this.#down = down;
    this.files = new Files(podUid, checkpoints, down, telemetry, () => this.#wake?.());
    this.#retention = new Retention(this.files.open, checkpoints, telemetry);
  }

  /** Reads until the signal aborts, or a drain (see `drain`) finds all files quiet. Leaves files open and nothing half done. */
  async run(inputs: readonly Input[], signal: AbortSignal): Promise<void> {
    this.files.watch(inputs);
    let scannedAt = Number.NEGATIVE_INFINITY;
    let lookedLast = false;
    while (!signal.aborted) {
      const now = uptime();
      if (this.files.changed || now - scannedAt >= SCAN_MS) {
        await this.files.scan();
        scannedAt = now;
      }
      let busy = await this.#round(signal);
      if (this.files.open.unregistered) {
        await this.save();
        for (const content of this.files.contents) content.remembered();
        this.files.open.unregistered = false;
        busy = true;
      }
      if (now - this.#savedAt >= SAVE_MS && (await this.save())) await this.#retention.apply();
      if (busy) continue;
      if (!this.#quiet()) {
        lookedLast = false;
        await this.#pause(signal);
      } else if (lookedLast) break;
      else {
        // What rotations put aside is looked for now and then: once more before the end.
        this.files.open.rotated.look();
        await this.files.scan();
        this.#lookAtAll();
        lookedLast = true;
      }
    }
    await this.files.unwatch();
  }

  /** From now on `run` ends once no file grew for two seconds and unfinished last lines are handed on. */
  drain(): void {
    this.#drainingSince ??= uptime();
    this.#lookAtAll();
    this.#wake?.();
  }

  /** Hands on the unfinished last lines: nothing more will come. Waits for room where there is none, until the signal aborts. */
  async flush(signal: AbortSignal): Promise<void> {
    for (const tailer of this.files.all) {
      if (tailer.readOffset >= tailer.size || !(await this.files.open.identify(tailer, true))) continue;
      if (!tailer.content.registered) await this.save();
      tailer.content.registered = true;
      while (!signal.aborted && !(await tailer.flush(this.#down.take(tailer.file, Date.now())))) {
        this.#down.pressure();
        await this.#down.released(signal);
      }
      this.#down.took(tailer.file);
    }
  }

  /** Writes the checkpoints, with all that is settled by now. */
  async save(): Promise<boolean> {
    this.#savedAt = uptime();
    this.files.open.remember();
    return this.#checkpoints.save();
  }

  /** One turn for each file that is due; whether there was anything to read. */
  async #round(signal: AbortSignal): Promise<boolean> {
    let busy = false;
    this.#starved = false;
    for (const tailer of this.files.all) {
      if (signal.aborted) return false;
      if (tailer.lookAt > uptime()) continue;
      try {
        if (await this.#turn(tailer)) busy = true;
        // What was found to be a copy, or compressed, is closed by then.
        if (this.files.open.get(tailer) === tailer && (await this.files.open.closeFinished(tailer))) busy = true;
      } catch (error) {
        this.files.fail(tailer, error as NodeJS.ErrnoException);
      }
    }
    return busy;
  }

  async #turn(tailer: Tailer): Promise<boolean> {
    const look = await tailer.look();
    if (look === 'truncated') return this.#truncated(tailer);
    if (look === 'same') {
      const quiet = this.#drainingSince === undefined ? uptime() - tailer.grownAt : 0;
      tailer.lookAt = uptime() + Math.min(SLOWEST_LOOK_MS, Math.max(LOOK_MS, quiet / 20));
      return false;
    }
    // In a drain nothing waits for what may come.
    if (!(await this.files.open.identify(tailer, this.#drainingSince !== undefined))) return this.#later(tailer);
    if (!tailer.content.registered) return true;
    if (!this.#down.hasRoom(tailer.file)) return this.#starve();
    const turn = await tailer.read(this.#window, this.#down.take(tailer.file, Date.now()));
    this.#down.took(tailer.file);
    if (turn === 'truncated') return this.#truncated(tailer);
    if (turn.refused) return this.#starve();
    if (turn.open !== undefined && this.#isIdle(tailer)) {
      tailer.content.cutAt(turn.open);
      this.files.open.unregistered = true;
      return true;
    }
    const { maxLineBytes, records } = tailer.file.input;
    const needed = maxLineBytes + (records?.maxBytes ?? 0) + 1024;
    if (turn.short && this.#window.length < needed) this.#window = Buffer.allocUnsafeSlow(needed);
    else if (turn.bytes === 0) return this.#later(tailer);
    return true;
  }

  /** Whether a record that may go on is complete: its file did not grow for as long as is configured, or nothing more is to be expected. */
  #isIdle({ file, matched, grownAt }: Tailer): boolean {
    const wait = matched && this.#drainingSince === undefined ? Number.POSITIVE_INFINITY : QUIET_MS / 2;
    return uptime() - grownAt >= Math.min(file.input.records?.idleFlush ?? 0, wait);
  }

  /** Whatever was found quiet is looked at in the next round. */
  #lookAtAll(): void {
    for (const tailer of this.files.all) tailer.lookAt = 0;
  }

  /** Nothing more is read for now, but the loop goes on: new files must be found and held open while a backend is down. */
  #starve(): boolean {
    this.#starved = true;
    this.#down.pressure();
    return false;
  }

  #later(tailer: Tailer): boolean {
    tailer.lookAt = uptime() + LOOK_MS;
    return false;
  }

  #truncated(tailer: Tailer): boolean {
    this.files.open.truncated(tailer);
    return true;
  }

  /** Whether a drain may end. */
  #quiet(): boolean {
    const since = this.#drainingSince;
    return (
      !this.#starved &&
      !this.files.open.rotated.waiting &&
      since !== undefined &&
      !this.files.all.some(({ waitingSince = -Infinity }) => uptime() - waitingSince < 2 * QUIET_MS) &&
      uptime() - Math.max(since, ...this.files.all.map(({ grownAt }) => grownAt)) >= QUIET_MS
    );
  }

  /** Waits for the next look, or until the watcher, a drain or the signal wakes it. */
  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, LOOK_MS);
      signal.addEventListener('abort', done, { once: true });
      this.#wake = done;
      if (this.#starved) void this.#down.released(signal).then(done);
    });
  }
}
