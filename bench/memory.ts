/**
 * node bench/memory.ts [--megabytes N]: what the sidecar takes of memory, side by side: from its sources, as the image's bundle, and as the
 * bundle with the image's flags. Idle (after five seconds) and while it ships N MB (default 64) of Spring lines to a server that takes
 * everything. RSS and its anonymous part (what is not shared with other processes of the node), MiB.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle, image, SOURCES } from '../test/support/image.ts';
import { cpuOf, memoryOf } from './measure.ts';
import { startBulkSink } from './sink.ts';

const at = process.argv.indexOf('--megabytes');
const megabytes = at === -1 ? 64 : Number(process.argv[at + 1]);
const VARIANTS = [
  { name: 'sources (.ts)', ...SOURCES },
  { name: 'bundle', ...bundle() },
  { name: 'bundle, flags of the image', ...image() },
];

const folder = mkdtempSync(join(tmpdir(), 'sidetail-bench-'));
const sink = await startBulkSink();
const line = (i: number): string =>
  `2026-01-02 03:04:05.${String(i % 1000).padStart(3, '0')}  INFO 1 --- [nio-8080-exec-${i % 10}] k.s.orders.OrderService  : order ${i} was placed by customer ${i * 7919} for 3 items\n`;
const log = join(folder, 'app.log');
process.stdout.write(`${'variant'.padEnd(30)}idle RSS  anon   busy peak RSS  anon   CPU s\n`);
for (const { name, args, env } of VARIANTS) {
  const state = join(folder, name.replaceAll(/\W+/g, '-'));
  const { port } = sink;
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
  const idle = memoryOf(child.pid!);
  const before = cpuOf(child.pid!);
  const file = createWriteStream(log, { flags: 'a' });
  for (let i = 0, bytes = 0; bytes < megabytes * 1e6; i++) {
    const text = line(i);
    bytes += text.length;
    if (!file.write(text)) await new Promise((resolve) => file.once('drain', resolve));
  }
  await new Promise((resolve) => file.end(resolve));
  let { rss, anon } = memoryOf(child.pid!);
  for (let last = -1, now = cpuOf(child.pid!); now !== last; last = now, now = cpuOf(child.pid!)) {
    for (let i = 0; i < 10; i++) {
      await sleep(50);
      const sample = memoryOf(child.pid!);
      rss = Math.max(rss, sample.rss);
      anon = Math.max(anon, sample.anon);
    }
  }
  const numbers = [idle.rss, idle.anon, rss, anon].map((n) => n.toFixed(0));
  process.stdout.write(
    `${name.padEnd(30)}${numbers[0]!.padStart(8)}${numbers[1]!.padStart(6)}${numbers[2]!.padStart(16)}${numbers[3]!.padStart(6)}${(cpuOf(child.pid!) - before).toFixed(2).padStart(8)}\n`,
  );
  child.kill('SIGKILL');
  rmSync(log);
}
sink.close();
rmSync(folder, { recursive: true });
