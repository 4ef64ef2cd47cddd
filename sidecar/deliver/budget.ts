/**
 * What a record costs beside its text, bytes: its file and its range in a batch (three arrays that grow in steps of half), rounded up.
 * Without it thirty million empty lines were free (measured: 1.2 GiB).
 */
export const RECORD_BYTES = 64;

/**
 * The memory budget: one number for all bytes that were read and are not yet settled, with an account for each output. Whoever holds
 * bytes charges them there and releases them again; the source asks for room before it takes a record, and waits when there is none. That
 * wait is the whole back-pressure.
 *
 * Half of the budget is shared out evenly and reserved (more, where the largest record needs more), the rest is for whoever needs it: an
 * output that is down cannot take the room of another that gets other files.
 */
export class Budget {
  limit: number;
  #reserve = 0;
  #named: ReadonlyMap<string, Account> = new Map();
  #accounts: readonly Account[] = [];
  #waiting: (() => void)[] = [];

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Another limit, and an account for each name: one that had it keeps it. Those that are given up must have been released. `record`: the
   * most that one record may become, bytes.
   */
  open(limit: number, names: readonly string[], record = 0): ReadonlyMap<string, Account> {
    this.limit = limit;
    const share = limit / Math.max(1, names.length);
    this.#reserve = names.length === 1 ? limit : Math.max(share / 2, Math.min(share, record));
    this.#named = new Map(names.map((name) => [name, this.#named.get(name) ?? new Account(() => this.#released())]));
    this.#accounts = [...this.#named.values()];
    this.#released();
    return this.#named;
  }

  /** Bytes charged now. */
  get used(): number {
    return this.#accounts.reduce((sum, { used }) => sum + used, 0);
  }

  /**
   * Whether a record that may become `bytes` at each of these outputs has room. One that is greater than what is kept for them has room when
   * they hold nothing else: it must pass some time, whatever other outputs hold.
   */
  fits(accounts: readonly Account[], bytes: number): boolean {
    const reserve = this.#reserve;
    const shared = this.limit - reserve * this.#accounts.length;
    let beyond = 0;
    let empty = true;
    let grows = false;
    for (const account of this.#accounts) {
      const before = Math.max(0, account.used - reserve);
      const takes = accounts.includes(account);
      const after = takes ? Math.max(0, account.used + bytes - reserve) : before;
      if (after > before) grows = true;
      if (takes && account.used > 0) empty = false;
      beyond += after;
    }
    return !grows || beyond <= shared || (empty && bytes > reserve);
  }

  /** Resolves when some bytes are released, or when the signal aborts. */
  released(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.push(done);
    });
  }

  #released(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** What one output holds of the budget, bytes. */
export class Account {
  used = 0;
  readonly #released: () => void;

  constructor(released: () => void) {
    this.#released = released;
  }

  charge(bytes: number): void {
    this.used += bytes;
  }

  release(bytes: number): void {
    this.used -= bytes;
    if (bytes > 0) this.#released();
  }
}
