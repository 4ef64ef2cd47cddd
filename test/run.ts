/**
 * Runs tap over the given files or folders (default: all tests that need no server of their own) and shows a line for each file, whatever
 * failed in full, and what was skipped and why. Closes with `N passed, N failed, N skipped`, counted by assertion.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Tests that start servers, or take long; they have scripts of their own. */
const SERVERS = ['test/stores/', 'test/e2e/', 'test/model/'];

const wanted = process.argv.slice(2);
const files =
  wanted.length > 0
    ? wanted.flatMap(expand)
    : globSync('test/**/*.test.ts').filter((file) => !SERVERS.some((s) => file.startsWith(s)));
const count = { pass: 0, fail: 0, skip: 0 };
const skipped: string[] = [];
const colour = process.stdout.isTTY
  ? { red: '\x1b[31m', green: '\x1b[32m', yellow: '\x1b[33m', off: '\x1b[0m' }
  : { red: '', green: '', yellow: '', off: '' };

const tap = spawn('tap', ['--reporter=tap', ...files.sort()], { stdio: ['ignore', 'pipe', 'inherit'] });
let detail: string[] = [];
for await (const line of createInterface({ input: tap.stdout })) {
  const result = /^(\s*)(not ok|ok) \d+ - (.*)$/.exec(line);
  if (result) {
    const [, indent, verdict, name] = result as unknown as [string, string, string, string];
    const skip = / # SKIP\s*(.*)$/.exec(name);
    if (skip) skipped.push(name.replace(/ # SKIP.*$/, '') + (skip[1] ? `: ${skip[1]}` : ''));
    if (indent === '') {
      const bad = verdict === 'not ok';
      process.stdout.write(
        `${bad ? `${colour.red}FAIL` : `${colour.green}  ok`}${colour.off} ${name.replace(/ # time=/, '  ')}\n`,
      );
      if (bad) process.stdout.write(`${detail.join('\n')}\n`);
      detail = [];
    }
  }
  const totals = /^# \{ (.*) \}$/.exec(line);
  if (totals) {
    for (const [, key, value] of totals[1]!.matchAll(/(pass|fail|skip|todo): (\d+)/g)) {
      if (key === 'pass' || key === 'fail' || key === 'skip') count[key] += Number(value);
    }
  }
  detail.push(line);
}
const code = await new Promise<number>((resolve) =>
  tap.exitCode === null ? tap.once('exit', (c) => resolve(c ?? 1)) : resolve(tap.exitCode),
);
for (const name of skipped) process.stdout.write(`${colour.yellow}SKIPPED${colour.off} ${name}\n`);
if (code !== 0 && count.fail === 0) count.fail = 1; // tap itself failed, e.g. a file that could not be loaded
process.stdout.write(`\n${count.pass} passed, ${count.fail} failed, ${count.skip} skipped\n`);
process.exit(code === 0 && count.fail === 0 && count.pass > 0 ? 0 : 1);

function expand(path: string): string[] {
  return path.endsWith('.ts') ? [path] : globSync(`${path.replace(/\/$/, '')}/**/*.test.ts`);
}
