import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Store, startStore } from '../../cli/demo/store/store.ts';
import { mountDisk } from '../support/disk.ts';
import type { Program } from '../support/image.ts';
import { SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';
import { faultOf } from './faults.ts';
import { Gate } from './gate.ts';
import { Log } from './log.ts';
import type { FaultName, Plan, Step } from './plan.ts';

/**
 * One life of a log, its sidecar and its backend: a real process, real files, a real socket, a small disk for the state. In the end each
 * line must be in the index exactly once, but for those that stood nowhere any more when the sidecar was killed.
 */

export interface Result {
  readonly written: number;
  /** Lines that were truncated, deleted or compressed away before anybody could have read them, or while the sidecar had them in memory only. */
  readonly excused: number;
  readonly lost: readonly string[];
  readonly repeated: readonly string[];
  /** Creations that found their id taken: what a repeated request would have made a second document of. */
  readonly conflicts: number;
  /** Whether the sidecar's own books add up. */
  readonly balanced: boolean;
  /** How often each thing was done. */
  readonly done: Readonly<Record<string, number>>;
  /** The sidecar's own log, of all its runs. */
  readonly said: readonly string[];
}

/** How long all lines may take to arrive once nothing is in the way, ms. */
const PATIENCE_MS = 60_000;
/** The disk with the state. */
const STATE_BYTES = 1 << 20;

export async function live(folder: string, plan: Plan): Promise<Result> {
  const world = new World(folder, plan);
  try {
    await world.begin();
    for (const step of plan.steps) await world.do(step);
    return await world.end();
  } finally {
    await world.close();
  }
}

/** The log, the sidecar, the backend and the disk of one life, and what is expected of them. */
export class World {
  readonly #plan: Plan;
  readonly #sidecar: SidecarProcess;
  readonly #log: Log;
  readonly #state: string;
  readonly #done: Record<string, number> = {};
  readonly #excused = new Set<string>();
  #store!: Store;
  #gate!: Gate;
  #up = false;
  #configurations = 0;
  /** Undefined where we may not mount: then the disk is never full. */
  #unmount: (() => void) | undefined;

  constructor(folder: string, plan: Plan, program?: Program) {
    this.#plan = plan;
    this.#sidecar = new SidecarProcess(folder, {}, program);
    this.#log = new Log(join(this.#sidecar.logs, 'app', 'app.log'));
    this.#state = join(folder, 'state');
  }

  async begin(): Promise<void> {
    this.#store = await startStore();
    this.#gate = new Gate(this.#store.url);
    await this.#gate.open();
    this.#unmount = mountDisk(this.#state, STATE_BYTES);
    this.#configure(100);
    // Always there first, and its first look on disk: what a rotation put aside before that is not ours.
    await this.#start();
    await until(() => this.#checkpoint().includes('app.log'), 'the log was seen');
  }

  /** The text of the checkpoint; between two generations there is none for a moment. */
  #checkpoint(): string {
    try {
      return readFileSync(join(this.#state, 'checkpoint.json'), 'utf8');
    } catch {
      return '';
    }
  }

  async do(step: Step): Promise<void> {
    const name =
      step.do === 'fault'
        ? step.fault
        : step.do === 'rename' || step.do === 'copytruncate'
          ? `${step.do} ${step.name}`
          : step.do;
    if (await this.#act(step)) this.#done[name] = (this.#done[name] ?? 0) + 1;
  }

  /** Whether it could be done. */
  async #act(step: Step): Promise<boolean> {
    const log = this.#log;
    switch (step.do) {
      case 'write':
        log.write(step.lines, step.bytes);
        return true;
      case 'part':
        log.part();
        return true;
      case 'rename':
        log.rename(step.name);
        return true;
      case 'copytruncate':
        log.copytruncate(step.name);
        return true;
      case 'late':
        if (!(await this.#isOpen(log.lateInode))) return false; // else it may be another log, for all that can be known
        log.late(step.lines);
        return true;
      case 'truncate':
        log.truncate();
        this.#excuse();
        return true;
      case 'delete':
        return this.#remove(log.inode, () => log.delete());
      case 'gzip':
        return this.#remove(log.asideInode, () => log.gzip());
      case 'folder':
        return this.#remove(log.inode, () => log.folder());
      case 'kill':
        if (!this.#up || this.#full) return false;
        await this.#sidecar.kill();
        this.#up = false;
        this.#excuse();
        return true;
      case 'stop':
        if (!this.#up || this.#full) return false;
        log.finish(); // a drain hands on what is unfinished, flagged
        await this.#sidecar.terminate();
        this.#up = false;
        this.#excuse();
        return true;
      case 'start':
        if (this.#up) return false;
        await this.#start();
        return true;
      case 'reload':
        this.#configure(step.maxEvents);
        return true;
      case 'fault':
        await this.#fault(step.fault);
        return true;
      case 'disk':
        return this.#disk(step.full);
      case 'wait':
        await sleep(step.ms);
        return true;
    }
  }

  /** Takes away what is in the way, waits for what must arrive, and says what did. */
  async end(): Promise<Result> {
    await this.#fault('none');
    this.#disk(false);
    this.#log.finish();
    if (!this.#up) await this.#start();
    const deadline = Date.now() + PATIENCE_MS;
    let missing = this.#missing();
    while (missing.length > 0 && Date.now() < deadline) {
      await sleep(100);
      missing = this.#missing();
    }
    await sleep(1500); // what comes too much comes now
    const places = new Map<string, string[]>();
    for (const { source, id } of this.#store.docs()) {
      const { message, log } = source as { message: string; log: { offset: number; file: { path: string } } };
      const place = `${basename(log.file.path)} at ${log.offset} as ${id}`;
      places.set(message, [...(places.get(message) ?? []), place]);
    }
    const known = new Set(this.#log.written);
    return {
      written: this.#log.written.length,
      excused: [...this.#excused].filter((line) => !places.has(line)).length,
      lost: missing,
      repeated: [...places]
        .filter(([message, where]) => where.length > 1 || !known.has(message))
        .map(([message, where]) => `${message.slice(0, 20)}: ${where.join(', ')}`),
      conflicts: this.#store.conflicts,
      balanced: (await this.#sidecar.status()).outputs.every(({ accounts }) => accounts.balanced),
      done: this.#done,
      said: this.#sidecar.history.map(({ level: _l, time: _t, pid: _p, name: _n, ...line }) => JSON.stringify(line)),
    };
  }

  /** After an end: everything is settled, so that what was written till now is forgotten, here, in the index and on the disk. */
  async forget(): Promise<void> {
    await until(async () => {
      const { files, outputs } = await this.#sidecar.status(); // what stands in no file any more may be on its way, too
      return outputs.every(({ queue }) => queue.bytes === 0) && files.every(({ lagBytes }) => lagBytes === 0);
    }, 'all is settled');
    this.#log.forget();
    this.#excused.clear();
    this.#sidecar.history.length = 0;
    await fetch(`${this.#store.url}/_all`, { method: 'DELETE' });
  }

  /** How many files it holds open. */
  async files(): Promise<number> {
    return (await this.#open()).size;
  }

  /** The sidecar's process. */
  get pid(): number {
    return this.#sidecar.child!.pid!;
  }

  async close(): Promise<void> {
    await this.#sidecar.kill();
    this.#log.close();
    await this.#gate?.shut();
    await this.#store?.close();
    this.#unmount?.();
  }

  #messages(): string[] {
    return [...this.#store.docs()].map(({ source }) => (source as { message: string }).message);
  }

  #missing(): string[] {
    const have = new Set(this.#messages());
    return this.#log.written.filter((line) => !have.has(line) && !this.#excused.has(line));
  }

  /** What stands nowhere any more and is not delivered is lost by right. */
  #excuse(open?: ReadonlySet<number>): void {
    const have = new Set(this.#messages());
    for (const line of this.#log.nowhere(open)) if (!have.has(line)) this.#excused.add(line);
  }

  /** Removes a file that has lines. What the sidecar holds open it must read to its end. */
  async #remove(inode: number | undefined, remove: () => void): Promise<boolean> {
    if (inode === undefined) return false;
    const open = await this.#open();
    remove();
    this.#excuse(open);
    return true;
  }

  async #isOpen(inode: number | undefined): Promise<boolean> {
    return inode !== undefined && (await this.#open()).has(inode);
  }

  /** The inodes of the files that the sidecar holds open. */
  async #open(): Promise<Set<number>> {
    if (!this.#up) return new Set();
    return new Set((await this.#sidecar.status()).files.map(({ inode }) => inode));
  }

  async #start(): Promise<void> {
    await this.#sidecar.start();
    this.#up = true;
  }

  #configure(maxEvents: number): void {
    this.#configurations += 1;
    this.#sidecar.configure({
      cluster: `c${this.#configurations}`,
      drainTimeout: '5s',
      inputs: [{ name: 'app', paths: [join(this.#sidecar.logs, 'app', this.#plan.paths)] }],
      outputs: { es: { type: 'elasticsearch', url: this.#gate.url, batch: { maxEvents, maxAge: '50ms' } } },
    });
  }

  /** Whoever is killed with a state that could not be saved sends again what it knew better (docs/delivery.md): not done to it here. */
  get #full(): boolean {
    return existsSync(join(this.#state, 'ballast'));
  }

  #disk(full: boolean): boolean {
    const ballast = join(this.#state, 'ballast');
    if (!this.#unmount || full === this.#full) return false;
    if (!full) rmSync(ballast);
    else
      try {
        writeFileSync(ballast, Buffer.alloc(2 * STATE_BYTES));
      } catch {
        // it took what there was
      }
    return true;
  }

  async #fault(name: FaultName): Promise<void> {
    if (name === 'refuse') return this.#gate.shut();
    await this.#gate.open();
    this.#store.faults = name === 'none' ? undefined : () => faultOf(name);
  }
}
