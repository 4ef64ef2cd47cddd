import type { Standing } from '../../../sidecar/framing/lines.ts';
import type { Multiline } from '../../../sidecar/framing/multiline.ts';
import { cutRecords } from '../../../sidecar/framing/records.ts';
import { options, type Taken } from './reading.ts';

/** How a file is read: how much of it is written at each look, how much is read at once, after how many records there is no room. */
export interface Reading {
  readonly visible?: readonly number[];
  readonly window?: number;
  readonly room?: number;
  /** Whether the file is quiet after each look, so that what is open is handed on. */
  readonly quiet?: boolean;
  readonly cuts?: number[];
}

/** The records of a file, read the way a tailer does, to the end; what is open then is handed on. */
export function recordsOf(
  text: string | Buffer,
  rule: Multiline,
  reading: Reading = {},
  lines = options({ maxLineBytes: 2 ** 16 }),
): Taken[] {
  const file = Buffer.from(text as string);
  const { visible = [], window = file.length + 1, room = Number.POSITIVE_INFINITY, quiet = false, cuts = [] } = reading;
  const taken: Taken[] = [];
  let offset = 0;
  let standing: Standing = 'start';
  const looks = [...visible, file.length];
  for (const [i, size] of looks.entries()) {
    for (let going = true; going; ) {
      let left = room;
      const at = file.subarray(offset, Math.min(size, offset + window));
      const cut = cutRecords(at, offset, standing, lines, rule, cuts, (text, start, end, flags) => {
        if (left === 0) return false;
        left -= 1;
        taken.push({ text, start, end, flags });
        return true;
      });
      going = cut.bytes > 0;
      offset += cut.bytes;
      standing = cut.standing;
      if (!going && cut.open !== undefined && (quiet || i === looks.length - 1)) {
        cuts.push(cut.open);
        going = true;
      }
    }
  }
  return taken;
}
