import { FLAGS } from '../types.ts';
import { type Cut, cutLines, type LineOptions, type Standing, type TakeLine } from './lines.ts';
import type { Multiline } from './multiline.ts';

/** A line of the record that is open. */
interface Line {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly flags: number;
}

/** What is no line of a record, but a piece of one or none at all: it stands alone. */
const ALONE = FLAGS.partial | FLAGS.truncated;

/**
 * Cuts a window into records of several lines, as `cutLines` cuts it into lines. A record whose end is not known yet is left in the file like
 * an unfinished line, so nothing is carried between calls. `cuts`: offsets at which a record ends whatever follows, because it was handed on
 * when its file was quiet. Answers also where the record ends that was left (`open`), undefined if none was.
 */
export function cutRecords(
  window: Buffer,
  offset: number,
  standing: Standing,
  options: LineOptions,
  rule: Multiline,
  cuts: readonly number[],
  take: TakeLine,
): Cut {
  const group = new Group(rule, cuts, take, standing === 'capped');
  const from = standing === 'capped' ? 'start' : standing;
  const cut = cutLines(window, offset, from, options, (text, start, end, flags, dropped) => {
    if (text !== undefined && (flags & ALONE) === 0) return group.add({ text, start, end, flags });
    return group.close() && take(text, start, end, flags, dropped);
  });
  const at = group.at;
  if (at === undefined) return { ...cut, open: undefined };
  const open = group.refused ? undefined : group.end;
  return { bytes: at - offset, standing: group.capped ? 'capped' : 'start', refused: group.refused, open };
}

/** The lines of one record that is not complete. */
class Group {
  readonly #rule: Multiline;
  readonly #cuts: readonly number[];
  readonly #take: TakeLine;
  #lines: Line[] = [];
  #state = 0;
  /** How many of the lines are part of the record for sure; the others are if what follows says so. */
  #firm = 0;
  /** It is the rest of a record that may not be longer. */
  capped: boolean;
  /** There was no room for a record: it is left. */
  refused = false;

  constructor(rule: Multiline, cuts: readonly number[], take: TakeLine, capped: boolean) {
    this.capped = capped;
    this.#rule = rule;
    this.#cuts = cuts;
    this.#take = take;
  }

  /** Where the record begins that is not handed on. */
  get at(): number | undefined {
    return this.#lines[0]?.start;
  }

  /** Where it would end if nothing more came. */
  get end(): number | undefined {
    return this.#lines[this.#firm - 1]?.end;
  }

  /** Adds the next line. Answers false when what is complete by it found no room. */
  add(line: Line): boolean {
    const rule = this.#rule;
    const first = this.#lines[0];
    if (first === undefined) this.#state = rule.begin(line.text);
    else {
      const state = rule.join(this.#state, line.text);
      if (state === undefined) return this.#restart() && this.add(line);
      if (this.#lines.length >= rule.maxLines || line.end - first.start > rule.maxBytes) return this.#cap(line);
      this.#state = state;
    }
    this.#lines.push(line);
    if (first === undefined || !rule.isTentative(this.#state)) this.#firm = this.#lines.length;
    else if (this.#lines.length - this.#firm > rule.maxTentative) return this.#restart();
    if (rule.isClosed(this.#state) || this.#cuts.includes(line.end)) return this.close();
    return true;
  }

  /** It may not be longer: the line would be its next one, and begins the next record; both are flagged. */
  #cap(line: Line): boolean {
    return this.#restart(true) && this.add(line);
  }

  /** Hands on all that is there. */
  close(): boolean {
    while (this.#lines.length > 0) if (!this.#restart()) return false;
    return true;
  }

  /** Hands on what is firm; what was not begins another record. */
  #restart(capped = false): boolean {
    const lines = this.#lines;
    const firm = this.#firm;
    if (!this.#emit(firm === lines.length ? lines : lines.slice(0, firm), capped)) return false;
    for (let i = firm; i < lines.length; i++) if (!this.add(lines[i]!)) return false;
    return true;
  }

  /** `capped`: it goes on in the next record. */
  #emit(lines: readonly Line[], capped: boolean): boolean {
    const first = lines[0]!;
    let { text, end, flags } = first;
    if (capped || this.capped) flags |= FLAGS.partial;
    if (lines.length > 1) {
      text = lines.map((line) => line.text).join('\n');
      flags = lines.reduce((bits, line) => bits | line.flags, flags | FLAGS.multiline);
      end = lines.at(-1)!.end;
    }
    this.refused = !this.#take(text, first.start, end, flags);
    if (this.refused) return false;
    this.#lines = [];
    this.#firm = 0;
    this.capped = capped;
    return true;
  }
}
