import { appendFileSync, copyFileSync, existsSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStore } from '../../cli/demo/store/store.ts';
import { SidecarProcess } from '../support/sidecar.ts';

/**
 * One random life of a log and its sidecar: a real process, real files, a real socket. Every line has its number; in the end each must be in
 * the index exactly once. The same seed makes the same choices (not the same moments).
 */

export interface Result {
  readonly written: number;
  readonly lost: string[];
  readonly repeated: number;
  /** How often each thing was done. */
  readonly done: Readonly<Record<string, number>>;
  /** The choices, in order. */
  readonly steps: readonly string[];
}

const GLOBS = ['app.log', '*.log*', '**/*.log'] as const;
const FAULTS = ['503', '429', 'reset', 'apply-then-reset', 'cut', 'html', 'items', 'none'] as const;
const KINDS = [
  'write',
  'write',
  'write',
  'part',
  'rename',
  'shift',
  'copytruncate',
  'kill',
  'stop',
  'reload',
  'fault',
  'wait',
  'wait',
] as const;
/** How long all lines may take to arrive once nothing is in the way, ms. */
const PATIENCE_MS = 30_000;

/** xorshift32: small, and the same everywhere. */
function random(seed: number): (n: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1; // neighbours lead different lives, and zero would stand still
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

export async function live(folder: string, seed: number, length: number): Promise<Result> {
  const below = random(seed);
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const store = await startStore();
  const sidecar = new SidecarProcess(folder);
  const log = join(sidecar.logs, 'app.log');
  mkdirSync(sidecar.logs, { recursive: true });
  const glob = one(GLOBS);
  const done: Record<string, number> = {};
  const steps: string[] = [`paths ${glob}`];
  let cluster = 0;
  const configure = (): void =>
    sidecar.configure({
      cluster: `c${cluster++}`,
      inputs: [{ name: 'app', paths: [join(sidecar.logs, glob)] }],
      outputs: { es: { type: 'elasticsearch', url: store.url, batch: { maxEvents: 1 + below(400), maxAge: '50ms' } } },
    });
  configure();
  let [next, up, dates] = [0, false, 0];
  const line = (): string => `line ${next++} ${'ü'.repeat(below(8))}${'x'.repeat(below(120))}`;
  const expected: string[] = [];
  let part = '';
  const write = (n: number): void => {
    const lines = Array.from({ length: n }, line);
    lines[0] = part + lines[0]!;
    part = '';
    expected.push(...lines);
    appendFileSync(log, lines.map((text, i) => `${i === 0 ? text.slice(begun) : text}\n`).join(''));
    begun = 0;
  };
  /** Characters of the next line that stand in the file already. */
  let begun = 0;
  const finish = (): void => {
    if (part !== '') write(1); // a rotation in the midst of a line is two records by right
  };
  const acts: Record<(typeof KINDS)[number], () => void | Promise<void>> = {
    write: () => write(1 + below(300)),
    part: () => {
      if (part !== '') return;
      part = `part of `;
      begun = part.length;
      appendFileSync(log, part);
    },
    rename: () => {
      finish();
      renameSync(log, join(sidecar.logs, `app-2026-11-${String(10 + dates++)}.log`));
      writeFileSync(log, '');
    },
    shift: () => {
      finish();
      number();
      renameSync(log, `${log}.1`);
      writeFileSync(log, '');
    },
    copytruncate: () => {
      finish();
      number();
      copyFileSync(log, `${log}.1`);
      truncateSync(log);
    },
    kill: async () => {
      if (up) await sidecar.kill();
      up = false;
    },
    stop: async () => {
      finish(); // a drain hands on what is unfinished, flagged
      if (up) await sidecar.terminate();
      up = false;
    },
    reload: () => configure(),
    fault: () => {
      const fault = one(FAULTS);
      done[fault] = (done[fault] ?? 0) + 1;
      store.faults = () => faultOf(fault);
    },
    wait: () => sleep(below(1500)),
  };
  function number(): void {
    let n = 1;
    while (existsSync(`${log}.${n}`)) n += 1;
    for (; n > 1; n--) renameSync(`${log}.${n - 1}`, `${log}.${n}`);
  }
  writeFileSync(log, '');
  try {
    // Always there first: what a rotation put aside before the first start is not ours.
    await sidecar.start();
    up = true;
    for (let i = 0; i < length; i++) {
      const kind = one(KINDS);
      steps.push(kind);
      done[kind] = (done[kind] ?? 0) + 1;
      await acts[kind]();
      if (!up && below(3) === 0) {
        steps.push('start');
        await sidecar.start();
        up = true;
      }
    }
    store.faults = undefined;
    finish();
    if (!up) await sidecar.start();
    const messages = (): string[] => [...store.docs()].map(({ source }) => (source as { message: string }).message);
    const deadline = Date.now() + PATIENCE_MS;
    while (new Set(messages()).size < expected.length && Date.now() < deadline) await sleep(50);
    await sleep(700); // what comes too much comes now
    const found = messages();
    const have = new Set(found);
    return {
      written: expected.length,
      lost: expected.filter((text) => !have.has(text)),
      repeated: found.length - have.size,
      done,
      steps,
    };
  } finally {
    await sidecar.kill();
    await store.close();
  }
}

function faultOf(name: (typeof FAULTS)[number]) {
  switch (name) {
    case '503':
    case '429':
      return { kind: 'status', status: Number(name), body: '{}', headers: { 'retry-after': '0' } } as const;
    case 'items': {
      const item = (i: number) => (i % 3 === 0 ? { status: 429, type: 'busy', reason: 'injected' } : undefined);
      return { kind: 'items', item } as const;
    }
    case 'none':
      return undefined;
    default:
      return { kind: name } as const;
  }
}
