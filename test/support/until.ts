import { setTimeout as sleep } from 'node:timers/promises';

/** How long something that must happen may take before the test is given up, ms: generous, because machines are slow; never asserted on. */
const PATIENCE_MS = 240_000;

/** Resolves with the first value of `look` that is neither undefined nor false; rejects with `what` when there is none for minutes. */
export async function until<T>(look: () => T | Promise<T>, what: string): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(20);
  }
}
