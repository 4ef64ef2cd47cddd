import { readFile } from 'node:fs/promises';

export interface Watch {
  /** Looks now; resolves when a change has been handed over. */
  check(): Promise<void>;
  stop(): void;
}

/** Milliseconds between two looks. A look costs the reading of a few KiB. */
const INTERVAL = 500;

/**
 * Hands over the texts of small files whenever one differs from what was handed over last, beginning with the first look. Reading and comparing
 * is the one way that neither misses nor repeats a change: ConfigMaps and Secrets change by a swap of symlinks, editors replace files, and
 * modification times are coarse. What `onChange` throws or reading fails with goes to `onError`, once for each state of the files.
 */
export function watchFiles(
  paths: () => readonly string[],
  onChange: (texts: string[]) => void | Promise<void>,
  onError: (error: Error) => void,
): Watch {
  let seen = '';
  let running: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const names = paths();
    try {
      const texts = await Promise.all(names.map((path) => readFile(path, 'utf8')));
      const state = JSON.stringify([names, texts]);
      if (state === seen) return;
      seen = state;
      await onChange(texts);
    } catch (error) {
      const wrong = error instanceof Error ? error : new Error(String(error));
      const unreadable = 'code' in wrong && 'syscall' in wrong;
      const state = JSON.stringify([names, wrong.message]);
      if (unreadable && state === seen) return;
      if (unreadable) seen = state;
      onError(wrong);
    }
  };
  const check = (): Promise<void> => {
    running ??= look().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => void check(), INTERVAL);
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}
