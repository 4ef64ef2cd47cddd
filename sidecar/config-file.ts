import { readFile, stat } from 'node:fs/promises';
import { decodeText } from '../contract/config/load.ts';
import type { Problem } from '../contract/config/problem.ts';
import type { Config } from '../contract/config/schema.ts';

export type Loaded = { ok: true; config: Config; text: string } | { ok: false; problems: Problem[]; text: string };

/** How often the file is looked at, ms: a change must take effect within two seconds. A look is one stat. */
const LOOK_MS = 500;

/** Reads the configuration; what is wrong with the file itself is a problem like any other. */
export async function loadConfig(path: string | undefined): Promise<Loaded> {
  if (path === undefined || path === '') {
    const problem = {
      path: 'SIDETAIL_CONFIG',
      problem: 'the variable is not set',
      fix: 'Set it to the path of the configuration file (JSON or YAML).',
    };
    return { ok: false, problems: [problem], text: '' };
  }
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return { ok: false, problems: [fileProblem(path, error as NodeJS.ErrnoException)], text: '' };
  }
  return { ...(await decodeText(text)), text };
}

function fileProblem(path: string, { code, message }: NodeJS.ErrnoException): Problem {
  const key = 'SIDETAIL_CONFIG';
  switch (code) {
    case 'ENOENT':
      return { path: key, problem: `there is no file "${path}"`, fix: 'Check the path, or make the file.' };
    case 'EACCES':
      return {
        path: key,
        problem: `the file "${path}" may not be read by user ${process.getuid?.() ?? ''}`,
        fix: 'Let that user read it.',
      };
    case 'EISDIR':
      return { path: key, problem: `"${path}" is a directory`, fix: 'Give the path of the file in it.' };
    default:
      return { path: key, problem: `the file "${path}" cannot be read: ${message}`, fix: 'Mend that.' };
  }
}

/**
 * Calls `changed` at the first look, and whenever one of the files is another one than before (a Kubernetes volume swaps symbolic links).
 * Returns how to end it.
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  const look = async (): Promise<string> => {
    const states = paths.map((path) =>
      stat(path).then(
        ({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`,
        (error) => String(error.code),
      ),
    );
    return (await Promise.all(states)).join('\n');
  };
  let last = Promise.resolve(''); // unlike any state: what changed between the caller's reading and the first look is told by that look
  const timer = setInterval(async () => {
    const [before, now] = [await last, await look()];
    last = Promise.resolve(now);
    if (now !== before) changed();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
