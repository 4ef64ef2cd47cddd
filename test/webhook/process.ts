import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TLSSocket } from 'node:tls';
import { issueCertificates } from '../../webhook/certs/issue.ts';
import { RAW_SETTINGS } from './fixtures.ts';

type Line = Record<string, unknown> & { msg: string };

/** The real process, its files in a folder of its own, and its log. */
export interface Webhook {
  readonly child: ChildProcess;
  readonly files: { settings: string; certFile: string; keyFile: string };
  /** Waits for the first log line, not yet asked for, with this message; rejects when the process ends before. */
  line(message: string): Promise<Line>;
  readonly exited: Promise<number | null>;
}

/** Writes as Kubernetes and editors do: a whole file at once. */
export async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** Settings, certificate and key in a folder that is removed after the test. */
export async function writeFiles(t: { teardown(fn: () => unknown): void }, change: object = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sidetail-webhook-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const files = {
    settings: join(folder, 'webhook.yaml'),
    certFile: join(folder, 'tls.crt'),
    keyFile: join(folder, 'tls.key'),
  };
  const issued = await issueCertificates({ hosts: ['localhost', '127.0.0.1'] });
  await writeFile(files.certFile, issued.cert);
  await writeFile(files.keyFile, issued.key);
  const { certFile, keyFile } = files;
  const settings = { ...RAW_SETTINGS, listen: { host: '127.0.0.1', port: 0 }, tls: { certFile, keyFile }, ...change };
  await writeFile(files.settings, JSON.stringify(settings));
  return { files, ca: issued.ca, settings };
}

/** Starts `node webhook/main.ts`; killed after the test if it still runs. */
export function startWebhook(t: { teardown(fn: () => unknown): void }, files: Webhook['files']): Webhook {
  const main = new URL('../../webhook/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH ?? '', SIDETAIL_WEBHOOK_CONFIG: files.settings },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: Line[] = [];
  const waiting: { message: string; give: (line: Line) => void; fail: (error: Error) => void }[] = [];
  const log = createInterface(child.stderr!);
  log.on('line', (text) => {
    const line = JSON.parse(text) as Line;
    const at = waiting.findIndex((w) => w.message === line.msg);
    if (at === -1) lines.push(line);
    else waiting.splice(at, 1)[0]!.give(line);
  });
  log.on('close', () => {
    for (const w of waiting) w.fail(new Error(`the process ended before "${w.message}": ${JSON.stringify(lines)}`));
  });
  return {
    child,
    files,
    line: (message) => {
      const at = lines.findIndex((line) => line.msg === message);
      if (at !== -1) return Promise.resolve(lines.splice(at, 1)[0]!);
      return new Promise((give, fail) => waiting.push({ message, give, fail }));
    },
    exited: new Promise((resolve) => child.once('exit', resolve)),
  };
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Fingerprint of the certificate that was served. */
  readonly served: string;
}

/** One HTTPS call on a connection of its own; the server's certificate is checked against the CA. */
export function fetchTls(port: number, ca: string, path: string, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, ca, agent: false, method: body === undefined ? 'GET' : 'POST' };
    const call = request(options, (response) => {
      const served = (response.socket as TLSSocket).getPeerCertificate().fingerprint256;
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, served }));
    });
    call.on('error', reject).end(body);
  });
}
