/** What a path pattern says before it is matched: which folder it begins in, and whether it reaches into folders below. */

const GLOB = /[*?[{(]/;

/** The longest folder without a glob: `/var/log/app` of `/var/log/app/*.log`, `/a` of `/a/**\/*.log`, `/opt` of `/opt/gc.log`. */
export function directoryOf(path: string): string {
  const segments = path.split('/').slice(0, -1);
  const glob = segments.findIndex((segment) => GLOB.test(segment));
  return (glob === -1 ? segments : segments.slice(0, glob)).join('/') || '/';
}

/** Whether the path names exactly one file. */
export function isPlain(path: string): boolean {
  return !GLOB.test(path);
}

/** Whether files in folders below `directoryOf(path)` can match. */
export function reachesBelow(path: string): boolean {
  const directory = directoryOf(path);
  const rest = path.slice(directory === '/' ? 1 : directory.length + 1);
  return rest.includes('/') || rest.includes('**');
}

/** Whether `path` is `folder` or lies in it, at a boundary: `/var/log` holds `/var/log/a`, not `/var/logs`. */
export function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** Splits at `separator` outside of braces and trims; empty parts are dropped. */
export function splitOutsideBraces(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}') depth = Math.max(0, depth - 1);
    else if (text[i] === separator && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Whether every brace that opens closes; an open one would swallow the rest of a list. */
export function bracesBalance(text: string): boolean {
  let depth = 0;
  for (const c of text) {
    if (c === '{') depth++;
    if (c === '}' && --depth < 0) return false;
  }
  return depth === 0;
}
