/** The sidecar's composition root: environment → configuration → pipeline → signals. It and `signals.ts` alone touch `process`. */
import './signals.ts'; // first, so that no signal is missed

import { formatProblem } from '../contract/config/problem.ts';
import { type Loaded, loadConfig, watchFiles } from './config-file.ts';
import { readMetadata } from './metadata.ts';
import { Sidecar } from './sidecar.ts';
import { onEnd } from './signals.ts';
import { StandardOutput } from './sinks/stdout.ts';
import { createTelemetry } from './telemetry.ts';

/** EX_CONFIG of sysexits.h. */
const BAD_CONFIG = 78;
const { env } = process;
const path = env.SIDETAIL_CONFIG;

/** A function, because the image's bundle is CommonJS (it loads faster and takes less memory), which has no `await` at its top. */
async function main(): Promise<void> {
  const loaded = await loadConfig(path);
  if (process.argv.includes('--check')) {
    if (loaded.ok) process.stdout.write(`${path}: the configuration is valid\n`);
    else for (const problem of loaded.problems) process.stderr.write(`${formatProblem(problem)}\n`);
    process.exit(loaded.ok ? 0 : BAD_CONFIG);
  }
  const { telemetry, report } = createLog();
  if (!loaded.ok && env.SIDETAIL_ON_BAD_CONFIG !== 'wait') {
    report(loaded);
    process.exit(BAD_CONFIG);
  }
  const podinfo = env.SIDETAIL_PODINFO ?? '/etc/sidetail/podinfo';
  const sidecar = new Sidecar(
    { env, stdout: new StandardOutput(process.stdout), telemetry },
    (config) => readMetadata(config, env, podinfo),
    (code) => process.exit(code),
  );
  // Nobody reads our standard output any more: the sink learns it from its own write; this is only not to die of it.
  process.stdout.on('error', () => undefined);

  const apply = async (next: Loaded): Promise<void> => {
    if (next.ok) return sidecar.configure(next.config);
    report(next);
    await sidecar.misconfigured(next.problems.map(formatProblem));
  };
  let text = loaded.text;
  let turn = apply(loaded);
  const again = (): void => {
    turn = turn.then(async () => {
      const next = await loadConfig(path);
      // Labels and annotations change more often than the configuration, and what was said of an invalid text is said once.
      if (next.text === text && !next.ok) return;
      text = next.text;
      await apply(next);
    });
  };
  watchFiles([path ?? '', `${podinfo}/labels`, `${podinfo}/annotations`], again);
  process.on('SIGHUP', again);
  onEnd((name) => sidecar.terminate(name));
}

/** Telemetry, how invalid configurations are told, and the end of a process that met a bug. */
function createLog() {
  const telemetry = createTelemetry(env.SIDETAIL_LOG_LEVEL ?? 'info');
  const { log } = telemetry;
  process.on('uncaughtException', (error) => {
    log.fatal({ error: error.stack }, 'a bug: please report it');
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => {
    throw reason;
  });
  const report = ({ problems }: Extract<Loaded, { ok: false }>): void => {
    for (const problem of problems)
      log.error({ file: path, key: problem.path, problem: problem.problem, fix: problem.fix }, formatProblem(problem));
  };
  return { telemetry, report };
}

void main();
