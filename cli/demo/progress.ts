import type { Backend } from './backend.ts';
import type { AppNumbers } from './processes.ts';

/** A line of progress: rewritten in place on a terminal, else one every two seconds. */
export class Progress {
  readonly #timer: NodeJS.Timeout;
  readonly #tty = process.stdout.isTTY;
  #numbers: AppNumbers = { lines: 0, errors: 0, rotations: 0 };

  constructor(backend: Backend) {
    const show = async (): Promise<void> => {
      const arrived = await backend.count().catch(() => 0);
      const { lines, rotations } = this.#numbers;
      const text = `   written ${String(lines).padStart(7)}   arrived ${String(arrived).padStart(7)}   rotations ${rotations}`;
      process.stdout.write(this.#tty ? `\r${text}` : `${text}\n`);
    };
    this.#timer = setInterval(() => void show(), this.#tty ? 250 : 2000);
  }

  app(numbers: AppNumbers): void {
    this.#numbers = numbers;
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#tty) process.stdout.write('\n');
  }
}
