import { readlink } from 'node:fs/promises';

/** As many links as Linux follows in one path (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Where `path`, as the container that writes it sees it, is for us: symbolic links lead to where they lead in that container, whose file
 * system begins at `root` here. The kernel would follow an absolute link in ours. With an empty root the two are the same.
 */
export async function resolveBelow(root: string, path: string): Promise<string> {
  if (root === '') return path;
  const rest = segments(path);
  let done: string[] = [];
  let links = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '..') {
      done.pop(); // at the root it stays there, as in any file system
      continue;
    }
    const target = await readlink(`${root}/${[...done, name].join('/')}`).catch(() => undefined); // no link, or not there
    if (target === undefined) {
      done.push(name);
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw Object.assign(new Error(`too many links: ${path}`), { code: 'ELOOP' });
    if (target.startsWith('/')) done = [];
    rest.unshift(...segments(target));
  }
  return `${root}/${done.join('/')}`;
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}
