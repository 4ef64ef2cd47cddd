import type { Writable } from 'node:stream';
import type { StdoutConfig } from '../../contract/config/outputs.ts';
import type { PodMetadata } from '../metadata.ts';
import { ecs, type Render } from '../schema/ecs.ts';
import { rawLine } from '../schema/raw.ts';
import type { Batch, SendResult } from '../types.ts';
import type { Sink } from './sink.ts';

/** The streaming sidecar: records on standard output, for `kubectl logs` and node agents. Delivered = the kernel has taken them. */
export function createStdoutSink(name: string, config: StdoutConfig, pod: PodMetadata, stdout: Writable): Sink {
  const render: Render = config.schema === 'ecs' ? ecs(pod, () => undefined) : rawLine;
  return {
    name,
    // Small and quick: somebody may be watching. One at a time keeps the order.
    limits: { maxBytes: 256 * 1024, maxEvents: 2000, maxAge: 100 },
    concurrency: 1,
    linesPerRecord: 1,
    render: (event) => `${render(event)}\n`,
    send: (batch, signal) => write(stdout, batch, signal),
    close: () => Promise.resolve(),
  };
}

function write(stdout: Writable, batch: Batch, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    // A reader that has stopped reading must not keep us from ending.
    const giveUp = (): void =>
      resolve({ kind: 'retry', reason: 'closed', message: 'standard output: nobody reads it' });
    signal.addEventListener('abort', giveUp, { once: true });
    stdout.write(batch.body, (error) => {
      signal.removeEventListener('abort', giveUp);
      if (error) resolve({ kind: 'hold', reason: 'closed', message: `standard output: ${error.message}` });
      else resolve({ kind: 'delivered', repeated: 0 });
    });
  });
}
