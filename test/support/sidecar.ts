import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Program, SOURCES } from './image.ts';
import { until } from './until.ts';

/** One line of the sidecar's own log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** What `/status` says of a file. */
export interface FileStatus {
  readonly path: string;
  readonly inode: number;
  readonly size: number;
  readonly readOffset: number;
  readonly ackedOffset: number;
  readonly lagBytes: number;
  readonly state: string;
}

/**
 * A folder for a test, removed after its teardowns: tap runs the removal and the teardowns in the order of their first registration, and a
 * sidecar that is still alive would write into the folder while it is removed.
 */
export function folderOf(t: Test): string {
  t.teardown(() => undefined);
  return t.testdir();
}

/** The real sidecar as a process, in a folder of a test: `logs/`, `state/`, `config.json`. */
export class SidecarProcess {
  readonly folder: string;
  child: ChildProcess | undefined;
  log: LogLine[] = [];
  /** The logs of all runs. */
  readonly history: LogLine[] = [];
  stdout = '';
  readonly #env: Record<string, string>;
  readonly #program: Program;

  constructor(folder: string, env: Record<string, string> = {}, program = SOURCES) {
    this.folder = folder;
    this.#env = env;
    this.#program = program;
    mkdirSync(this.logs, { recursive: true });
  }

  get logs(): string {
    return join(this.folder, 'logs');
  }

  get configFile(): string {
    return join(this.folder, 'config.json');
  }

  /** Writes the configuration: the given keys over ones that suit a test. */
  configure(config: Record<string, unknown>): void {
    const base = {
      stateDir: join(this.folder, 'state'),
      admin: { host: '127.0.0.1', port: 0 },
      pod: { uid: 'test-uid', name: 'pod-1', namespace: 'ns' },
      inputs: [{ name: 'app', paths: [join(this.logs, '*.log')], container: 'app' }],
    };
    writeFileSync(this.configFile, JSON.stringify({ ...base, ...config }));
  }

  /** Starts the process without waiting for anything. */
  spawn(...args: string[]): ChildProcess {
    return this.#spawn(args, {});
  }

  /** The same as another user, so that permissions mean something where the tests run as root. */
  spawnAs(uid: number): ChildProcess {
    return this.#spawn([], process.getuid?.() === 0 ? { uid, gid: uid } : {});
  }

  /** The same with at most so many descriptors. */
  spawnWithin(descriptors: number): ChildProcess {
    return this.#spawn([], {}, ['prlimit', `--nofile=${descriptors}:${descriptors}`]);
  }

  #spawn(args: readonly string[], as: { uid?: number; gid?: number }, under: readonly string[] = []): ChildProcess {
    const env = {
      PATH: process.env.PATH ?? '',
      SIDETAIL_CONFIG: this.configFile,
      SIDETAIL_PODINFO: join(this.folder, 'podinfo'),
      ...this.#env,
      ...this.#program.env,
    };
    const [command, ...rest] = [...under, process.execPath, ...this.#program.args, ...args];
    const child = spawn(command!, rest, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...as,
    });
    this.child = child;
    this.log = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    let unfinished = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop()!;
      for (const text of lines) {
        const line = text.startsWith('{') ? JSON.parse(text) : { level: 0, msg: text };
        this.log.push(line);
        this.history.push(line);
      }
    });
    return child;
  }

  /** Starts the process; resolves when its admin server listens. */
  async start(): Promise<void> {
    this.spawn();
    await this.logged('admin listening');
  }

  /** Resolves with the first line of the log with this message. */
  logged(msg: string): Promise<LogLine> {
    return until(() => {
      const line = this.log.find((l) => l.msg.includes(msg));
      if (!line && this.child?.exitCode !== null)
        throw new Error(`the sidecar ended with ${this.child?.exitCode}: ${JSON.stringify(this.log)}`);
      return line;
    }, `the log says "${msg}"`);
  }

  get admin(): string {
    const line = this.log.findLast(({ msg }) => msg === 'admin listening');
    return `http://127.0.0.1:${line?.port}`;
  }

  async status(): Promise<{
    files: FileStatus[];
    outputs: {
      name: string;
      queue: { bytes: number };
      lastError: { reason: string } | null;
      held: unknown;
      accounts: { read: number; settled: number; inFlight: number; held: number; balanced: boolean };
    }[];
    memory: { usedBytes: number };
  }> {
    return (await fetch(`${this.admin}/status`)).json() as never;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.admin}/metrics`)).text();
  }

  /** Ends it as Kubernetes does; resolves to the exit code. */
  async terminate(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }
}
