import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** A small disk in memory at `path`. Answers how to take it away again; undefined where we may not mount (no root, a container without it). */
export function mountDisk(path: string, bytes: number): (() => void) | undefined {
  mkdirSync(path, { recursive: true });
  if (process.getuid?.() !== 0) return undefined;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return () => execFileSync('umount', ['--lazy', path]);
}
