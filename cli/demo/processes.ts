import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTAINER } from '../../contract/injection.ts';
import type { Kubelet } from './kubelet.ts';

/** What the app says of itself. */
export interface AppNumbers {
  readonly lines: number;
  readonly errors: number;
  readonly rotations: number;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Runs a program of ours on this Node; its log is kept for when something goes wrong. */
export function startProgram(path: string, env: Record<string, string>): { child: ChildProcess; log: () => string } {
  const child = spawn(process.execPath, [here(path)], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let log = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-64 * 1024);
    child.emit('logged', log);
  });
  return { child, log: () => log };
}

/** Resolves with a line of the program's log that holds `wanted`; rejects when the program ends before. */
export function logged(
  program: { child: ChildProcess; log: () => string },
  wanted: string,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const line = program
        .log()
        .split('\n')
        .find((text) => text.includes(wanted) && text.endsWith('}'));
      if (line !== undefined) resolve(JSON.parse(line));
    };
    program.child.on('logged', look);
    program.child.once('exit', (code) => reject(new Error(`the program ended with ${code}:\n${program.log()}`)));
    look();
  });
}

/** Starts the sidecar with exactly the environment, mounts and configuration of the pod, its paths mapped to this machine. */
export async function startSidecar(
  kubelet: Kubelet,
  folder: string,
): Promise<{ pid: number | undefined; terminate: () => Promise<number | null>; kill: () => void; log: () => string }> {
  const env = kubelet.environment(CONTAINER);
  const configFile = kubelet.locate(CONTAINER, env.SIDETAIL_CONFIG!);
  const config = JSON.parse(readFileSync(configFile, 'utf8')) as {
    stateDir?: string;
    admin?: unknown;
    inputs: { root?: string }[];
  };
  config.stateDir = kubelet.locate(CONTAINER, config.stateDir ?? '/var/lib/sidetail');
  config.admin = { host: '127.0.0.1', port: 0 }; // several demos may run on one machine
  for (const input of config.inputs) input.root = kubelet.locate(CONTAINER, input.root ?? '/');
  const mapped = join(folder, 'config.json');
  writeFileSync(mapped, JSON.stringify(config));
  const podinfo = kubelet.locate(CONTAINER, '/etc/sidetail/podinfo');
  const program = startProgram('../../sidecar/main.ts', { ...env, SIDETAIL_CONFIG: mapped, SIDETAIL_PODINFO: podinfo });
  await logged(program, 'admin listening');
  return {
    pid: program.child.pid,
    log: program.log,
    kill: () => void program.child.kill('SIGKILL'),
    async terminate() {
      if (program.child.exitCode !== null) return program.child.exitCode;
      program.child.kill('SIGTERM');
      const [code] = (await once(program.child, 'exit')) as [number | null];
      return code;
    },
  };
}

/** Runs the sample app to its end; Ctrl-C ends it early. */
export async function runApp(
  kubelet: Kubelet,
  truth: string,
  seconds: number | undefined,
  told: (numbers: AppNumbers) => void,
): Promise<AppNumbers> {
  const log = kubelet.locate('app', '/var/log/app/orders.log');
  const child = spawn(process.execPath, [here('app.ts'), log, truth, String(seconds ?? 0)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let last: AppNumbers = { lines: 0, errors: 0, rotations: 0 };
  child.on('message', (message) => {
    last = message as AppNumbers;
    told(last);
  });
  const interrupted = (): void => void child.kill('SIGTERM');
  process.once('SIGINT', interrupted);
  await once(child, 'exit');
  process.off('SIGINT', interrupted);
  return last;
}
