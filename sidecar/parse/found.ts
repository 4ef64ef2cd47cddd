import type { Level } from '../types.ts';

/** What is found in the text of a record. */
export interface Found {
  /** In their order. */
  readonly fields: Record<string, unknown>;
  /** Whether the text is the JSON object of these fields: then they are shipped as they were written. */
  readonly isJson?: boolean;
  /** The fields as they are to be written, where the text cannot be. */
  readonly exact?: Record<string, unknown>;
  /** The text of its time, where the format has a place for it. */
  readonly time?: string | undefined;
  /** Its level, where the format has a place for it. */
  readonly level?: Level | undefined;
}

/** Reads a text; undefined when it is not of the format. */
export type ReadText = (text: string) => Found | undefined;
