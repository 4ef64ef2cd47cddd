import type { Writable } from 'node:stream';
import type { StdoutConfig } from '../../contract/config/outputs.ts';
import type { PodMetadata } from '../metadata.ts';
import type { Render } from '../schema/json.ts';
import { rawLine } from '../schema/raw.ts';
import { renderer } from '../schema/schema.ts';
import type { SendResult } from '../types.ts';
import type { Sink } from './sink.ts';

/**
 * The process's standard output: one for all configurations, because what was once written to it cannot be taken back. A reader that is
 * slow holds up one write at a time.
 */
export class StandardOutput {
  readonly #stream: Writable;
  #last: Promise<SendResult> | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /**
   * Delivered = the kernel has taken all of it. When the signal aborts it is `retry`, also for what is being written: a reader that has stopped
   * reading must not keep us from ending.
   */
  async write(body: Buffer, signal: AbortSignal): Promise<SendResult> {
    const aborted = new Promise<SendResult>((resolve) => {
      const closed = { kind: 'retry', reason: 'closed', message: 'standard output: nobody reads it' } as const;
      signal.addEventListener('abort', () => resolve(closed), { once: true });
      if (signal.aborted) resolve(closed);
    });
    if (this.#last !== undefined) await Promise.race([this.#last, aborted]);
    if (signal.aborted) return aborted;
    const done = new Promise<SendResult>((resolve) => {
      this.#stream.write(body, (error) => {
        if (error) resolve({ kind: 'hold', reason: 'closed', message: `standard output: ${error.message}` });
        else resolve({ kind: 'delivered', repeated: 0 });
      });
    });
    this.#last = done;
    return Promise.race([done, aborted]);
  }
}

/** The streaming sidecar: records on standard output, for `kubectl logs` and node agents. */
export function createStdoutSink(name: string, config: StdoutConfig, pod: PodMetadata, stdout: StandardOutput): Sink {
  const render: Render = config.schema === 'raw' ? rawLine : renderer(config.schema, pod);
  return {
    name,
    // Small and quick: somebody may be watching. One at a time keeps the order.
    limits: { maxBytes: 256 * 1024, maxEvents: 2000, maxAge: 100 },
    concurrency: 1,
    linesPerRecord: 1,
    render: (event) => `${render(event)}\n`,
    send: (batch, signal) => stdout.write(batch.body, signal),
    close: () => Promise.resolve(),
  };
}
