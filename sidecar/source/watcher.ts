import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from 'pino';

/**
 * Watches folders and says when something in them changed, so that new files are found at once. Only folders are watched (inotify
 * watches are shared by a whole node), and nothing depends on it: a slow rescan finds what it misses.
 */
export class Watcher {
  readonly #watchers: FSWatcher[];

  constructor(folders: readonly { path: string; depth: number }[], changed: () => void, log: Logger) {
    const deepest = new Map<string, number>();
    for (const { path, depth } of folders) deepest.set(path, Math.max(depth, deepest.get(path) ?? 0));
    let warned = false;
    this.#watchers = [...deepest].map(([path, depth]) => {
      const watcher = watch(path, {
        ignoreInitial: true,
        ignorePermissionErrors: true,
        ignored: (_path, stats) => stats !== undefined && !stats.isDirectory(),
        ...(depth === Number.POSITIVE_INFINITY ? {} : { depth }),
      });
      // Writes to a file are seen by looking at it, some at a time: an event for each would cost more than the reading.
      watcher.on('raw', (event) => {
        if (event === 'rename') changed();
      });
      watcher.on('addDir', changed).on('unlinkDir', changed);
      watcher.on('error', (error) => {
        if (!warned)
          log.warn(
            { path, error: String(error) },
            'folders cannot be watched: new files are found by the rescan, once a second',
          );
        warned = true;
      });
      return watcher;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.close()));
  }
}
