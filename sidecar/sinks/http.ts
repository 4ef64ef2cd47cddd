import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
// The pool and the request alone: undici's root import costs 13 MiB more (measured), and a sidecar is in every pod.
import request from 'undici/lib/api/api-request.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { ElasticsearchConfig } from '../../contract/config/outputs.ts';
import type { Reason, SendResult } from '../types.ts';

/** An answer of the server, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** HTTP to one of several equal servers. */
export interface Http {
  /** Posts to the current server; a connection that fails moves on to the next one for the next try. `most`: bytes of an answer. */
  post(
    path: string,
    headers: Record<string, string>,
    body: Buffer,
    most: number,
    signal: AbortSignal,
  ): Promise<Answer | SendResult>;
  close(): Promise<void>;
}

/** Longest wait for an answer: Elasticsearch's own default time-out of a bulk is one minute. */
const ANSWER_MS = 90_000;

interface Server {
  readonly origin: string;
  readonly prefix: string;
  readonly pool: InstanceType<typeof Pool>;
}

/** Opens nothing yet: certificates are read for the first request, so that a file which is not there yet delays only delivery. */
export function createHttp(urls: readonly string[], tls: ElasticsearchConfig['tls'], connections: number): Http {
  let opening: Promise<Server[]> | undefined;
  let current = 0;
  return {
    async post(path, headers, body, most, signal) {
      let servers: Server[];
      try {
        opening ??= openServers(urls, tls, connections);
        servers = await opening;
      } catch (error) {
        opening = undefined;
        return { kind: 'hold', reason: 'connection', message: `tls: ${(error as Error).message}` };
      }
      const turn = current;
      const server = servers[turn % servers.length]!;
      try {
        const response = await request.call(server.pool, {
          method: 'POST',
          path: server.prefix + path,
          headers,
          body,
          signal,
        });
        return { status: response.statusCode, headers: response.headers, body: await textOf(response.body, most) };
      } catch (error) {
        if (current === turn) current = (turn + 1) % servers.length;
        return failure(server.origin, error as Error & { code?: string });
      }
    },
    async close() {
      const servers = (await opening?.catch(() => [])) ?? []; // who asked for them was told
      await Promise.all(servers.map(({ pool }) => pool.destroy()));
    },
  };
}

async function openServers(
  urls: readonly string[],
  tls: ElasticsearchConfig['tls'],
  connections: number,
): Promise<Server[]> {
  const connect = await tlsOptions(tls);
  return urls.map((url) => {
    const { origin, pathname } = new URL(url);
    const pool = new Pool(origin, {
      connections,
      connect,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      keepAliveTimeout: 30_000,
    });
    return { origin, prefix: pathname.replace(/\/+$/, ''), pool };
  });
}

/** The body as text. Throws when it is longer than it can be, or does not end: whoever answers so is no server of ours. */
async function textOf(body: Readable, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => body.destroy(new BadAnswer('timeout', 'the answer does not end')), ANSWER_MS);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > most) throw new BadAnswer('bad_answer', `the answer is longer than ${most} bytes`);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An answer that is none, and why. */
class BadAnswer extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

function failure(origin: string, error: Error & { code?: string }): SendResult {
  const timeout =
    error.code === 'UND_ERR_HEADERS_TIMEOUT' ||
    error.code === 'UND_ERR_BODY_TIMEOUT' ||
    error.code === 'UND_ERR_CONNECT_TIMEOUT';
  const message = error.message || error.code || error.name;
  if (error instanceof BadAnswer) return { kind: 'retry', reason: error.reason, message: `${origin}: ${message}` };
  return { kind: 'retry', reason: timeout ? 'timeout' : 'connection', message: `${origin}: ${message}` };
}

async function tlsOptions(tls: ElasticsearchConfig['tls']): Promise<Record<string, unknown>> {
  const read = (path: string | undefined): Promise<string> | undefined =>
    path === undefined ? undefined : readFile(path, 'utf8');
  const [ca, cert, key] = await Promise.all([read(tls?.caFile), read(tls?.certFile), read(tls?.keyFile)]);
  return {
    timeout: 10_000,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls?.insecureSkipVerify ? { rejectUnauthorized: false } : {}),
  };
}
