import { stringify } from 'yaml';
import type { Backend } from './backend.ts';
import { diffLines } from './diff.ts';
import type { Pod } from './kubelet.ts';
import type { Tally } from './tally.ts';

const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code: number, text: string): string => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);

/** The injected pod against the one that was sent, as YAML; JSON in annotations is cut to what fits a line. */
export function showInjection(before: Pod, after: Pod, warnings: readonly string[]): void {
  const lines = diffLines(yaml(before), yaml(after));
  for (const line of lines) {
    const text = line.length > 150 ? `${line.slice(0, 147)}...` : line;
    process.stdout.write(`     ${line[0] === '+' ? paint(32, text) : line[0] === '-' ? paint(31, text) : text}\n`);
  }
  for (const warning of warnings) process.stdout.write(`     ${paint(33, `warning: ${warning}`)}\n`);
}

function yaml(pod: Pod): string {
  return stringify(pod, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}

export interface Result extends Tally {
  readonly rotations: number;
  readonly errors: number;
  readonly errorsFound: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly backend: Backend;
}

export function showResult(result: Result): void {
  const ms = (value: number | undefined): string =>
    value === undefined ? 'not known of a real server' : `${Math.round(value)} ms`;
  const ok = (value: number): string => paint(value === 0 ? 32 : 31, String(value));
  const rows: [string, string][] = [
    ['lines written', `${result.written}`],
    ['delivered', `${result.delivered}`],
    ['lost', ok(result.lost)],
    ['repeated', ok(result.repeated)],
    ['rotations', `${result.rotations}`],
    ['log.level:ERROR', `${result.errorsFound} found, ${result.errors} written`],
    ['write to arrival, p50', ms(result.p50)],
    ['write to arrival, p99', ms(result.p99)],
  ];
  process.stdout.write('\n');
  for (const [name, value] of rows) process.stdout.write(`   ${name.padEnd(22)} ${value}\n`);
  process.stdout.write(`\n   lost ${result.lost}, repeated ${result.repeated}\n`);
}
