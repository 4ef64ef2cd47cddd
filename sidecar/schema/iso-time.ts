let lastTime = Number.NaN;
let lastText = '';

/** ms since the epoch as ISO 8601 in UTC with milliseconds. Lines come many a millisecond, so the last one is remembered. */
export function isoTime(time: number): string {
  if (time !== lastTime) {
    lastTime = time;
    lastText = new Date(time).toISOString();
  }
  return lastText;
}
