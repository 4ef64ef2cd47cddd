import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How a program is run: what stands behind `node`, and its environment. */
export interface Program {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** From the sources, as in development. */
export const SOURCES: Program = { args: ['sidecar/main.ts'], env: {} };

/** The image's bundle, built from the sources that are here, without the image's flags. */
export function bundle(): Program {
  execFileSync('npm', ['run', '--silent', 'build:sidecar'], { stdio: 'inherit' });
  return { args: ['dist/sidecar.cjs'], env: {} };
}

/** What the image runs: its bundle with the flags and the environment that stand in `Dockerfile.sidecar`. */
export function image(): Program {
  const dockerfile = readFileSync('Dockerfile.sidecar', 'utf8').replaceAll('\\\n', ' ');
  const entrypoint = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)![1]!) as string[];
  const env = Object.fromEntries([...dockerfile.matchAll(/^ENV (.+)$/gm)].flatMap(([, set]) => pairs(set!)));
  return { args: [...entrypoint.slice(1, -1), ...bundle().args], env };
}

const pairs = (text: string): [string, string][] =>
  text
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split('=') as [string, string]);
