import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import t, { type Test } from 'tap';
import { type Admin, startAdmin } from '../../../sidecar/admin/server.ts';
import { type Logged, recordedTelemetry } from '../fixtures.ts';

async function setUp(
  t: Test,
  over: Partial<Admin> = {},
  host = '127.0.0.1',
): Promise<{ port: number; url: string; logged: Logged[]; quits: () => number }> {
  let quits = 0;
  const { telemetry, logged } = recordedTelemetry();
  const admin: Admin = {
    notReady: () => [],
    status: () => ({ files: [] }),
    metrics: async () => 'sidetail_x 1\n',
    quit: () => {
      quits += 1;
    },
    ...over,
  };
  const server = await startAdmin({ host, port: 0 }, admin, telemetry.log);
  t.teardown(() => server.close());
  return { port: server.port, url: `http://127.0.0.1:${server.port}`, logged, quits: () => quits };
}
const get = async (url: string, method = 'GET'): Promise<[number, string, string | null]> => {
  const response = await fetch(url, { method });
  return [response.status, await response.text(), response.headers.get('content-type')];
};

t.test('the pages', async (t) => {
  const { url, port, logged, quits } = await setUp(t);
  t.match(logged, [{ msg: 'admin listening', port, host: '127.0.0.1' }]);
  t.same(await get(`${url}/livez`), [200, 'ok\n', 'text/plain']);
  t.same(await get(`${url}/readyz?verbose`), [200, 'ok\n', 'text/plain']);
  t.same(await get(`${url}/metrics`), [200, 'sidetail_x 1\n', 'text/plain; version=0.0.4; charset=utf-8']);
  t.same(await get(`${url}/status`), [200, '{\n  "files": []\n}\n', 'application/json']);
  t.same(await get(`${url}/livez`, 'HEAD'), [200, '', 'text/plain']);
  t.equal(quits(), 0);
});

t.test('why it is not ready', async (t) => {
  const { url } = await setUp(t, { notReady: () => ['output es: refused (forbidden): no', 'draining'] });
  t.same(await get(`${url}/readyz`), [503, 'output es: refused (forbidden): no\ndraining\n', 'text/plain']);
  t.equal((await get(`${url}/livez`))[0], 200, 'it lives all the same');
});

t.test('other pages and methods', async (t) => {
  const { url, quits } = await setUp(t);
  const none = 'no such page; there are /livez /readyz /metrics /status /quit\n';
  for (const path of ['/', '/livez/', '/status/x', '/constructor'])
    t.same(await get(`${url}${path}`), [404, none, 'text/plain'], path);
  t.same(await get(`${url}/status`, 'POST'), [405, 'use GET\n', 'text/plain']);
  t.same(await get(`${url}/quit`), [405, 'use POST\n', 'text/plain']);
  t.equal(quits(), 0);
});

t.test('quit: for loopback callers', async (t) => {
  const { url, quits } = await setUp(t);
  t.same(await get(`${url}/quit`, 'POST'), [202, 'draining\n', 'text/plain']);
  t.equal(quits(), 1);
});

const outer = Object.values(networkInterfaces())
  .flat()
  .find((one) => one !== undefined && !one.internal && one.family === 'IPv4');
t.test(
  'quit: not for others',
  { skip: outer === undefined && 'this machine has no address but loopback' },
  async (t) => {
    const { port, quits } = await setUp(t, {}, '0.0.0.0');
    t.same(await get(`http://${outer!.address}:${port}/quit`, 'POST'), [
      403,
      'only from this pod (loopback)\n',
      'text/plain',
    ]);
    t.equal(quits(), 0);
  },
);

t.test('an error is answered and logged, and the server goes on', async (t) => {
  const { url, logged } = await setUp(t, {
    metrics: () => Promise.reject(new Error('no metrics')),
    status: () => {
      throw new Error('no status');
    },
  });
  t.same(await get(`${url}/metrics`), [500, 'internal error\n', 'text/plain']);
  t.same(await get(`${url}/status`), [500, 'internal error\n', 'text/plain']);
  t.match(logged.slice(1), [
    { error: 'no metrics', url: '/metrics' },
    { error: 'no status', url: '/status' },
  ]);
  t.equal((await get(`${url}/livez`))[0], 200);
});

t.test('an address that cannot be had rejects', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const { telemetry } = recordedTelemetry();
  await t.rejects(startAdmin({ host: '127.0.0.1', port }, {} as Admin, telemetry.log), { code: 'EADDRINUSE' });
});
