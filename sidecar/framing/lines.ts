import { isAscii, isUtf8 } from 'node:buffer';
import { FLAGS } from '../types.ts';

/** How lines are cut. */
export interface LineOptions {
  /** Longest line kept whole, bytes without the line ending. */
  readonly maxLineBytes: number;
  readonly onLongLine: 'split' | 'truncate' | 'skip';
}

/**
 * Where a position stands: at the start of a line; after a part of one that was taken (`part`: what follows is taken too, flagged
 * `partial`); in a line whose rest is dropped by the long-line rule (`rest`).
 */
export type Standing = 'start' | 'part' | 'rest';

/**
 * Takes one line: its text without the line ending, the bytes `[start, end)` of the file it stands for, and bits of FLAGS.
 * `text` undefined: these bytes are dropped by the long-line rule. Answers whether it took the line: one that has no room now leaves it.
 */
export type TakeLine = (text: string | undefined, start: number, end: number, flags: number) => boolean;

/** What was cut off a window: `bytes` of it are done with, the rest is to be read again; `standing` is that of the next byte. */
export interface Cut {
  readonly bytes: number;
  readonly standing: Standing;
  /** The line that begins behind these bytes was not taken. */
  readonly refused: boolean;
}

const LF = 10;
const CR = 13;

/**
 * Cuts `window`, which stands at `offset` in its file, into lines and hands each complete one to `take`, until that refuses one.
 * What is not complete is left for the next time, so nothing is carried between calls but the position and its standing. A line that is
 * longer than the limit is recognised only in a window of at least `maxLineBytes + 2` bytes; a smaller one without a line end is left alone.
 */
export function cutLines(
  window: Buffer,
  offset: number,
  standing: Standing,
  options: LineOptions,
  take: TakeLine,
): Cut {
  const complete = window.lastIndexOf(LF) + 1;
  const lines = window.subarray(0, complete);
  const ascii = isAscii(lines);
  const valid = ascii || isUtf8(lines);
  // One string for the whole window, of which lines are slices: only where each byte is a character.
  const whole = ascii ? lines.toString('latin1') : undefined;
  let at = 0;
  while (at < complete) {
    const newline = whole === undefined ? lines.indexOf(LF, at) : whole.indexOf('\n', at);
    const stop = newline > at && lines[newline - 1] === CR ? newline - 1 : newline;
    if (standing !== 'rest' && stop - at > options.maxLineBytes) {
      const long = longLine(window, at, newline, offset, options, take);
      if (long === undefined) return { bytes: at, standing, refused: true };
      ({ at, standing } = long);
      continue;
    }
    let text: string | undefined;
    let flags = 0;
    if (standing !== 'rest') {
      if (standing === 'part') flags |= FLAGS.partial;
      if (!valid && !isUtf8(lines.subarray(at, stop))) flags |= FLAGS.invalid_utf8;
      text = whole === undefined ? lines.toString('utf8', at, stop) : whole.slice(at, stop);
    }
    if (!take(text, offset + at, offset + newline + 1, flags)) return { bytes: at, standing, refused: true };
    at = newline + 1;
    standing = 'start';
  }
  if (standing === 'rest' && at < window.length) {
    const took = take(undefined, offset + at, offset + window.length, 0);
    return { bytes: took ? window.length : at, standing, refused: !took };
  }
  // A CR at the very end may be half of a line ending: whether it is text is known with the next byte.
  const stop = window.at(-1) === CR ? window.length - 1 : window.length;
  if (stop - at <= options.maxLineBytes) return { bytes: at, standing, refused: false };
  const long = longLine(window, at, window.length, offset, options, take);
  if (long === undefined) return { bytes: at, standing, refused: true };
  return { bytes: long.at, standing: long.standing, refused: false };
}

/** Takes or drops the first part of the line that begins at `at` and goes on at least to `to`, more than the limit away; undefined: refused. */
function longLine(
  window: Buffer,
  at: number,
  to: number,
  offset: number,
  options: LineOptions,
  take: TakeLine,
): { at: number; standing: Standing } | undefined {
  if (options.onLongLine === 'skip')
    return take(undefined, offset + at, offset + to, 0) ? { at: to, standing: 'rest' } : undefined;
  const end = characterBoundary(window, at, at + options.maxLineBytes);
  const part = window.subarray(at, end);
  const flag = options.onLongLine === 'split' ? FLAGS.partial : FLAGS.truncated;
  const took = take(part.toString('utf8'), offset + at, offset + end, flag | (isUtf8(part) ? 0 : FLAGS.invalid_utf8));
  return took ? { at: end, standing: options.onLongLine === 'split' ? 'part' : 'rest' } : undefined;
}

/** The last position at or before `end`, at most 3 bytes before it, where no UTF-8 sequence is cut. */
function characterBoundary(window: Buffer, start: number, end: number): number {
  for (let i = end; i > end - 4 && i > start; i--) {
    if ((window[i]! & 0xc0) !== 0x80) return i;
  }
  return end; // not UTF-8 at all
}

/** The text and flags of an unfinished last line, flushed when nothing more will come (a drain, or its file is gone). */
export function lastLine(bytes: Buffer): { text: string; flags: number } {
  const end = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
  const valid = isUtf8(bytes.subarray(0, end));
  return { text: bytes.toString('utf8', 0, end), flags: FLAGS.partial | (valid ? 0 : FLAGS.invalid_utf8) };
}
