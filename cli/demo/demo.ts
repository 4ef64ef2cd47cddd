import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admit, examplePod, startWebhook } from './admission.ts';
import { embeddedBackend, realBackend } from './backend.ts';
import { Kubelet } from './kubelet.ts';
import { parseOptions, USAGE } from './options.ts';
import { runApp, startSidecar } from './processes.ts';
import { Progress } from './progress.ts';
import { showInjection, showResult } from './report.ts';
import { quantile, tally } from './tally.ts';

/**
 * The main job on an embedded default: the real webhook injects the example Deployment's pod, the real sidecar runs as that pod says, a
 * sample app writes and rotates, and what arrived is counted against what was written. Resolves to the exit code: 0 only if nothing was
 * lost and nothing is there twice.
 */
export async function demo(args: string[]): Promise<number> {
  let options: ReturnType<typeof parseOptions>;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return 64; // EX_USAGE
  }
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sidetail-demo-'));
  const closing: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    return await run(options, folder, closing);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function run(
  options: Exclude<ReturnType<typeof parseOptions>, 'help'>,
  folder: string,
  closing: (() => Promise<void> | void)[],
): Promise<number> {
  const say = (text: string): boolean => process.stdout.write(`${text}\n`);
  const backend = options.es === undefined ? await embeddedBackend() : await realBackend(options.es);
  closing.push(backend.close);
  say(`1. store      ${backend.name}`);

  const webhook = await startWebhook(folder, backend);
  closing.push(webhook.close);
  say(`2. webhook    ${webhook.url}, with a certificate made just now`);

  const pod = examplePod();
  const { mutated, warnings } = await admit(webhook, pod);
  say('3. injection  an AdmissionReview with the pod of manifests/examples/deployment.yaml; what came back:\n');
  showInjection(pod, mutated, warnings);

  const kubelet = new Kubelet(mutated, folder);
  const sidecar = await startSidecar(kubelet, folder);
  closing.push(sidecar.kill);
  say(`\n4. sidecar    pid ${sidecar.pid}, as the pod says; its paths are in ${folder}`);
  say('5. app        writes Spring Boot lines, JSON lines and stack traces, and rotates its log\n');

  const progress = new Progress(backend);
  const truth = join(folder, 'written.tsv');
  const app = await runApp(kubelet, truth, options.seconds, (numbers) => progress.app(numbers));
  const code = await sidecar.terminate();
  progress.end();

  const written = readFileSync(truth, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\t(.*)/s) as [string, string]);
  const arrived = await backend.arrived();
  const result = tally(
    written.map(([, line]) => line),
    arrived.map(({ message }) => message),
  );
  const latencies = latency(written, arrived);
  const errors = await backend.count('log.level:ERROR');
  showResult({
    ...result,
    ...app,
    errorsFound: errors,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    backend,
  });
  if (code !== 0) writeFileSync(2, `the sidecar ended with ${code}; its log:\n${sidecar.log()}\n`);
  const queries = [
    `curl '${backend.url}/${backend.index}/_search?q=log.level:ERROR&size=3&pretty'`,
    `curl '${backend.url}/${backend.index}/_count'`,
  ];
  if (options.es !== undefined) say(`\nAsk it yourself:\n  ${queries.join('\n  ')}`);
  else say(`\nAsk it yourself while it runs:  npm run demo -- --follow   and, in another terminal,\n  ${queries[0]}`);
  return result.lost === 0 && result.repeated === 0 && code === 0 ? 0 : 1;
}

/** ms from write to arrival of every line that was written once. */
function latency(
  written: readonly [string, string][],
  arrived: readonly { message: string; at: number | undefined }[],
): number[] {
  const times = new Map<string, number>();
  for (const [time, line] of written) times.set(line, times.has(line) ? Number.NaN : Number(time));
  return arrived.flatMap(({ message, at }) => {
    const time = times.get(message);
    return at === undefined || time === undefined || Number.isNaN(time) ? [] : [Math.max(0, at - time)];
  });
}
