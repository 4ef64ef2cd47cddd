import { DEFAULTS, type MultilineConfig } from '../../contract/config/multiline.ts';
import { compilePattern } from '../../contract/config/pattern.ts';
import { LANGUAGES, type Language, LOG_PREFIX } from './languages.ts';

/** How lines make records, as configured: all expressions are of the contract's `multiline`. */
export interface MultilineOptions {
  readonly preset?: Language | 'auto' | undefined;
  readonly start?: RegExp | undefined;
  readonly continue?: RegExp | undefined;
  readonly end?: RegExp | undefined;
  /** Most lines and bytes of a record: what goes on after that is another one, flagged. */
  readonly maxLines: number;
  readonly maxBytes: number;
  /** A record is complete when its file was quiet for so long, ms. */
  readonly idleFlush: number;
}

/** The rules by which lines make records: a state for the record that is open, and whether the next line joins it. */
export interface Multiline {
  readonly maxLines: number;
  readonly maxBytes: number;
  readonly idleFlush: number;
  /** Most lines in a row that join only if what follows says so. */
  readonly maxTentative: number;
  /** The state of a record that begins with this line. */
  begin(text: string): number;
  /** The state when the line joined, undefined when it begins another record. */
  join(state: number, text: string): number | undefined;
  /** Whether the lines since the last state that was not tentative belong to the record only if what follows says so. */
  isTentative(state: number): boolean;
  /** Whether nothing joins any more. */
  isClosed(state: number): boolean;
}

const MAX_TENTATIVE = 20;
const [OPEN, CLOSED] = [0, 1];

/** The rules for these options. */
export function multiline(options: MultilineOptions): Multiline {
  const { maxLines, maxBytes, idleFlush } = options;
  const limits = { maxLines, maxBytes, idleFlush, maxTentative: MAX_TENTATIVE };
  return options.preset === undefined
    ? { ...limits, ...byExpressions(options) }
    : { ...limits, ...byLanguage(options.preset, options) };
}

/** The rules of a configuration; undefined: each line is a record. */
export function recordsOf(config: MultilineConfig): Multiline | undefined {
  if (config === 'none') return undefined;
  if (typeof config === 'string') return multiline({ ...DEFAULTS, preset: config });
  const { start, continue: goesOn, end, ...rest } = config;
  return multiline({ ...rest, start: regexOf(start), continue: regexOf(goesOn), end: regexOf(end) });
}

/** An expression that the configuration's check has taken. */
function regexOf(source: string | undefined): RegExp | undefined {
  if (source === undefined) return undefined;
  const pattern = compilePattern(source);
  if ('problem' in pattern) throw new Error(pattern.problem);
  return pattern.regex;
}

type Rules = Pick<Multiline, 'begin' | 'join' | 'isTentative' | 'isClosed'>;

/**
 * `start` alone: a matching line begins a record, others join it. `continue` alone: a matching line joins the one before. `end` alone: a
 * matching line closes the record. With `start`, lines that no start came before stand alone, and a start always begins a record.
 */
function byExpressions({ start, continue: goesOn, end }: MultilineOptions): Rules {
  const opened = (text: string): number => (end?.test(text) ? CLOSED : OPEN);
  const standsAlone = start !== undefined && (goesOn !== undefined || end !== undefined);
  return {
    begin: (text) => (standsAlone && !start.test(text) ? CLOSED : opened(text)),
    join: (state, text) =>
      state === OPEN && !start?.test(text) && (goesOn?.test(text) ?? true) ? opened(text) : undefined,
    isTentative: () => false,
    isClosed: (state) => state === CLOSED,
  };
}

interface Step {
  readonly match: RegExp;
  readonly to: number | undefined;
}

const BLANK = /^\s*$/;
const INDENTED = /^[ \t]+\S/;

/** The machine of a language, or of all: its states are numbers, its rules in order for each of them. */
function byLanguage(preset: Language | 'auto', { start, continue: goesOn }: MultilineOptions): Rules {
  const rules = preset === 'auto' ? Object.values(LANGUAGES).flat() : LANGUAGES[preset];
  const used = rules.flatMap(({ from, to }) => (to === undefined ? from : [...from, to]));
  const names = [...new Set(['start', 'text', 'prefixed', 'blank', ...used])];
  const index = new Map(names.map((name, i) => [name, i]));
  const steps = names.map((name): Step[] =>
    rules
      .filter(({ from }) => from.includes(name))
      .map(({ match, to }) => ({ match, to: to === undefined ? undefined : index.get(to)! })),
  );
  // One test for most lines, which match none: the expressions of a state as one.
  const any = steps.map((of) =>
    of.length === 0 ? undefined : new RegExp(of.map(({ match }) => `(?:${match.source})`).join('|')),
  );
  const step = (state: number, line: string): Step | undefined =>
    any[state]?.test(line) ? steps[state]!.find(({ match }) => match.test(line)) : undefined;
  const [first, text, prefixed, blank] = [0, 1, 2, 3];
  const logged = names.map((name) => name.startsWith('prefixed'));
  return {
    begin: (line) => (BLANK.test(line) ? blank : (step(first, line)?.to ?? (LOG_PREFIX.test(line) ? prefixed : text))),
    join(state, line) {
      if (start?.test(line)) return undefined;
      if (BLANK.test(line)) return state;
      if (state === blank) return undefined;
      const found = step(state, line);
      if (found !== undefined) return found.to;
      if (goesOn?.test(line)) return state;
      if (INDENTED.test(line)) return state;
      return logged[state] && !LOG_PREFIX.test(line) ? state : undefined;
    },
    isTentative: (state) => names[state]!.endsWith('?'),
    isClosed: (state) => names[state]!.endsWith('.'),
  };
}
