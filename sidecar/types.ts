/** The nouns of the pipeline. */
import type { InputConfig } from '../contract/config/schema.ts';
import type { Multiline } from './framing/multiline.ts';

/** Levels in ascending order; every spelling is normalised to one of them. */
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

/** What is to be said of a record besides its content, as bits. The names are those of `log.flags`, of the metric label and of the docs. */
export const FLAGS = {
  partial: 1,
  truncated: 2,
  multiline: 4,
  parse_failed: 8,
  invalid_utf8: 16,
  time_from_read: 32,
} as const;
export type Flag = keyof typeof FLAGS;

/** An input with its name settled. */
export interface Input extends Omit<InputConfig, 'name'> {
  readonly name: string;
  /** How lines make records; `undefined`: each is one. */
  readonly records: Multiline | undefined;
}

/**
 * One generation of a file's content: a truncation makes another of the same inode. Ids of records derive from it, so it is on disk
 * (in the checkpoints) before its first record is sent.
 */
export interface LogFile {
  /** The input that it belongs to now. */
  input: Input;
  readonly dev: number;
  readonly inode: number;
  generation: number;
  /** Prefix of the records' ids: 16 characters of base64url, empty until the first line is complete. */
  id: string;
  /** Path as the container that writes the file sees it (without the input's `root`). */
  path: string;
}

/** A line (or part of one) and the bytes of the file it stands for, `[start, end)`, its line ending included. */
export interface Frame {
  readonly file: LogFile;
  readonly start: number;
  readonly end: number;
  /** Decoded text, without the line ending. */
  readonly text: string;
  /** Bits of FLAGS. */
  readonly flags: number;
}

/** A record: a frame with what was found in it. */
export interface LogEvent extends Frame {
  /** Milliseconds since the epoch: the record's own time, else the time it was read (flagged `time_from_read`). */
  readonly time: number;
  /** The record's own time as it was written, where that is a complete ISO 8601 time: keeps its precision. */
  readonly timeText: string | undefined;
  /** Milliseconds since the epoch when it was read. */
  readonly observedTime: number;
  readonly level: Level | undefined;
  /** Parsed fields. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
  /** Whether the text is the JSON object of these fields: the document gets them as they were written. */
  readonly isJson: boolean;
  /** The fields as they are to be written, where a filter changed them: numbers of a JSON line keep every digit. */
  readonly exact?: Readonly<Record<string, unknown>>;
}

/** Rendered records on their way to one output: bytes outside V8's heap, and for each record the range it settles. */
export interface Batch {
  /** The records one after the other, each ending in a newline. */
  readonly body: Buffer;
  readonly files: readonly LogFile[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Why a record or a request was not accepted: a closed list = metric label = log field = docs row. */
export const REASONS = [
  'connection', // no connection, or it broke before the whole answer was there
  'timeout',
  'throttled', // 429
  'unavailable', // 5xx
  'bad_answer', // an answer that is none: HTML of a proxy, a wrong count of items
  'unauthorized', // 401
  'forbidden', // 403
  'not_found', // 404 of an index that may not be created
  'too_large', // 413, of a single record
  'rejected', // 400-class, of one record: it can never be accepted as it is
  'closed', // the standard output was closed
  'output_removed', // a reload removed the output
] as const;
export type Reason = (typeof REASONS)[number];

/** What became of one record of a batch. */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly reason: Reason; readonly message: string }
  /** `message` holds nothing of the record, for the log; `detail` may, for the dead letter. */
  | { readonly kind: 'rejected'; readonly reason: Reason; readonly message: string; readonly detail?: string };

/** What became of a request. */
export type SendResult =
  /** Every record was delivered; `repeated` of them had been there already (409). */
  | { readonly kind: 'delivered'; readonly repeated: number }
  /** An outcome for each record, in order. */
  | { readonly kind: 'items'; readonly outcomes: readonly Outcome[]; readonly repeated: number }
  /** Nothing is known to be delivered: all of it again, after `retryAfterMs` where the server said so. */
  | { readonly kind: 'retry'; readonly reason: Reason; readonly message: string; readonly retryAfterMs?: number }
  /** Not ours to drop: kept and tried again, slowly, and shown in `/readyz` until somebody mends it. */
  | { readonly kind: 'hold'; readonly reason: Reason; readonly message: string }
  /** Too much at once: in halves. */
  | { readonly kind: 'split'; readonly message: string };
