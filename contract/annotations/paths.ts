import { bracesBalance, directoryOf, splitOutsideBraces, within } from './glob.ts';
import { fullKey } from './keys.ts';
import type { AnnotationProblem } from './problem.ts';

/** One file or glob to read; without `container` the webhook chooses. */
export interface PathRequest {
  readonly container?: string;
  /** Absolute, normalised, as the container sees it. */
  readonly path: string;
}

/** Folders of the image or the kernel: an empty volume there breaks the app. `/usr/local/APP/logs` is a usual place, as Tomcat's image has it. */
export const FORBIDDEN = [
  '/etc',
  '/proc',
  '/sys',
  '/dev',
  '/usr/bin',
  '/usr/sbin',
  '/usr/lib',
  '/usr/lib64',
  '/usr/libexec',
  '/usr/share',
  '/usr/include',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/local/lib',
  '/usr/local/share',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/boot',
  '/var/run/secrets',
  '/run/secrets',
] as const;

/** Folders that hold those of the image: what is below them may be a place for logs. */
const TOO_WIDE = ['/usr', '/usr/local', '/var'] as const;

const CONTAINER_PREFIX = /^([^=/\s]+)\s*=\s*/;
const CONTAINER_NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Parses `/var/log/app/*.log, /opt/gc.log` or `worker=/var/log/w.log; app=/a/**\/*.log`: `,` between files, `;` between containers,
 * both free inside `{}`. A bad entry is a problem, the others are kept; the same entry twice counts once.
 */
export function parsePaths(value: string): { paths: PathRequest[]; problems: AnnotationProblem[] } {
  const key = fullKey('paths');
  const paths: PathRequest[] = [];
  const problems: AnnotationProblem[] = [];
  if (!bracesBalance(value)) {
    return {
      paths,
      problems: [{ key, value, problem: '"{" and "}" do not pair up', fix: 'Close each { with one }.' }],
    };
  }
  for (const group of splitOutsideBraces(value, ';')) {
    const prefix = CONTAINER_PREFIX.exec(group);
    const container = prefix?.[1];
    if (container !== undefined && !CONTAINER_NAME.test(container)) {
      problems.push({ key, value: container, problem: 'not a container name', fix: 'Write container=/path.' });
      continue;
    }
    const items = splitOutsideBraces(group.slice(prefix?.[0].length ?? 0), ',');
    if (items.length === 0)
      problems.push({ key, value: group, problem: 'no path is given', fix: 'Write container=/path.' });
    for (const item of items) {
      const wrong = CONTAINER_PREFIX.test(item)
        ? { problem: 'container= inside a list', fix: 'Put ";" before it, not ",".' }
        : checkPath(item);
      if (wrong) problems.push({ key, value: item, ...wrong });
      else add(paths, { ...(container === undefined ? {} : { container }), path: normalise(item) });
    }
  }
  if (paths.length === 0 && problems.length === 0) {
    problems.push({ key, value, problem: 'no path is given', fix: 'Give one such as /var/log/app/*.log.' });
  }
  return { paths, problems };
}

/** What is wrong with a path as a place to read logs from, if anything. */
export function checkPath(path: string): { problem: string; fix: string } | undefined {
  if (/[\u0000-\u001f\u007f]/.test(path))
    return { problem: 'control character in a path', fix: 'Put "," between paths.' };
  if (path.includes('\\')) return { problem: 'backslash in a path', fix: 'Use / and the globs * ? [a-z] {a,b} **.' };
  if (!path.startsWith('/')) return { problem: 'not an absolute path', fix: 'Start it with /.' };
  if (!bracesBalance(path)) return { problem: '"{" and "}" do not pair up', fix: 'Close each { with one }.' };
  if (/(?:^|[/{,])\.\.(?:$|[/},])/.test(path))
    return { problem: '".." in a path', fix: 'Write the path without "..".' };
  const normal = normalise(path);
  if (normal.endsWith('/'))
    return { problem: 'a folder, not a file', fix: 'Name its files, e.g. with /*.log at the end.' };
  const directory = directoryOf(normal);
  if (directory === '/') return { problem: 'its folder is /', fix: 'Log to a folder of its own.' };
  if (directory.includes(':'))
    return { problem: '":" in a folder', fix: 'Kubernetes cannot mount it: use another folder.' };
  const forbidden =
    FORBIDDEN.find((folder) => within(directory, folder)) ?? TOO_WIDE.find((folder) => directory === folder);
  if (forbidden)
    return { problem: `${forbidden} is not a place for logs`, fix: 'Log to another folder, e.g. /var/log/app.' };
  return undefined;
}

/** Without empty and `.` segments: `//var/./log` is `/var/log`. A slash at the end stays. */
function normalise(path: string): string {
  return path.replace(/\/(?:\.?\/)+/g, '/').replace(/\/\.$/, '/');
}

function add(paths: PathRequest[], request: PathRequest): void {
  if (!paths.some((p) => p.path === request.path && p.container === request.container)) paths.push(request);
}

/** The request as the grammar writes it: `worker=/var/log/w.log`. */
export function formatPath({ container, path }: PathRequest): string {
  return container === undefined ? path : `${container}=${path}`;
}
