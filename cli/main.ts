/** The command line: one file a command. */
import { parseArgs } from 'node:util';
import { nearest } from '../contract/nearest.ts';

const COMMANDS: Readonly<Record<string, { does: string; run: (args: string[]) => Promise<number> }>> = {
  demo: {
    does: 'the whole way on this machine: webhook, injection, app, sidecar, store',
    run: async (args) => (await import('./demo/demo.ts')).demo(args),
  },
  ship: { does: 'the sidecar, here: --config FILE', run: ship },
};

const [name = 'help', ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command) process.exitCode = await command.run(args);
else {
  const rows = Object.entries(COMMANDS).map(([key, { does }]) => `  sidetail ${key.padEnd(8)} ${does}`);
  const asked = ['help', '--help', '-h'].includes(name);
  const meant = asked ? undefined : nearest(name, Object.keys(COMMANDS));
  const wrong = asked ? '' : `sidetail: there is no command "${name}"${meant ? `; did you mean "${meant}"?` : ''}\n`;
  (asked ? process.stdout : process.stderr).write(`${wrong}usage:\n${rows.join('\n')}\n`);
  process.exitCode = asked ? 0 : 64; // EX_USAGE
}

/** Runs the sidecar in this process; it ends the process itself. */
async function ship(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { config: { type: 'string', short: 'c' } } });
  if (values.config !== undefined) process.env.SIDETAIL_CONFIG = values.config;
  await import('../sidecar/main.ts');
  return Number(process.exitCode ?? 0);
}
