import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import picomatch from 'picomatch';
import type { Input } from '../types.ts';

/** A file that an input's paths match. */
export interface Found {
  readonly input: Input;
  /** Where it is for us. */
  readonly realPath: string;
  /** Where it is for the container that writes it. */
  readonly path: string;
  readonly dev: number;
  readonly inode: number;
}

/** A path that is not read, and why. */
export interface Refused {
  readonly input: Input;
  readonly path: string;
  readonly code: 'EISDIR' | 'not_a_file' | 'ENOENT' | string;
  readonly message: string;
}

interface Pattern {
  readonly input: Input;
  readonly root: string;
  readonly glob: string;
  readonly isGlob: boolean;
  /** The folder before the first wildcard. */
  readonly base: string;
  /** How many folders deep below the base a match can be. */
  readonly depth: number;
  readonly matches: (path: string) => boolean;
}

/** Finds the files of the inputs. The first input that matches a file has it. */
export class Discovery {
  readonly #patterns: readonly Pattern[];
  readonly #excluded: Map<Input, (path: string) => boolean>;

  constructor(inputs: readonly Input[]) {
    this.#patterns = inputs.flatMap((input) => input.paths.map((glob) => compile(input, glob)));
    this.#excluded = new Map(inputs.map((input) => [input, excluder(input.exclude)]));
  }

  /** Folders to watch, and how deep. */
  get folders(): { path: string; depth: number }[] {
    return this.#patterns.map(({ root, base, depth }) => ({ path: root + base, depth }));
  }

  /** The input that wants a file of this name, whether or not it is there: one may have been renamed since it was found. */
  inputOf(path: string): Input | undefined {
    return this.#patterns.find(({ input, matches }) => matches(path) && !this.#excluded.get(input)!(path))?.input;
  }

  /** Looks through all folders once. A symbolic link is the file it leads to; a file that is reached twice is found once. */
  async scan(): Promise<{ found: Found[]; refused: Refused[] }> {
    const found = new Map<string, Found>();
    const refused: Refused[] = [];
    for (const pattern of this.#patterns) {
      for await (const path of candidates(pattern, refused)) {
        if (!pattern.matches(path) || this.#excluded.get(pattern.input)!(path)) continue;
        const realPath = pattern.root + path;
        try {
          const status = await stat(realPath);
          if (status.isFile()) {
            const key = `${status.dev}:${status.ino}`;
            if (!found.has(key))
              found.set(key, { input: pattern.input, realPath, path, dev: status.dev, inode: status.ino });
          } else if (status.isDirectory()) {
            if (!pattern.isGlob)
              refused.push({
                input: pattern.input,
                path,
                code: 'EISDIR',
                message: `it is a directory: give "${path.replace(/\/$/, '')}/*.log" for the files in it`,
              });
          } else {
            refused.push({
              input: pattern.input,
              path,
              code: 'not_a_file',
              message: 'it is a pipe, a socket or a device: only regular files are read',
            });
          }
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException;
          if (code === 'ENOENT' && pattern.isGlob) continue; // gone between the listing and the look
          refused.push({
            input: pattern.input,
            path,
            code: code ?? 'unknown',
            message: code === 'ENOENT' ? 'there is no such file yet: it is read as soon as it appears' : message,
          });
        }
      }
    }
    return { found: [...found.values()], refused };
  }
}

function compile(input: Input, glob: string): Pattern {
  const { base, isGlob, glob: rest } = picomatch.scan(glob);
  return {
    input,
    root: (input.root ?? '').replace(/\/+$/, ''),
    glob,
    isGlob,
    base: base === '' ? '/' : base,
    depth: rest.includes('**') ? Number.POSITIVE_INFINITY : rest.split('/').length - 1,
    matches: isGlob ? picomatch(glob, { dot: true }) : (path) => path === glob,
  };
}

/** Globs without a slash are about the name alone. */
function excluder(globs: readonly string[]): (path: string) => boolean {
  const byName = globs.filter((glob) => !glob.includes('/')).map((glob) => picomatch(glob, { dot: true }));
  const byPath = globs.filter((glob) => glob.includes('/')).map((glob) => picomatch(glob, { dot: true }));
  return (path) => byName.some((matches) => matches(basename(path))) || byPath.some((matches) => matches(path));
}

async function* candidates(pattern: Pattern, refused: Refused[]): AsyncGenerator<string> {
  if (!pattern.isGlob) yield pattern.glob;
  else yield* walk(pattern, pattern.base, pattern.depth, refused);
}

async function* walk(pattern: Pattern, folder: string, depth: number, refused: Refused[]): AsyncGenerator<string> {
  let entries: Dirent[];
  try {
    entries = await readdir(pattern.root + folder, { withFileTypes: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A folder that is not there yet is nothing to speak of: it is looked for again and again.
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      refused.push({ input: pattern.input, path: folder, code: code ?? 'unknown', message });
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) yield path;
    else if (depth > 0) yield* walk(pattern, path, depth - 1, refused);
  }
}
