import type { Found, ReadText } from './found.ts';

/** A line that has neither is no logfmt, though it may have pairs. */
const LOGFMT_KEY = /(?:^|\s)(?:level|lvl|msg|time|ts)=/;
/** After so many lines in a row of no format only each so-manieth is tried: a file of plain text costs little. */
const PATIENCE = 100;
const EVERY = 25;

/**
 * Chooses the format of each text: JSON by its first character; else the format of the text before, which is right nearly always; else the
 * first that fits. Undefined: a text of none.
 */
export function autoFormat<R extends { readonly name: string; readonly read: ReadText }>(
  candidates: readonly R[],
  json: R,
): (text: string) => readonly [R, Found] | undefined {
  let last: R | undefined;
  let misses = 0;
  const read = (candidate: R, text: string): readonly [R, Found] | undefined => {
    if (candidate.name === 'logfmt' && !LOGFMT_KEY.test(text)) return undefined;
    if (candidate.name === 'ltsv' && text.split('\t', 3).length < 3) return undefined;
    const found = candidate.read(text);
    return found && [candidate, found];
  };
  return (text) => {
    if (text.charCodeAt(0) === 123) return read(json, text);
    const again = last && read(last, text);
    if (again !== undefined) {
      misses = 0;
      return again;
    }
    misses += 1;
    if (misses > PATIENCE && misses % EVERY !== 0) return undefined;
    for (const candidate of candidates) {
      const found = candidate === last ? undefined : read(candidate, text);
      if (found === undefined) continue;
      last = candidate;
      misses = 0;
      return found;
    }
    return undefined;
  };
}
