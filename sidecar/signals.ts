/**
 * Imported first: as process 1 of a container a signal that nobody handles is ignored, and a pod may be deleted while the sidecar starts. What
 * comes before somebody listens is remembered.
 */
const NAMES = ['SIGTERM', 'SIGINT'] as const;

let early: string | undefined;
let listener = (name: string): void => {
  early ??= name;
};
for (const name of NAMES) process.on(name, () => listener(name));

/** Calls `end` for each signal that ends the process, also for one that came before. */
export function onEnd(end: (name: string) => void): void {
  listener = end;
  if (early !== undefined) end(early);
}
