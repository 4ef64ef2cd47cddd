/**
 * `npm run soak -- --minutes 30 [--seed N]`: one long life of one sidecar process as the image runs it, in rounds of about half a minute of random steps; after
 * each everything must be delivered exactly once, and a line says so, with the memory. Ends with 1 when something was lost or repeated.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { image } from '../support/image.ts';
import { World } from './life.ts';
import { planOf, type Step } from './plan.ts';

/** What ends the process is for the short lives: memory is that of one process. */
const ENDS: readonly Step['do'][] = ['kill', 'stop', 'start'];
const ROUND_MS = 30_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string', default: `${Date.now() % 1e6}` } },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  process.stderr.write(`--minutes: "${values.minutes}" is no number of minutes; say e.g. --minutes 30\n`);
  process.exit(2);
}
let seed = Number(values.seed);

/** Resident memory of a process and its peak, MiB. */
function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)![1]);
  return { now: Math.round(kib('VmRSS') / 1024), peak: Math.round(kib('VmHWM') / 1024) };
}

const folder = mkdtempSync(join(tmpdir(), 'sidetail-soak-'));
const world = new World(folder, { paths: '*.log*', steps: [] }, image());
const columns = ['minute', 'written', 'excused', 'lost', 'repeated', 'rss MiB', 'peak MiB', 'files'];
const row = (cells: readonly unknown[]): void => {
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(9)).join(' ')}\n`);
};

process.stdout.write(`one life of ${minutes} minutes from seed ${seed} on\n`);
row(columns);
const began = Date.now();
const total = { written: 0, excused: 0, lost: 0, repeated: 0 };
let done: Readonly<Record<string, number>> = {};
let [first, last]: ({ now: number; peak: number } | undefined)[] = [];
try {
  await world.begin();
  while (Date.now() - began < minutes * 60_000) {
    const until = Date.now() + ROUND_MS;
    while (Date.now() < until) {
      for (const step of planOf(seed++).steps) {
        if (ENDS.includes(step.do) || Date.now() >= until) continue;
        await world.do(step);
        await sleep(40);
      }
    }
    const result = await world.end();
    done = result.done;
    total.written += result.written;
    total.excused += result.excused;
    total.lost += result.lost.length;
    total.repeated += result.repeated.length;
    last = memoryOf(world.pid);
    first ??= last;
    const { lost, repeated, written, excused } = total;
    const minute = ((Date.now() - began) / 60_000).toFixed(1);
    row([minute, written, excused, lost, repeated, last.now, last.peak, await world.files()]);
    if (result.lost.length + result.repeated.length > 0 || !result.balanced) {
      process.stdout.write(
        `${[...result.lost.slice(0, 3), ...result.repeated.slice(0, 3), ...result.said].join('\n')}\n`,
      );
      break;
    }
    await world.forget();
  }
} finally {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(
  `\n${Object.entries(done)
    .map(([what, n]) => `${what} ${n}`)
    .sort()
    .join(' · ')}\n`,
);
process.stdout.write(`rss first ${first?.now} MiB, last ${last?.now} MiB, peak ${last?.peak} MiB\n`);
process.exit(total.lost + total.repeated > 0 ? 1 : 0);
