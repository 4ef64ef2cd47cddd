/**
 * The memory budget: one number for all bytes that were read and are not yet settled. Whoever holds bytes charges them here and releases
 * them again; the source asks for room before and while it reads, and waits when there is none. That wait is the whole back-pressure.
 */
export class Budget {
  limit = 0;
  #used = 0;
  #waiting: (() => void)[] = [];
  #headroom = 0;

  /** `limit` in bytes; `headroom` of them stay free for what one record can become when it is rendered. */
  constructor(limit: number, headroom: number) {
    this.resize(limit, headroom);
  }

  resize(limit: number, headroom: number): void {
    this.limit = limit;
    this.#headroom = Math.min(headroom, limit / 2);
  }

  /** Bytes charged now. */
  get used(): number {
    return this.#used;
  }

  /** Whether another record may be read. */
  get hasRoom(): boolean {
    return this.#used <= this.limit - this.#headroom;
  }

  charge(bytes: number): void {
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
    if (!this.hasRoom) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves when there is room, at once if there is, or when the signal aborts. */
  room(signal: AbortSignal): Promise<void> {
    if (this.hasRoom || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.push(done);
    });
  }
}
