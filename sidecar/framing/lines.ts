import { isAscii, isUtf8 } from 'node:buffer';
import { FLAGS } from '../types.ts';
import { BYTE_ORDER_MARK, type Encoding } from './encoding.ts';

/** How lines are cut. */
export interface LineOptions {
  /** Longest line kept whole, bytes without the line ending. */
  readonly maxLineBytes: number;
  readonly onLongLine: 'split' | 'truncate' | 'skip';
  readonly encoding: Encoding;
}

/**
 * Where a position stands: at the start of a line; after a part of one that was taken (`part`: what follows is taken too, flagged
 * `partial`); in a line whose rest is dropped by the long-line rule (`rest`); at the start of a line that goes on with a record which may
 * not be longer (`capped`, for `cutRecords` alone).
 */
export type Standing = 'start' | 'part' | 'rest' | 'capped';

/** Why bytes of a file are no text of a record: the long-line rule, or a hole that a truncation left. */
export type Dropped = 'long_line' | 'hole';

/**
 * Takes one line: its text without the line ending, the bytes `[start, end)` of the file it stands for, and bits of FLAGS.
 * `text` undefined: these bytes are dropped, and why. Answers whether it took the line: one that has no room now leaves it.
 */
export type TakeLine = (
  text: string | undefined,
  start: number,
  end: number,
  flags: number,
  dropped?: Dropped,
) => boolean;

/** What was cut off a window: `bytes` of it are done with, the rest is to be read again; `standing` is that of the next byte. */
export interface Cut {
  readonly bytes: number;
  readonly standing: Standing;
  /** The line that begins behind these bytes was not taken. */
  readonly refused: boolean;
  /** Where the record ends that begins behind these bytes and may go on (of `cutRecords`). */
  readonly open?: number | undefined;
}

/**
 * As many NUL bytes are no text: an application that did not open its log for appending goes on at its old position after copytruncate,
 * and the file begins with a hole; retention gives back blocks of what was delivered, and leaves holes that begin in the midst of a line.
 */
const HOLE_BYTES = 64;
const HOLE = Buffer.alloc(HOLE_BYTES);

/**
 * Cuts `window`, which stands at `offset` in its file, into lines and hands each complete one to `take`, until that refuses one.
 * What is not complete is left for the next time, so nothing is carried between calls but the position and its standing. A line that is
 * longer than the limit is recognised only in a window of at least `maxLineBytes + 4` bytes; a smaller one without a line end is left alone.
 */
