import type { Dirent } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import picomatch from 'picomatch';
import type { Input } from '../types.ts';
import { resolveBelow } from './links.ts';

/** A file that an input's paths match. */
export interface Found {
  readonly input: Input;
  /** Where it is for us. */
  readonly realPath: string;
  /** Where it is for the container that writes it. */
  readonly path: string;
  readonly dev: number;
  readonly inode: number;
  /** When it was made, ms since the epoch; 0 where the file system does not say. Tells apart two files that had one inode. */
  readonly bornAt: number;
}

/** A path that is not read, and why. */
export interface Refused {
  readonly input: Input;
  readonly path: string;
  readonly code:
    | 'EISDIR'
    | 'not_a_file'
    | 'broken_link'
    | 'compressed'
    | 'too_many_files'
    | 'bad_name'
    | 'ENOENT'
    | string;
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

  /** Looks through all folders once. A symbolic link is what it leads to; a file that is reached twice is found once. */
  async scan(): Promise<{ found: Found[]; refused: Refused[] }> {
    const found = new Map<string, Found>();
    const refused: Refused[] = [];
    for (const pattern of this.#patterns) {
      const { input } = pattern;
      for await (const { path, realPath, isLink } of candidates(pattern, refused)) {
        if (!pattern.matches(path) || this.#excluded.get(input)!(path)) continue;
        try {
          const status = await stat(realPath);
          const key = `${status.dev}:${status.ino}`;
          const { dev, ino: inode, birthtimeMs: bornAt } = status;
          const file = { input, realPath, path, dev, inode, bornAt };
          if (!status.isFile()) refused.push(...notAFile(pattern, path, status.isDirectory()));
          else if (!found.has(key)) found.set(key, file);
        } catch (error) {
          refused.push(...failed(pattern, path, isLink ? realPath : undefined, error as NodeJS.ErrnoException));
        }
      }
    }
    return { found: [...found.values()], refused };
  }
}

/** A folder that a glob matches is nothing to speak of. */
function notAFile({ input, isGlob }: Pattern, path: string, isFolder: boolean): Refused[] {
  if (isFolder && isGlob) return [];
  const message = isFolder
    ? `it is a directory: give "${path.replace(/\/$/, '')}/*.log" for the files in it`
    : 'it is a pipe, a socket or a device: only regular files are read';
  return [{ input, path, code: isFolder ? 'EISDIR' : 'not_a_file', message }];
}

/** `target`: where the path leads, if it is a link. */
function failed(
  { input, isGlob, root }: Pattern,
  path: string,
  target: string | undefined,
  { code, message }: NodeJS.ErrnoException,
): Refused[] {
  if (code !== 'ENOENT') return [{ input, path, code: code ?? 'unknown', message }];
  if (target !== undefined) {
    const there = `it is a link to ${target.slice(root.length)}, which is not there`;
    const why = root === '' ? there : `${there}, or on no volume that the sidecar has`;
    return [{ input, path, code: 'broken_link', message: why }];
  }
  if (path.includes('\ufffd')) {
    const why = 'its name is no UTF-8: give the file another one';
    return [{ input, path, code: 'bad_name', message: why }];
  }
  if (isGlob) return []; // gone between the listing and the look
  return [{ input, path, code, message: 'there is no such file yet: it is read as soon as it appears' }];
}

function compile(input: Input, given: string): Pattern {
  const glob = posix.normalize(given); // `//`, `/./` and `/../` are in no path that is found
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

/** A path that may match, and where it is for us; for a link: what it leads to. */
interface Candidate {
  readonly path: string;
  readonly realPath: string;
  readonly isLink: boolean;
}

async function* candidates(pattern: Pattern, refused: Refused[]): AsyncGenerator<Candidate> {
  const { root, base, glob, isGlob, depth } = pattern;
  const path = isGlob ? base : glob;
  const realPath = await where(pattern, path, path, refused);
  if (realPath === undefined) return;
  if (isGlob && root !== '' && realPath !== root + path) {
    const missing = await stat(realPath).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    if (missing?.code === 'ENOENT') refused.push(...failed(pattern, path, realPath, missing));
  }
  if (isGlob) yield* walk(pattern, { path, realPath }, depth, new Set(), refused);
  else yield { path, realPath, isLink: root === '' ? await isSymbolicLink(path) : realPath !== root + path };
}

/** Where `at` leads to for us; undefined, and refused as `path`, when links lead in a circle. */
async function where(
  { root, input }: Pattern,
  at: string,
  path: string,
  refused: Refused[],
): Promise<string | undefined> {
  try {
    return await resolveBelow(root, at);
  } catch (error) {
    refused.push({ input, path, code: 'ELOOP', message: (error as Error).message });
    return undefined;
  }
}

/** Files below a folder; what is a link after what is none. `entered`: folders that links led to, each entered once. */
async function* walk(
  pattern: Pattern,
  folder: { readonly path: string; readonly realPath: string },
  depth: number,
  entered: Set<string>,
  refused: Refused[],
): AsyncGenerator<Candidate> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder.realPath, { withFileTypes: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A folder that is not there yet is nothing to speak of: it is looked for again and again.
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      refused.push({ input: pattern.input, path: folder.path, code: code ?? 'unknown', message });
    return;
  }
  const [links, others] = [true, false].map((link) => entries.filter((entry) => entry.isSymbolicLink() === link));
  for (const entry of others!) {
    const [path, realPath] = [join(folder.path, entry.name), join(folder.realPath, entry.name)];
    if (!entry.isDirectory()) yield { path, realPath, isLink: false };
    else if (depth > 0) yield* walk(pattern, { path, realPath }, depth - 1, entered, refused);
  }
  for (const entry of links!) {
    const path = join(folder.path, entry.name);
    const realPath = await where(pattern, join(folder.realPath, entry.name).slice(pattern.root.length), path, refused);
    if (realPath === undefined) continue;
    const status = await stat(realPath).catch(() => undefined); // whoever takes the candidate says why
    if (!status?.isDirectory()) yield { path, realPath, isLink: true };
    else if (depth > 0 && !entered.has(`${status.dev}:${status.ino}`)) {
      entered.add(`${status.dev}:${status.ino}`);
      yield* walk(pattern, { path, realPath }, depth - 1, entered, refused);
    }
  }
}

async function isSymbolicLink(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isSymbolicLink() ?? false;
}
