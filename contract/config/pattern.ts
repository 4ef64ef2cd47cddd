import { setFlagsFromString } from 'node:v8';

// V8 has a second engine that needs time in proportion to the text. With the first flag an expression that backtracks without end is handed
// over to it (`^(a+)+$` on 30 characters: 53 s without, 1 ms with); with the second the flag `l` says which expressions it can take.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
setFlagsFromString('--enable-experimental-regexp-engine');

/** A compiled expression, or what is wrong with it and how to mend it. */
export type Pattern = { readonly regex: RegExp } | { readonly problem: string; readonly fix: string };

/** Repetitions as long as the engine takes; longer ones of a single character are written as several. */
const MOST_REPETITIONS = 16;

/**
 * Compiles a user's expression (JavaScript's syntax; `ignoreCase` is written out). Refused is what no text may be matched with in bounded
 * time: look-ahead, back-references, groups that are repeated more than 16 times.
 */
export function compilePattern(source: string, ignoreCase = false): Pattern {
  try {
    new RegExp(source);
  } catch (error) {
    const problem = (error as Error).message.replace(/^Invalid regular expression: /, '');
    return {
      problem: `${problem} is no regular expression`,
      fix: 'Mend it; a backslash in JSON or double quotes is written twice.',
    };
  }
  const written = rewrite(source, ignoreCase);
  try {
    new RegExp(written, 'l');
    return { regex: new RegExp(written) };
  } catch {
    const problem = `/${source}/ may take for ever on some line`;
    const fix =
      'Write it without look-ahead and back-references, and without groups that are repeated more than 16 times.';
    return { problem, fix };
  }
}

/** `/source/` or `/source/i`, as conditions write expressions; undefined: a text that is none. */
export function slashed(text: string): { source: string; ignoreCase: boolean } | undefined {
  const match = /^\/(.*)\/(i?)$/s.exec(text);
  return match === null ? undefined : { source: match[1]!, ignoreCase: match[2] === 'i' };
}

/** An escape, a class, a group's head or a character; and how often it is repeated. */
const ATOM =
  /(\\(?:u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|k<[^>]*>|[\s\S])|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?(?:<\w+>|<?[:=!])|[\s\S])(?:\{(\d+)(,?)(\d*)\}(\??))?/g;

function rewrite(source: string, ignoreCase: boolean): string {
  return source.replaceAll(ATOM, (all, atom: string, least?: string, comma?: string, most?: string, lazy?: string) => {
    const either = ignoreCase ? bothCases(atom) : atom;
    if (least === undefined) return either;
    const count = all.slice(atom.length);
    if (atom === ')' || atom === '(' || atom === '|') return either + count;
    const to = comma === '' ? Number(least) : most === '' ? undefined : Number(most);
    return repeat(either, Number(least), to, lazy ?? '');
  });
}

/** `x{20,50}` as `x{16}x{4}x{0,16}x{0,14}`. */
function repeat(atom: string, least: number, most: number | undefined, lazy: string): string {
  const pieces: string[] = [];
  for (let left = least; left > 0; left -= MOST_REPETITIONS)
    pieces.push(`${atom}{${Math.min(left, MOST_REPETITIONS)}}`);
  if (most === undefined) return `${pieces.join('')}${atom}*${lazy}`;
  for (let left = most - least; left > 0; left -= MOST_REPETITIONS)
    pieces.push(`${atom}{0,${Math.min(left, MOST_REPETITIONS)}}${lazy}`);
  return pieces.length === 0 ? '(?:)' : pieces.join('');
}

const LETTER = /[A-Za-z]/;
const other = (letter: string): string =>
  letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();

/** The atom in both cases: a letter as a class, a class with the letters and ranges of letters of the other case. */
function bothCases(atom: string): string {
  if (atom.length === 1) return LETTER.test(atom) ? `[${atom}${other(atom)}]` : atom;
  if (!atom.startsWith('[')) return atom;
  return atom.replaceAll(
    /\\(?:u[\da-fA-F]{4}|x[\da-fA-F]{2}|[\s\S])|([A-Za-z])(?:-([A-Za-z]))?/g,
    (all, from?: string, to?: string) => {
      if (from === undefined) return all;
      return to === undefined ? from + other(from) : `${all}${other(from)}-${other(to)}`;
    },
  );
}
