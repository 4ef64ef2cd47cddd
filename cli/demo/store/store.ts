import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { applyAction, type ItemFault, parseBulk } from './bulk.ts';
import { Indices, type StoredDoc } from './indices.ts';
import { compileQuery } from './query.ts';

/** What goes wrong with one bulk request, for tests. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: 'items'; readonly item: (i: number) => ItemFault | undefined }
  /** Never answered; after `ms` the connection is cut. */
  | { readonly kind: 'hang'; readonly ms?: number }
  /** Everything is indexed, and the answer comes after `ms`. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The connection is cut before anything is indexed. */
  | { readonly kind: 'reset' }
  /** Everything is indexed, and the answer is lost. */
  | { readonly kind: 'apply-then-reset' }
  /** Everything is indexed, and half of the answer arrives. */
  | { readonly kind: 'cut' }
  /** A proxy's page instead of an answer. */
  | { readonly kind: 'html' };

/** Asked for each bulk request: the how-manieth it is (from 1) and how many items it has. */
export type Faults = (request: { n: number; items: number }) => Fault | undefined;

/** A running store. */
export interface Store {
  readonly url: string;
  /** Creations that found their id taken: what would have been a second document. */
  readonly conflicts: number;
  /** Bulk requests so far. */
  readonly requests: number;
  faults: Faults | undefined;
  count(index?: string): number;
  docs(index?: string): Generator<StoredDoc>;
  close(): Promise<void>;
}

/** Elasticsearch's `http.max_content_length`, bytes. */
const MAX_CONTENT = 100 * 2 ** 20;

/**
 * A store that speaks Elasticsearch's `_bulk`, `_count`, `_search?q=` and little else, over real HTTP on loopback, in memory. Its answers
 * are held against a real Elasticsearch by `test/stores/embedded-store.test.ts`.
 */
export async function startStore({ port = 0 }: { port?: number } = {}): Promise<Store> {
  const indices = new Indices();
  const state = { conflicts: 0, requests: 0, faults: undefined as Faults | undefined };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://store');
    const [first = '', second] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
    const body = await read(request);
    if (body === 'too large') return send(response, 413, {});
    const api = second ?? (first.startsWith('_') ? first : '');
    const index = first.startsWith('_') && first !== '_all' ? undefined : first;
    if (first === '')
      return send(response, 200, {
        name: 'embedded',
        cluster_name: 'sidetail',
        version: { number: '9.0.0', build_flavor: 'embedded' },
        tagline: 'You Know, for Search',
      });
    if (api === '_bulk') return bulk(request, response, body, index);
    if (api === '_refresh') return send(response, 200, { _shards: { total: 1, successful: 1, failed: 0 } });
    if (api === '_cat' && second === 'indices')
      return send(
        response,
        200,
        indices.names().map((name) => ({ index: name, 'docs.count': String(indices.size(name)) })),
      );
    if (request.method === 'DELETE' && index !== undefined)
      return send(response, 200, { acknowledged: indices.names(index).every((name) => indices.delete(name)) });
    if (api === '_count' || api === '_search') return search(response, url, index, api === '_count');
    return failure(
      response,
      400,
      'illegal_argument_exception',
      `no handler found for uri [${request.url}] and method [${request.method}]`,
    );
  }

  function bulk(request: IncomingMessage, response: ServerResponse, body: string, index: string | undefined): void {
    if (!/^application\/(x-ndjson|json)\b/.test(request.headers['content-type'] ?? '')) {
      const type = request.headers['content-type'] ?? '';
      return send(response, 406, { error: `Content-Type header [${type}] is not supported`, status: 406 });
    }
    state.requests += 1;
    const actions = parseBulk(body, index);
    const fault = state.faults?.({ n: state.requests, items: Array.isArray(actions) ? actions.length : 0 });
    switch (fault?.kind) {
      case 'status':
        response
          .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
          .end(fault.body ?? '{}');
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please sign in</body></html>');
        return;
      case 'reset':
        request.socket.destroy();
        return;
      case 'hang':
        if (fault.ms !== undefined) setTimeout(() => request.socket.destroy(), fault.ms).unref();
        return;
    }
    if (!Array.isArray(actions)) return failure(response, 400, actions.type, actions.reason);
    const results = actions.map((action, i) =>
      applyAction(indices, action, fault?.kind === 'items' ? fault.item(i) : undefined),
    );
    state.conflicts += results.filter(({ status }) => status === 409).length;
    if (fault?.kind === 'apply-then-reset') {
      request.socket.destroy();
      return;
    }
    const answer = JSON.stringify({
      took: 1,
      errors: results.some(({ status }) => status >= 300),
      items: results.map(({ item }) => item),
    });
    if (fault?.kind === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
      response.write(answer.slice(0, answer.length / 2), () => request.socket.destroy());
      return;
    }
    const end = (): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    if (fault?.kind === 'slow') setTimeout(end, fault.ms);
    else end();
  }

  function search(response: ServerResponse, url: URL, index: string | undefined, countOnly: boolean): void {
    if (index !== undefined && !/[*,]|^_all$/.test(index) && indices.names(index).length === 0) {
      return failure(response, 404, 'index_not_found_exception', `no such index [${index}]`);
    }
    const query = url.searchParams.get('q');
    if (query === null && countOnly) {
      const count = indices.names(index).reduce((sum, name) => sum + indices.size(name), 0);
      return send(response, 200, { count, _shards: { total: 1, successful: 1, skipped: 0, failed: 0 } });
    }
    let matches: (doc: unknown) => boolean;
    try {
      matches = compileQuery(query ?? '*');
    } catch (error) {
      return failure(response, 400, 'query_shard_exception', (error as Error).message);
    }
    const from = Number(url.searchParams.get('from') ?? 0);
    const size = Number(url.searchParams.get('size') ?? 10);
    let total = 0;
    const hits: unknown[] = [];
    for (const { index: _index, id: _id, source: _source } of indices.docs(index)) {
      if (!matches(_source)) continue;
      if (total >= from && hits.length < size) hits.push({ _index, _id, _score: 1, _source });
      total += 1;
    }
    if (countOnly)
      return send(response, 200, { count: total, _shards: { total: 1, successful: 1, skipped: 0, failed: 0 } });
    send(
      response,
      200,
      { took: 1, timed_out: false, hits: { total: { value: total, relation: 'eq' }, max_score: 1, hits } },
      url.searchParams.has('pretty'),
    );
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) => failure(response, 500, 'exception', error.message));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get conflicts() {
      return state.conflicts;
    },
    get requests() {
      return state.requests;
    },
    get faults() {
      return state.faults;
    },
    set faults(faults) {
      state.faults = faults;
    },
    count: (index) => indices.names(index).reduce((sum, name) => sum + indices.size(name), 0),
    docs: (index) => indices.docs(index),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_CONTENT) return 'too large';
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown, pretty = false): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(body, null, pretty ? 2 : undefined)}\n`);
}

function failure(response: ServerResponse, status: number, type: string, reason: string): void {
  send(response, status, { error: { root_cause: [{ type, reason }], type, reason }, status });
}
