/**
 * Milliseconds of a clock that never goes back, for intervals: the clock of the day may be set while a sidecar runs. What is compared with the
 * times of files, or written down, is `Date.now()`.
 */
export const uptime = (): number => performance.now();