export function cutLines(
  window: Buffer,
  offset: number,
  standing: Standing,
  options: LineOptions,
  take: TakeLine,
): Cut {
  const { encoding, maxLineBytes } = options;
  const { unit } = encoding;
  const odd = unit === 2 && offset % 2 === 1;
  const complete = encoding.afterLast(window, odd);
  const lines = window.subarray(0, complete);
  const ascii = encoding.ascii && isAscii(lines);
  const utf8 = encoding.name === 'utf-8';
  const valid = ascii || (utf8 && isUtf8(lines));
  // One string for the whole window, of which lines are slices: only where each byte is a character.
  const whole = ascii ? lines.toString('latin1') : undefined;
  let at = 0;
  let hole = holeFrom(lines, at, unit, odd);
  while (at < complete) {
    if (at === hole) {
      const behind = hole + holeAt(lines, hole, unit);
      if (!take(undefined, offset + at, offset + behind, 0, 'hole')) return { bytes: at, standing, refused: true };
      at = behind;
      standing = 'start'; // what stands behind a hole was written by somebody who began anew
      hole = holeFrom(lines, at, unit, odd);
      continue;
    }
    const lineFeed = whole === undefined ? encoding.lineFeed(lines, at, odd) : whole.indexOf('\n', at);
    // A hole ends the line in whose midst it begins.
    const isCut = hole !== -1 && hole < lineFeed;
    const newline = isCut ? hole : lineFeed;
    const stop = !isCut && newline > at && encoding.isReturn(lines, newline) ? newline - unit : newline;
    if (standing !== 'rest' && stop - at > maxLineBytes) {
      const long = longLine(window, at, newline, offset, options, take);
      if (long === undefined) return { bytes: at, standing, refused: true };
      ({ at, standing } = long);
      continue;
    }
    const end = isCut ? newline : newline + unit;
    let text: string | undefined;
    let flags = 0;
    if (standing !== 'rest') {
      if (standing === 'part' || isCut) flags |= FLAGS.partial;
      if (whole !== undefined) text = whole.slice(at, stop);
      else if (utf8) {
        if (!valid && !isUtf8(lines.subarray(at, stop))) flags |= FLAGS.invalid_utf8;
        text = lines.toString('utf8', at, stop);
      } else {
        const decoded = encoding.decode(lines.subarray(at, stop));
        if (!decoded.valid) flags |= FLAGS.invalid_utf8;
        text = decoded.text;
      }
      if (at + offset === 0 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    }
    // What was handed on without its line ending has that now: it is no record of its own.
    if (standing === 'part' && text === '') text = undefined;
    const dropped = standing === 'rest' ? 'long_line' : undefined;
    const took = take(text, offset + at, offset + end, text === undefined ? 0 : flags, dropped);
    if (!took) return { bytes: at, standing, refused: true };
    at = end;
    if (!isCut) standing = 'start';
    else if (standing === 'start') standing = 'part';
  }
  return cutRest(window, at, offset, standing, options, take);
}

/** What to do with the beginning of a line that is not complete in the window. */
function cutRest(
  window: Buffer,
  at: number,
  offset: number,
  standing: Standing,
  options: LineOptions,
  take: TakeLine,
): Cut {
  const { encoding, maxLineBytes } = options;
  const drop = (to: number, why: Dropped, next: Standing): Cut => {
    const took = take(undefined, offset + at, offset + to, 0, why);
    return took ? { bytes: to, standing: next, refused: false } : { bytes: at, standing, refused: true };
  };
  const odd = encoding.unit === 2 && offset % 2 === 1;
  const hole = holeFrom(window, at, encoding.unit, odd);
  if (hole === at) {
    // A part of it stays, so that its rest is known as such in the next window.
    const bytes = holeAt(window, at, encoding.unit);
    if (bytes > 2 * HOLE_BYTES) return drop(at + bytes - HOLE_BYTES, 'hole', 'start');
    return { bytes: at, standing, refused: false };
  }
  if (standing === 'rest' && at < window.length) return drop(hole === -1 ? window.length : hole, 'long_line', 'rest');
  if (hole !== -1 && hole - at <= maxLineBytes) {
    const { text, valid } = encoding.decode(window.subarray(at, hole));
    const flags = FLAGS.partial | (valid ? 0 : FLAGS.invalid_utf8);
    if (!take(text, offset + at, offset + hole, flags)) return { bytes: at, standing, refused: true };
    return { bytes: hole, standing: 'part', refused: false };
  }
  // A CR at the very end may be half of a line ending: whether it is text is known with the next byte.
  const units = window.length - (encoding.unit === 2 ? (offset + window.length) % 2 : 0); // half a unit is none yet
  const stop = encoding.isReturn(window, units) ? units - encoding.unit : units;
  if (stop - at <= maxLineBytes) return { bytes: at, standing, refused: false };
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
  { maxLineBytes, onLongLine, encoding }: LineOptions,
  take: TakeLine,
): { at: number; standing: Standing } | undefined {
  if (onLongLine === 'skip')
    return take(undefined, offset + at, offset + to, 0, 'long_line') ? { at: to, standing: 'rest' } : undefined;
  const end = encoding.boundary(window, at, at + maxLineBytes);
  const { text, valid } = encoding.decode(window.subarray(at, end));
  const flag = onLongLine === 'split' ? FLAGS.partial : FLAGS.truncated;
  const marked = at + offset === 0 && text.startsWith(BYTE_ORDER_MARK);
  const took = take(marked ? text.slice(1) : text, offset + at, offset + end, flag | (valid ? 0 : FLAGS.invalid_utf8));
  return took ? { at: end, standing: onLongLine === 'split' ? 'part' : 'rest' } : undefined;
}

/** Where the next hole begins at or behind `at`, at the beginning of a code unit; -1 if there is none. */
function holeFrom(bytes: Buffer, at: number, unit: number, odd: boolean): number {
  const found = bytes.indexOf(HOLE, at);
  if (found === -1 || unit === 1 || found % 2 === Number(odd)) return found;
  return bytes[found + HOLE_BYTES] === 0 ? found + 1 : holeFrom(bytes, found + HOLE_BYTES, unit, odd);
}

/** How many NUL bytes stand at `at`, in whole code units; 0 when they are few enough to be text. */
function holeAt(bytes: Buffer, at: number, unit: number): number {
  let end = at;
  while (bytes[end] === 0) end += 1;
  if (end - at < HOLE_BYTES) return 0;
  return end - at - ((end - at) % unit);
}

/**
 * The text and flags of an unfinished last line, which stands at `offset` and is flushed when nothing more will come (a drain, or its file is
 * gone). A hole and a byte order mark have no text; half a code unit is none.
 */
export function lastLine(
  bytes: Buffer,
  offset: number,
  encoding: Encoding,
): { text: string | undefined; flags: number } {
  if (holeAt(bytes, 0, 1) === bytes.length) return { text: undefined, flags: 0 };
  const half = encoding.unit === 2 ? (offset + bytes.length) % 2 : 0;
  const units = bytes.length - half;
  const end = encoding.isReturn(bytes, units) ? units - encoding.unit : units;
  const { text, valid } = encoding.decode(bytes.subarray(0, end));
  const flags = FLAGS.partial | (valid && half === 0 ? 0 : FLAGS.invalid_utf8);
  if (offset > 0 || !text.startsWith(BYTE_ORDER_MARK)) return { text, flags };
  return text === BYTE_ORDER_MARK ? { text: undefined, flags: 0 } : { text: text.slice(1), flags };
}
