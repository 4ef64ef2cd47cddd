import type { ServerResponse } from 'node:http';

/** An error that the server answers with, in Elasticsearch's words. A plain string is how it says that a route or a type is wrong. */
export interface Refusal {
  readonly status: number;
  readonly error: string | { readonly type: string; readonly reason: string; readonly cause?: string };
}

export const refusal = (status: number, type: string, reason: string): Refusal => ({ status, error: { type, reason } });

/** What a query or a sort that cannot be carried out is answered with: the type of the cause is only in `root_cause`. */
export const searchRefusal = (cause: string, reason: string): Refusal => ({
  status: 400,
  error: { type: 'search_phase_execution_exception', reason, cause },
});

/** Sends JSON, reduced to what `?filter_path=` asks for. */
export function send(response: ServerResponse, status: number, body: unknown, url?: URL): void {
  const filter = url?.searchParams.get('filter_path');
  const spaces = url?.searchParams.has('pretty') ? 2 : undefined;
  const text = JSON.stringify(filter ? filtered(body, filter.split(',')) : body, null, spaces);
  response.writeHead(status, JSON_HEADERS).end(`${text}\n`);
}

/** Clients tell Elasticsearch from others by the second one. */
export const JSON_HEADERS = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };

export function sendRefusal(response: ServerResponse, { status, error }: Refusal, url?: URL): void {
  if (typeof error === 'string') return send(response, status, { error, status }, url);
  const { type, reason, cause } = error;
  const root = { type: cause ?? type, reason };
  send(
    response,
    status,
    { error: { root_cause: [root], type, reason: cause === undefined ? reason : 'all shards failed' }, status },
    url,
  );
}

/** The parts of an answer that dotted paths name, where `*` is any one key; lists are seen through. ("Common options", response filtering) */
export function filtered(body: unknown, paths: readonly string[]): unknown {
  return (
    keep(
      body,
      paths.map((path) => path.split('.')),
    ) ?? {}
  );
}

function keep(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    const kept = value.map((element) => keep(element, paths)).filter((element) => element !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    const below = paths.filter(([first]) => first === '*' || first === key).map(([, ...rest]) => rest);
    const found = below.length === 0 ? undefined : keep(inner, below);
    return found === undefined ? [] : [[key, found] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
