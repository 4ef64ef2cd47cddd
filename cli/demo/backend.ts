import { startStore } from './store/store.ts';
/** Where the demo ships to: the embedded store, or a real server. */
export interface Backend {
  readonly name: string;
  readonly url: string;
  /** Index or data stream of this run. */
  readonly index: string;
  /** Records there now; with a query, those that match. */
  count(query?: string): Promise<number>;
  /** The messages of all records, and when each arrived (ms since the epoch) where that is known. */
  arrived(): Promise<{ message: string; at: number | undefined }[]>;
  close(): Promise<void>;
}

export async function embeddedBackend(): Promise<Backend> {
  const store = await startStore();
  const index = 'logs-app-shop';
  return {
    name: `embedded, speaks Elasticsearch on ${store.url}`,
    url: store.url,
    index,
    count: (query) => count(store.url, index, query),
    async arrived() {
      return [...store.docs(index)].map((doc) => ({
        message: (doc.source as { message: string }).message,
        at: doc.arrivedAt,
      }));
    },
    close: () => store.close(),
  };
}

/** A server of one's own: the run has a data stream (or index) of its own, which stays there for the curious. */
export async function realBackend(url: string): Promise<Backend> {
  const answer = await fetch(url).catch((error: Error) => {
    throw new Error(
      `--es ${url}: ${(error.cause as Error)?.message ?? error.message}. Check the URL, and that the server is up.`,
    );
  });
  const { version } = (await answer.json()) as { version?: { number?: string; distribution?: string } };
  const index = `logs-sidetail-demo${Date.now()}`;
  return {
    name: `${version?.distribution ?? 'Elasticsearch'} ${version?.number} on ${url}`,
    url,
    index,
    count: (query) => count(url, index, query),
    arrived: () => scroll(url, index),
    close: () => Promise.resolve(),
  };
}

async function count(url: string, index: string, query: string | undefined): Promise<number> {
  await fetch(`${url}/${index}/_refresh`, { method: 'POST' });
  const response = await fetch(`${url}/${index}/_count${query === undefined ? '' : `?q=${encodeURIComponent(query)}`}`);
  return response.ok ? ((await response.json()) as { count: number }).count : 0; // 404 before the first record
}

interface Page {
  readonly _scroll_id: string;
  readonly hits: { readonly hits: { readonly _source: { readonly message: string } }[] };
}

async function scroll(url: string, index: string): Promise<{ message: string; at: undefined }[]> {
  await fetch(`${url}/${index}/_refresh`, { method: 'POST' });
  const all: { message: string; at: undefined }[] = [];
  let page = (await (await fetch(`${url}/${index}/_search?scroll=1m&size=5000&_source=message`)).json()) as Page;
  while (page.hits.hits.length > 0) {
    all.push(...page.hits.hits.map(({ _source }) => ({ message: _source.message, at: undefined })));
    const body = JSON.stringify({ scroll: '1m', scroll_id: page._scroll_id });
    page = (await (
      await fetch(`${url}/_search/scroll`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    ).json()) as Page;
  }
  return all;
}
