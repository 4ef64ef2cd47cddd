/** Delays between attempts: decorrelated jitter from 0.5 to 30 s (research: every peer's fixed schedule synchronises its pods). */
export const BASE_MS = 500;
export const CAP_MS = 30_000;

/**
 * The next delay in ms after one of `previous` ms (0 for the first attempt): uniform between the base and three times the previous, at
 * most the cap. Source: "Exponential Backoff And Jitter", AWS Architecture Blog. `random` answers in [0, 1).
 */
export function nextDelay(previous: number, random: () => number = Math.random): number {
  const upper = Math.max(BASE_MS, previous * 3);
  return Math.min(CAP_MS, Math.round(BASE_MS + random() * (upper - BASE_MS)));
}

/**
 * The delay in ms while an output refuses us (a password, a privilege): uniform from 3 to 10 s. It is always the same, because what mends
 * it is a person or a rotated file, not time; and short, because they want to see that it is mended.
 */
export function holdDelay(random: () => number = Math.random): number {
  return Math.round(3000 + random() * 7000);
}

/** The value of a Retry-After header (seconds or an HTTP date) in ms from `now`, at most an hour; undefined when it says nothing. */
export function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(36e5, Math.max(0, ms)) : undefined;
}
