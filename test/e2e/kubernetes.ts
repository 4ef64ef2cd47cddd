import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The cluster that `test/e2e/run.sh` gives us, spoken to by kubectl and helm as a user would. */

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; its code is for the caller to judge. */
export async function run(program: string, args: readonly string[], input = ''): Promise<Output> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (status) => resolve(status ?? 1));
  });
  return { code, stdout, stderr };
}

async function must(program: string, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, input);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr || stdout}`);
  return stdout;
}

export const kubectl = (...args: string[]): Promise<string> => must('kubectl', args);
export const helm = (...args: string[]): Promise<string> => must('helm', args);

/** Applies objects; answers what kubectl says, warnings of the API server included. */
export async function apply(...objects: readonly object[]): Promise<string> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  const { code, stdout, stderr } = await run('kubectl', ['apply', '-f', '-'], JSON.stringify(list));
  if (code !== 0) throw new Error(stderr);
  return stdout + stderr;
}

/** What `kubectl get ... -o json` shows. */
export async function get<T = Pod>(...args: string[]): Promise<T> {
  return JSON.parse(await kubectl('get', ...args, '-o', 'json')) as T;
}

export interface Pod {
  readonly metadata: {
    name: string;
    namespace: string;
    uid: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
  };
  readonly spec: {
    containers: { name: string }[];
    initContainers?: { name: string; restartPolicy?: string; resources: object }[];
  };
  readonly status: {
    phase: string;
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}
interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: { terminated?: { exitCode: number }; running?: object; waiting?: { reason: string } };
}

export async function pods(namespace: string, selector: string): Promise<Pod[]> {
  return (await get<{ items: Pod[] }>('pods', '-n', namespace, '-l', selector)).items;
}

/** What the webhook said of a pod. */
export function statusOf(pod: Pod): { result?: string; reason?: string; warnings?: string[] } {
  return JSON.parse(pod.metadata.annotations?.['sidetail.dev/status'] ?? '{}');
}

export const isInjected = (pod: Pod): boolean =>
  pod.spec.initContainers?.some(({ name, restartPolicy }) => name === 'sidetail' && restartPolicy === 'Always') ??
  false;

/** How long something may take here before it is given up, ms: pods start slowly on a busy machine. Never asserted on. */
const PATIENCE_MS = 180_000;

/** The first value of `look` that is neither undefined nor false. An error of `look` is one more reason to look again. */
export async function eventually<T>(
  look: () => Promise<T>,
  what: string,
  everyMs = 500,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + PATIENCE_MS;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await look();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    } catch (error) {
      last = error;
    }
    await sleep(everyMs);
  }
  throw new Error(`waited in vain until ${what}${last === undefined ? '' : `: ${(last as Error).message}`}`);
}
