import { isBalanced } from '../deliver/lane.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Tailer } from '../source/tailer.ts';
import type { Metrics } from '../telemetry.ts';

/** What `/status` says of a file. Sizes and offsets in bytes. */
export interface FileStatus {
  readonly path: string;
  readonly input: string;
  readonly dev: number;
  readonly inode: number;
  readonly generation: number;
  readonly size: number;
  readonly readOffset: number;
  readonly ackedOffset: number;
  readonly lagBytes: number;
  /** `reading`: more to read; `waiting`: read to its end, not all settled; `idle`: all settled; `rotated`: no path names it any more. */
  readonly state: 'reading' | 'waiting' | 'idle' | 'rotated';
}

/** `GET /status`: every file, every output, the memory, and what is not read and why. */
export function statusOf(pipeline: Pipeline): object {
  return {
    files: pipeline.source.files.all.map((tailer) => fileStatus(tailer, pipeline)),
    outputs: pipeline.lanes.map(({ name, type, driver, accounts }) => ({
      name,
      type,
      queue: driver.queue,
      lastError: driver.health.lastError ?? null,
      lastSuccess: driver.health.lastSuccess ?? null,
      held: driver.health.held ?? null,
      accounts: { ...accounts, balanced: isBalanced(accounts) },
    })),
    inputs: pipeline.formats,
    memory: { usedBytes: pipeline.budget.used, budgetBytes: pipeline.budget.limit },
    notRead: pipeline.source.files.refusals.now.map(({ input, path, code, message }) => ({
      input: input.name,
      path,
      code,
      message,
    })),
  };
}

function fileStatus(tailer: Tailer, pipeline: Pipeline): FileStatus {
  const { file, size, readOffset, dev, inode } = tailer;
  const { generation, input } = file;
  const ackedOffset = pipeline.acked(file);
  const lagBytes = Math.max(0, size - ackedOffset);
  const state = !tailer.matched ? 'rotated' : readOffset < size ? 'reading' : lagBytes > 0 ? 'waiting' : 'idle';
  return {
    path: tailer.path,
    input: input.name,
    dev,
    inode,
    generation,
    size,
    readOffset,
    ackedOffset,
    lagBytes,
    state,
  };
}

/** Bytes in open files that are not settled. */
export function lagOf(pipeline: Pipeline): number {
  return pipeline.source.files.all.reduce((sum, tailer) => sum + fileStatus(tailer, pipeline).lagBytes, 0);
}

/** Sets the gauges from what is true now; for a scrape. */
export function observe(pipeline: Pipeline, metrics: Metrics): void {
  metrics.lagBytes.set(lagOf(pipeline));
  metrics.unlinkedBytes.set(pipeline.source.files.open.unlinkedBytes);
  metrics.memoryUsed.set(pipeline.budget.used);
  metrics.memoryBudget.set(pipeline.budget.limit);
  for (const { name, driver, accounts } of pipeline.lanes) {
    metrics.queuedBytes.set({ output: name }, driver.queue.bytes);
    const { read, settled, inFlight, held } = accounts;
    for (const [state, bytes] of Object.entries({ read, settled, in_flight: inFlight, held }))
      metrics.accountedBytes.set({ output: name, state }, bytes);
    metrics.held.set({ output: name }, driver.health.held ? 1 : 0);
  }
}

/** Why the sidecar is not ready: outputs that refuse us or do not answer. */
export function notReady(pipeline: Pipeline): string[] {
  return pipeline.lanes.flatMap(({ name, driver: { health } }) => {
    if (!health.failing || health.lastError === undefined) return [];
    const { reason, message } = health.lastError;
    return [`output ${name}: ${health.held ? 'refused' : 'failing'} (${reason}): ${message}`];
  });
}
