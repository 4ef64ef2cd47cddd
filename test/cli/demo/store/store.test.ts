import { gzipSync } from 'node:zlib';
import t from 'tap';
import { startStore } from '../../../../cli/demo/store/store.ts';

// What it answers is held against a real Elasticsearch by test/stores; here is what no real one does on request.
const body = '{"create":{"_id":"a"}}\n{"message":"one"}\n{"create":{"_id":"b"}}\n{"message":"two"}\n';

t.test('documents, conflicts, gzip', async (t) => {
  const store = await startStore();
  t.teardown(() => store.close());
  const post = (init: object): Promise<Response> =>
    fetch(`${store.url}/i/_bulk`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body,
      ...init,
    });
  t.equal((await post({})).status, 200);
  const again = (await (
    await post({
      body: gzipSync(body),
      headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    })
  ).json()) as { errors: boolean; items: { create: { status: number } }[] };
  t.same(
    again.items.map(({ create }) => create.status),
    [409, 409],
  );
  t.equal(store.conflicts, 2);
  t.equal(store.requests, 2);
  t.equal(store.count(), 2);
  t.same(
    [...store.docs('i*')].map(({ id, source }) => [id, source]),
    [
      ['a', { message: 'one' }],
      ['b', { message: 'two' }],
    ],
  );
});

t.test('faults', async (t) => {
  const store = await startStore();
  t.teardown(() => store.close());
  const post = (): Promise<Response> =>
    fetch(`${store.url}/i/_bulk`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body });
  store.faults = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '7' } });
  t.match(await post(), { status: 429 });
  store.faults = () => ({ kind: 'reset' });
  await t.rejects(post());
  t.equal(store.count(), 0, 'reset: nothing was indexed');
  store.faults = () => ({ kind: 'apply-then-reset' });
  await t.rejects(post());
  t.equal(store.count(), 2, 'apply-then-reset: everything was');
  store.faults = () => ({ kind: 'cut' });
  await t.rejects(post().then((response) => response.text()));
  store.faults = ({ items }) => ({
    kind: 'items',
    item: (i) => (i === items - 1 ? { status: 503, type: 'x', reason: 'y' } : undefined),
  });
  const answer = (await (await post()).json()) as { items: { create: { status: number } }[] };
  t.same(
    answer.items.map(({ create }) => create.status),
    [409, 503],
  );
});
