import type { TakeLine } from '../framing/lines.ts';
import type { LogFile } from '../types.ts';

/** What the source needs of the stages behind it. */
export interface Downstream {
  /** The file's bytes from `offset` on will come; called once for each generation, before its first line. */
  open(file: LogFile, offset: number): void;
  close(file: LogFile): void;
  /** Whether a line of the file could be taken now. */
  hasRoom(file: LogFile): boolean;
  /** Resolves when some room was made, or when the signal aborts. */
  released(signal: AbortSignal): Promise<void>;
  /** Takes the lines of a file, as long as there is room. */
  take(file: LogFile, now: number): TakeLine;
  /** A turn of the file is over. */
  took(file: LogFile): void;
  /** Bytes of a file that are settled at every output. */
  acked(file: LogFile): number;
  /** The budget is used up: send what waits for company. */
  pressure(): void;
}
