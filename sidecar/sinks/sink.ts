import type { BatchLimits } from '../deliver/batcher.ts';
import type { Batch, LogEvent, SendResult } from '../types.ts';

/** One output: how a record looks there, and how a batch gets there. Retrying, splitting and settling are the driver's. */
export interface Sink {
  readonly name: string;
  readonly limits: BatchLimits;
  /** Most requests in flight. */
  readonly concurrency: number;
  /** Lines that a rendered record takes in a batch's body, so that a part of a batch can be sent again. */
  readonly linesPerRecord: number;
  /** A rendered record, ending in a newline. */
  render(event: LogEvent): string;
  /** Sends a batch. Never throws for what a server or a network does: that is a result. */
  send(batch: Batch, signal: AbortSignal): Promise<SendResult>;
  close(): Promise<void>;
}
