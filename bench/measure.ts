import { readFileSync } from 'node:fs';

/** RSS, its anonymous part (not shared with other processes of the node) and the peak of RSS of a process, MiB. */
export function memoryOf(pid: number): { rss: number; anon: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(text)![1]) / 1024;
  return { rss: of('VmRSS'), anon: of('RssAnon'), peak: of('VmHWM') };
}

/** CPU time of a process so far, s (utime + stime of proc(5), in hundredths). */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
