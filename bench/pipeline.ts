/**
 * node bench/pipeline.ts [--megabytes 128] [--runs 3]: CPU, throughput and memory of shipping a file to Elasticsearch, side by side: the
 * image's bundle with its flags, without them, and Fluent Bit where `FLUENT_BIT` names its executable. Lines as they are, and JSON lines.
 * No compression, the same server for all. The median of the runs, which take turns.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bundle, image, type Program } from '../test/support/image.ts';
import { cpuOf, memoryOf } from './measure.ts';
import { startBulkSink } from './sink.ts';

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '128' }, runs: { type: 'string', default: '3' } },
});
const bytes = Number(values.megabytes) * 1e6;
const folder = mkdtempSync(join(tmpdir(), 'sidetail-bench-'));

const LINES: Readonly<Record<string, (i: number) => string>> = {
  raw: (i) =>
    `2026-01-02 03:04:05.${String(i % 1000).padStart(3, '0')}  INFO 1 --- [nio-8080-exec-${i % 10}] k.s.orders.OrderService  : order ${i} was placed by customer ${i * 7919} for 3 items`,
  json: (i) =>
    `{"time":"2026-01-02T03:04:05.${String(i % 1000).padStart(3, '0')}Z","level":"info","logger":"k.s.orders.OrderService","msg":"order ${i} was placed","customer":${i * 7919},"items":3,"ok":true}`,
};

/** A file of such lines; how many. */
function write(kind: string): { path: string; lines: number } {
  const path = join(folder, `${kind}.log`);
  const text: string[] = [];
  let size = 0;
  let lines = 0;
  for (; size < bytes; lines++) {
    const line = `${LINES[kind]!(lines)}\n`;
    text.push(line);
    size += line.length;
  }
  writeFileSync(path, text.join(''));
  return { path, lines };
}

interface Shipper {
  readonly name: string;
  /** Command, arguments and environment to ship the file to the port. */
  start(path: string, kind: string, port: number): { command: string; args: string[]; env: Record<string, string> };
}

let states = 0;
const ours = (name: string, { args, env }: Program, schema = 'ecs'): Shipper => ({
  name,
  start(path, _kind, port) {
    const config = join(folder, `config-${states}.json`);
    writeFileSync(
      config,
      JSON.stringify({
        stateDir: join(folder, `state-${states++}`),
        admin: false,
        pod: {
          name: 'web-7f96559d54-8gtjj',
          namespace: 'shop',
          uid: 'f6b9b7b2',
          node: 'node-a',
          labels: { app: 'web' },
        },
        inputs: [{ paths: [path], container: 'web' }],
        outputs: { es: { type: 'elasticsearch', url: `http://127.0.0.1:${port}`, compression: 'none', schema } },
      }),
    );
    return {
      command: process.execPath,
      args: [...args],
      env: { SIDETAIL_CONFIG: config, ...env },
    };
  },
});

const fluentBit = (executable: string): Shipper => ({
  name: 'Fluent Bit',
  start(path, kind, port) {
    const config = join(folder, `fluent-bit-${states++}.conf`);
    const parsers = join(folder, 'parsers.conf');
    writeFileSync(parsers, '[PARSER]\n    Name json\n    Format json\n');
    writeFileSync(
      config,
      [
        `[SERVICE]\n    Flush 1\n    Log_Level error\n    Parsers_File ${parsers}`,
        `[INPUT]\n    Name tail\n    Path ${path}\n    Read_from_Head On\n    Mem_Buf_Limit 32M${kind === 'json' ? '\n    Parser json' : ''}`,
        `[OUTPUT]\n    Name es\n    Match *\n    Host 127.0.0.1\n    Port ${port}\n    Suppress_Type_Name On\n    Write_Operation create\n    Generate_ID Off\n`,
      ].join('\n'),
    );
    return { command: executable, args: ['-c', config], env: {} };
  },
});

const shippers = [
  ours('sidetail, as in the image', image()),
  ours('sidetail, no flags', bundle()),
  ours('sidetail, schema raw', image(), 'raw'),
  ...(process.env.FLUENT_BIT ? [fluentBit(process.env.FLUENT_BIT)] : []),
];

interface Measured {
  readonly cpu: number;
  readonly seconds: number;
  readonly peak: number;
}

async function run(shipper: Shipper, kind: string, path: string, lines: number): Promise<Measured> {
  const sink = await startBulkSink();
  const { command, args, env } = shipper.start(path, kind, sink.port);
  const began = Date.now();
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (sink.records < lines) {
    if (child.exitCode !== null) throw new Error(`${shipper.name} ended with ${child.exitCode}`);
    await sleep(20);
  }
  const seconds = (Date.now() - began) / 1000;
  const measured = { cpu: cpuOf(child.pid!), seconds, peak: memoryOf(child.pid!).peak };
  child.kill('SIGKILL');
  sink.close();
  return measured;
}

const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)]!;

try {
  for (const kind of Object.keys(LINES)) {
    const { path, lines } = write(kind);
    const gigabytes = statSync(path).size / 1e9;
    const all = new Map<Shipper, Measured[]>(shippers.map((shipper) => [shipper, []]));
    for (let i = 0; i < Number(values.runs); i++)
      for (const shipper of shippers) all.get(shipper)!.push(await run(shipper, kind, path, lines));
    process.stdout.write(`\n${kind}: ${lines} lines, ${(gigabytes * 1000).toFixed(0)} MB\n`);
    process.stdout.write(`${'shipper'.padEnd(28)}CPU s/GB   MB/s  peak RSS MiB\n`);
    for (const [{ name }, runs] of all) {
      const cpu = median(runs.map((one) => one.cpu)) / gigabytes;
      const rate = (gigabytes * 1000) / median(runs.map(({ seconds }) => seconds));
      const peak = median(runs.map((one) => one.peak));
      process.stdout.write(
        `${name.padEnd(28)}${cpu.toFixed(1).padStart(8)} ${rate.toFixed(0).padStart(6)} ${peak.toFixed(0).padStart(13)}\n`,
      );
    }
    rmSync(path);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
