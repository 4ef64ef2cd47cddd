import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Step } from './plan.ts';

type Named = Extract<Step, { do: 'rename' }>['name'];

/**
 * A log and what an application and logrotate do to it, each line with its number. It knows in which file each line stands, so that it can
 * say which ones are nowhere any more but in the sidecar's open files.
 */
export class Log {
  readonly path: string;
  /** Every line that was written, in order. */
  readonly written: string[] = [];
  /** Lines by the inode of the file that holds them. */
  readonly #held = new Map<number, string[]>();
  #dates = 0;
  #displaced = 0;
  /** The inodes that files had which are gone, by the number under which their lines are remembered. */
  readonly #was = new Map<number, number>();
  #folders = 0;
  #forgotten = 0;
  /** Characters of the next line that stand in the log already. */
  #begun = '';
  #aside: string | undefined;
  #late: { fd: number; inode: number } | undefined;

  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#make();
  }

  get inode(): number {
    return statSync(this.path).ino;
  }

  /** The file that was renamed last and is still open for writing. */
  get lateInode(): number | undefined {
    return this.#late?.inode;
  }

  /** The inode of the file that was put aside last, if it is still there. */
  get asideInode(): number | undefined {
    return this.#aside !== undefined && existsSync(this.#aside) ? statSync(this.#aside).ino : undefined;
  }

  /** Lines that stand in no file any more that has a name beside the log, nor in one of those that are held open. */
  nowhere(open: ReadonlySet<number> = new Set()): Set<string> {
    const named = new Set<number>();
    const walk = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) walk(path);
        else named.add(statSync(path).ino);
      }
    };
    walk(dirname(this.path));
    const isLost = (key: number): boolean => !named.has(key) && !open.has(this.#was.get(key) ?? key);
    return new Set([...this.#held].filter(([key]) => isLost(key)).flatMap(([, lines]) => lines));
  }

  write(count: number, bytes: number): void {
    const lines = Array.from({ length: count }, (_, i) => this.#line(i === 0 ? this.#begun : '', i, bytes));
    this.#hold(this.inode, lines);
    const text = lines.map((line) => `${line}\n`).join('');
    appendFileSync(this.path, text.slice(this.#begun.length));
    this.#begun = '';
  }

  part(): void {
    if (this.#begun !== '') return;
    this.#begun = 'part of ';
    appendFileSync(this.path, this.#begun);
  }

  /** A rotation in the midst of a line makes two records of it, by right: so it is finished before. */
  finish(): void {
    if (this.#begun !== '') this.write(1, 10);
  }

  rename(name: Named): void {
    this.finish();
    const to = this.#nameOf(name);
    if (this.#late) closeSync(this.#late.fd);
    this.#late = { fd: openSync(this.path, 'a'), inode: this.inode };
    renameSync(this.path, to);
    this.#aside = to;
    this.#make();
  }

  copytruncate(name: Named): void {
    this.finish();
    const to = this.#nameOf(name);
    copyFileSync(this.path, to);
    this.#held.set(statSync(to).ino, this.#held.get(this.inode)!);
    this.#aside = to;
    this.#truncated();
  }

  late(count: number): void {
    if (!this.#late) return;
    const lines = Array.from({ length: count }, (_, i) => this.#line('late ', i, 20));
    this.#hold(this.#late.inode, lines);
    writeSync(this.#late.fd, lines.map((line) => `${line}\n`).join(''));
  }

  truncate(): void {
    this.finish();
    this.#truncated();
  }

  delete(): void {
    this.finish();
    this.#displace(this.inode);
    rmSync(this.path);
    this.#make();
  }

  gzip(): void {
    if (this.#aside === undefined || !existsSync(this.#aside)) return;
    const { ino: inode } = statSync(this.#aside);
    if (this.#late?.inode === inode) this.#forgetLate();
    writeFileSync(`${this.#aside}.gz`, gzipSync(readFileSync(this.#aside)));
    this.#displace(inode);
    rmSync(this.#aside);
    this.#aside = undefined;
  }

  folder(): void {
    this.finish();
    this.#forgetLate();
    const folder = dirname(this.path);
    renameSync(folder, join(dirname(folder), `gone-${this.#folders++}`));
    mkdirSync(folder);
    this.#aside = undefined;
    this.#make();
  }

  close(): void {
    this.#forgetLate();
  }

  /** Everything was delivered: the files that were put aside go, and the lines with them. The numbers of the lines go on. */
  forget(): void {
    this.#forgetLate();
    this.#forgotten += this.written.length;
    this.written.length = 0;
    this.#held.clear();
    this.#was.clear();
    this.#aside = undefined;
    const folder = dirname(this.path);
    for (const name of readdirSync(folder)) if (name !== basename(this.path)) rmSync(join(folder, name));
    for (const name of readdirSync(dirname(folder)))
      if (name.startsWith('gone-')) rmSync(join(dirname(folder), name), { recursive: true });
  }

  #forgetLate(): void {
    if (this.#late) closeSync(this.#late.fd);
    this.#late = undefined;
  }

  /** The file is empty from now on: what it held stands elsewhere, or nowhere. */
  #truncated(): void {
    truncateSync(this.path);
    this.#was.delete(this.#displace(this.inode)); // nobody can hold that open
    this.#held.set(this.inode, []);
  }

  #make(): void {
    writeFileSync(this.path, '');
    this.#held.set(this.inode, []);
  }

  /** What this inode held is remembered under a number that no file has: another file may get the inode. */
  #displace(inode: number): number {
    this.#displaced -= 1;
    this.#held.set(this.#displaced, this.#held.get(inode) ?? []);
    this.#was.set(this.#displaced, inode);
    this.#held.delete(inode);
    return this.#displaced;
  }

  #hold(inode: number, lines: readonly string[]): void {
    this.written.push(...lines);
    this.#held.set(inode, [...(this.#held.get(inode) ?? []), ...lines]);
  }

  #line(before: string, i: number, bytes: number): string {
    const n = this.#forgotten + this.written.length + i;
    return `${before}line ${n} ${'ü'.repeat(n % 5)}${'x'.repeat((n * 7919) % (bytes + 1))}`;
  }

  #nameOf(name: Named): string {
    const date = `202611${String(10 + this.#dates++)}`;
    const stem = this.path.replace(/\.log$/, '');
    if (name === 'date') return `${stem}-${date}.log`;
    if (name === 'dateext') return `${this.path}-${date}`;
    let n = 1;
    while (existsSync(`${this.path}.${n}`)) n += 1;
    for (; n > 1; n--) renameSync(`${this.path}.${n - 1}`, `${this.path}.${n}`);
    if (this.#aside && basename(this.#aside) === `${basename(this.path)}.1`) this.#aside = `${this.path}.2`;
    return `${this.path}.1`;
  }
}
