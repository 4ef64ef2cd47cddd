import { encodingOf } from '../../../sidecar/framing/encoding.ts';
import { cutLines, type LineOptions, type Standing } from '../../../sidecar/framing/lines.ts';

export interface Taken {
  readonly text: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly flags: number;
}

export const options = (over: Partial<LineOptions> = {}): LineOptions => ({
  maxLineBytes: 16,
  onLongLine: 'split',
  encoding: encodingOf('utf-8'),
  ...over,
});

/**
 * Reads a file the way a tailer does: `visible` is how much of it is written at each look, `window` how much is read at once; `room`
 * says how many lines are taken before the taker has no room.
 */
export function readAll(
  file: Buffer,
  opts: LineOptions,
  visible: readonly number[] = [],
  window = file.length + 1,
  room = Number.POSITIVE_INFINITY,
): { taken: Taken[]; offset: number; standing: Standing } {
  const taken: Taken[] = [];
  let offset = 0;
  let standing: Standing = 'start';
  for (const size of [...visible, file.length]) {
    let left = 0;
    const take = (text: string | undefined, start: number, end: number, flags: number): boolean => {
      if (left === 0) return false;
      left -= 1;
      taken.push({ text, start, end, flags });
      return true;
    };
    for (let bytes = -1; bytes !== 0; ) {
      left = room;
      const at = file.subarray(offset, Math.min(size, offset + window));
      ({ bytes, standing } = cutLines(at, offset, standing, opts, take));
      offset += bytes;
    }
  }
  return { taken, offset, standing };
}
