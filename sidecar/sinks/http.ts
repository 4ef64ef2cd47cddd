import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
// The pool and the request alone: undici's root import costs 13 MiB more (measured), and a sidecar is in every pod.
import request from 'undici/lib/api/api-request.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { ElasticsearchConfig } from '../../contract/config/outputs.ts';
import type { SendResult } from '../types.ts';

/** An answer of the server, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** HTTP to one of several equal servers. */
export interface Http {
  /** Posts to the current server; a connection that fails moves on to the next one for the next try. */
  post(path: string, headers: Record<string, string>, body: Buffer, signal: AbortSignal): Promise<Answer | SendResult>;
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
    async post(path, headers, body, signal) {
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
        return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
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

function failure(origin: string, error: Error & { code?: string }): SendResult {
  const timeout =
    error.code === 'UND_ERR_HEADERS_TIMEOUT' ||
    error.code === 'UND_ERR_BODY_TIMEOUT' ||
    error.code === 'UND_ERR_CONNECT_TIMEOUT';
  const message = error.message || error.code || error.name;
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
