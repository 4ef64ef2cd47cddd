import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startStore } from '../../cli/demo/store/store.ts';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';
import { realElasticsearch } from './elasticsearch.ts';

const server = await realElasticsearch();
if ('skip' in server) t.test('against a real Elasticsearch', { skip: server.skip }, (t) => t.end());
else {
  const { url, close } = server;
  t.teardown(close);
  const run = Date.now();

  async function count(index: string, query?: string): Promise<number> {
    await fetch(`${url}/${index}/_refresh`, { method: 'POST' });
    const response = await fetch(
      `${url}/${index}/_count${query === undefined ? '' : `?q=${encodeURIComponent(query)}`}`,
    );
    return response.ok ? ((await response.json()) as { count: number }).count : 0;
  }

  t.test('killed in the middle and started again: the count is exact', async (t) => {
    const index = `sidetail-kill-${run}`;
    const sidecar = new SidecarProcess(folderOf(t));
    t.teardown(() => sidecar.kill());
    sidecar.configure({
      outputs: { es: { type: 'elasticsearch', url, index, batch: { maxEvents: 500, maxAge: '100ms' } } },
    });
    const log = join(sidecar.logs, 'app.log');
    let written = 0;
    let errors = 0;
    const some = (n: number): string => {
      let text = '';
      for (let i = 0; i < n; i++) {
        const level = ++written % 100 === 0 ? 'ERROR' : 'INFO';
        if (level === 'ERROR') errors += 1;
        text +=
          written % 3 === 0
            ? `{"level":"${level}","message":"order ${written}","price":${written}.10}\n`
            : `2021-10-23 14:15:48.491 [main] ${level} k.s.Orders - order ${written}\n`;
      }
      return text;
    };
    writeFileSync(log, some(20_000));
    for (let kill = 0; kill < 3; kill++) {
      await sidecar.start();
      const before = await count(index);
      await until(async () => (await count(index)) > before, 'something more arrived');
      await sidecar.kill();
      appendFileSync(log, some(5000));
      if (kill === 1) {
        renameSync(log, `${log}.1`);
        writeFileSync(log, some(5000));
      }
    }
    await sidecar.start();
    await until(
      async () => (await sidecar.status()).files.every(({ lagBytes }) => lagBytes === 0),
      'everything is settled',
    );
    t.equal(await sidecar.terminate(), 0);
    t.equal(await count(index), written, 'as many documents as lines');
    t.equal(await count(index, 'log.level:ERROR'), errors, 'and the errors are found');
  });

  t.test('a record that the server cannot map goes to the dead letter, the others arrive', async (t) => {
    const index = `sidetail-conflict-${run}`;
    const sidecar = new SidecarProcess(folderOf(t));
    t.teardown(() => sidecar.kill());
    sidecar.configure({ outputs: { es: { type: 'elasticsearch', url, index } } });
    writeFileSync(
      join(sidecar.logs, 'app.log'),
      '{"status":200}\n{"status":{"code":"not a number"}}\n{"status":404}\n',
    );
    await sidecar.start();
    await until(async () => (await sidecar.status()).files[0]?.lagBytes === 0, 'everything is settled');
    t.equal(await count(index), 2);
    t.match(await sidecar.metrics(), /sidetail_records_dead_lettered_total\{output="es",reason="rejected"\} 1/);
  });

  t.test('the embedded store answers as the real one', async (t) => {
    const store = await startStore();
    t.teardown(() => store.close());
    const index = `sidetail-compare-${run}`;
    const both = async (
      path: string,
      body?: string,
      headers: Record<string, string> = { 'content-type': 'application/x-ndjson' },
    ): Promise<unknown[]> =>
      Promise.all(
        [url, store.url].map(async (base) => {
          const response = await fetch(base + path, body === undefined ? {} : { method: 'POST', body, headers });
          const answer = (await response.json()) as {
            items?: Record<string, { status: number; error?: { type: string }; _index: string }>[];
            error?: { type: string };
            count?: number;
            errors?: boolean;
          };
          const items = answer.items?.map((item) =>
            Object.entries(item).map(([op, { status, error, _index }]) => ({ op, status, type: error?.type, _index })),
          );
          return {
            status: response.status,
            error: answer.error?.type,
            errors: answer.errors,
            items,
            count: answer.count,
          };
        }),
      );
    const same = async (what: string, path: string, body?: string, headers?: Record<string, string>): Promise<void> => {
      const [real, embedded] = await both(path, body, headers);
      t.same(embedded, real, what);
    };
    const action = (op: string, meta: object): string => `${JSON.stringify({ [op]: meta })}\n`;
    const doc = '{"message":"Hello World, again","log":{"level":"ERROR"},"n":7}\n';
    await same('create', `/${index}/_bulk`, action('create', { _id: 'a' }) + doc);
    await same('create again', `/${index}/_bulk`, action('create', { _id: 'a' }) + doc);
    await same('index over it', `/${index}/_bulk`, action('index', { _id: 'a' }) + doc);
    await same('create without an id, index in the action', '/_bulk', action('create', { _index: index }) + doc);
    await same(
      'bad name',
      '/_bulk',
      action('create', { _index: 'Upper' }) + doc + action('create', { _index: '_x' }) + doc,
    );
    await same('a long id', `/${index}/_bulk`, action('create', { _id: 'x'.repeat(513) }) + doc);
    await same('no final newline', `/${index}/_bulk`, (action('create', {}) + doc).trimEnd());
    await same('not an action', `/${index}/_bulk`, `{"nope":{}}\n${doc}`);
    await same('another content type', `/${index}/_bulk`, action('create', {}) + doc, { 'content-type': 'text/plain' });
    await fetch(`${url}/${index}/_refresh`, { method: 'POST' });
    await same('count', `/${index}/_count`);
    for (const query of [
      'log.level:ERROR',
      'log.level:error',
      'message:hello',
      'message:"hello world"',
      'message:"world hello"',
      'message:wor*',
      'NOT log.level:ERROR',
      'log.level:INFO OR n:7',
      '(n:7 AND message:again)',
      '_exists_:log.level',
      '_exists_:nothing',
    ]) {
      await same(`q=${query}`, `/${index}/_count?q=${encodeURIComponent(query)}`);
    }
    await same('no such index', `/sidetail-nothing-${run}/_count`);
  });
}
