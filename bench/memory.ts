/**
 * node bench/memory.ts [--megabytes N]: what the sidecar takes of memory, side by side: from its sources, as the image's bundle, and as the
 * bundle with the image's flags. Idle (after five seconds) and while it ships N MB (default 64) of Spring lines to a server that takes
 * everything. RSS and its anonymous part (what is not shared with other processes of the node), MiB.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const at = process.argv.indexOf('--megabytes');
const megabytes = at === -1 ? 64 : Number(process.argv[at + 1]);
const FLAGS = ['--max-semi-space-size=1', '--max-old-space-size=40', '--v8-pool-size=1'];
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '65536', UV_THREADPOOL_SIZE: '2' };
const VARIANTS = [
  { name: 'sources (.ts)', args: ['sidecar/main.ts'], env: {} },
  { name: 'bundle', args: ['dist/sidecar.cjs'], env: {} },
  { name: 'bundle, flags of the image', args: [...FLAGS, 'dist/sidecar.cjs'], env: ENVIRONMENT },
];

/** RSS and anonymous memory of a process, MiB. */
function memory(pid: number): { rss: number; anon: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(text)![1]) / 1024;
  return { rss: of('VmRSS'), anon: of('RssAnon') };
}

/** CPU time of a process so far, s (utime + stime of proc(5), in hundredths). */
function cpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

execFileSync('npm', ['run', '--silent', 'build:sidecar'], { stdio: 'inherit' });
const folder = mkdtempSync(join(tmpdir(), 'sidetail-bench-'));
const sink = createServer((request, response) => {
  let lines = 0;
  request.on('data', (chunk: Buffer) => {
    for (let i = chunk.indexOf(10); i !== -1; i = chunk.indexOf(10, i + 1)) lines += 1;
  });
  request.on('end', () => {
    const items = Array(lines / 2)
      .fill('{"create":{"status":201}}')
      .join(',');
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{"errors":false,"items":[${items}]}`);
  });
}).listen(0, '127.0.0.1');
const line = (i: number): string =>
  `2026-01-02 03:04:05.${String(i % 1000).padStart(3, '0')}  INFO 1 --- [nio-8080-exec-${i % 10}] k.s.orders.OrderService  : order ${i} was placed by customer ${i * 7919} for 3 items\n`;
await new Promise((resolve) => sink.once('listening', resolve));
const log = join(folder, 'app.log');
process.stdout.write(`${'variant'.padEnd(30)}idle RSS  anon   busy peak RSS  anon   CPU s\n`);
for (const { name, args, env } of VARIANTS) {
  const state = join(folder, name.replaceAll(/\W+/g, '-'));
  const { port } = sink.address() as AddressInfo;
  const output = { type: 'elasticsearch', url: `http://127.0.0.1:${port}`, compression: 'none' };
  const config = {
    stateDir: state,
    admin: { host: '127.0.0.1', port: 0 },
    inputs: [{ paths: [log] }],
    outputs: { es: output },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(log, '');
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, SIDETAIL_CONFIG: join(folder, 'config.json'), ...env },
    stdio: 'ignore',
  });
  await sleep(5000);
  const idle = memory(child.pid!);
  const before = cpu(child.pid!);
  const file = createWriteStream(log, { flags: 'a' });
  for (let i = 0, bytes = 0; bytes < megabytes * 1e6; i++) {
    const text = line(i);
    bytes += text.length;
    if (!file.write(text)) await new Promise((resolve) => file.once('drain', resolve));
  }
  await new Promise((resolve) => file.end(resolve));
  let peak = memory(child.pid!);
  for (let last = -1, now = cpu(child.pid!); now !== last; last = now, now = cpu(child.pid!)) {
    for (let i = 0; i < 10; i++) {
      await sleep(50);
      const sample = memory(child.pid!);
      peak = { rss: Math.max(peak.rss, sample.rss), anon: Math.max(peak.anon, sample.anon) };
    }
  }
  const numbers = [idle.rss, idle.anon, peak.rss, peak.anon].map((n) => n.toFixed(0));
  process.stdout.write(
    `${name.padEnd(30)}${numbers[0]!.padStart(8)}${numbers[1]!.padStart(6)}${numbers[2]!.padStart(16)}${numbers[3]!.padStart(6)}${(cpu(child.pid!) - before).toFixed(2).padStart(8)}\n`,
  );
  child.kill('SIGKILL');
  rmSync(log);
}
sink.close();
rmSync(folder, { recursive: true });
