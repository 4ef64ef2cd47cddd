import { statSync } from 'node:fs';
import type { Entry } from '../../../sidecar/source/checkpoints.ts';
import { isEnough } from '../../../sidecar/source/content.ts';
import { Tailer } from '../../../sidecar/source/tailer.ts';
import type { Input } from '../../../sidecar/types.ts';
import { input } from '../fixtures.ts';

/** A line that was taken: text, start, end, flags. */
export type Line = readonly [text: string | undefined, start: number, end: number, flags: number];

/** Opens a file of a test, with what a checkpoint remembers of it. */
export async function openFile(path: string, over: Partial<Input> = {}, entry?: Entry): Promise<Tailer> {
  const { dev, ino: inode } = statSync(path);
  return (await Tailer.open({ input: input(over), realPath: path, path, dev, inode }, () => entry)).tailer;
}

/** Gives what the file holds its id, where that can be done; whether it has one. */
export async function identify(tailer: Tailer, podUid = 'uid', final = false): Promise<boolean> {
  const start = await tailer.start();
  if ((final || isEnough(start)) && !tailer.content.identified) tailer.content.identify(podUid, start);
  return tailer.content.identified;
}

/** What a checkpoint holds of the file when its first `offset` bytes are settled. */
export function entryOf(tailer: Tailer, offset: number): Entry {
  return tailer.entry(offset);
}

/** Reads all that can be read now; ends early when the file is not what it was. */
export async function readOn(tailer: Tailer, window = 4096): Promise<{ lines: Line[]; truncated: boolean }> {
  const lines: Line[] = [];
  for (;;) {
    const look = await tailer.look();
    if (look === 'truncated') return { lines, truncated: true };
    if (look === 'same') return { lines, truncated: false };
    const turn = await tailer.read(
      Buffer.alloc(window),
      (...line) => lines.push(line.slice(0, 4) as unknown as Line) > 0,
    );
    if (turn === 'truncated') return { lines, truncated: true };
    if (turn.bytes === 0) return { lines, truncated: false };
  }
}

export const texts = (lines: readonly Line[]): (string | undefined)[] => lines.map(([text]) => text);
