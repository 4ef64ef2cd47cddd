import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createHttp } from '../../../sidecar/sinks/http.ts';

const never = new AbortController().signal;
const BODY = Buffer.from('hello');

async function serve(
  t: Test,
  listener: RequestListener,
): Promise<{ url: string; server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer(listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, sockets };
}
const read = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
};
/** A URL at which nobody listens. */
async function nobody(t: Test): Promise<string> {
  const { url, server } = await serve(t, () => undefined);
  server.close();
  await once(server, 'close');
  return url;
}

const MOST = 1000;

t.test('posts, and answers with what came back, whatever the status', async (t) => {
  const { url } = await serve(t, async (request, response) => {
    t.match(request, { method: 'POST', url: '/es/_bulk?a=b', headers: { 'x-a': 'b' } });
    t.equal(await read(request), 'hello');
    response.writeHead(429, { 'retry-after': '7' }).end('slow down');
  });
  const http = createHttp([`${url}/es/`], undefined, 1);
  t.teardown(() => http.close());
  const answer = await http.post('/_bulk?a=b', { 'x-a': 'b' }, BODY, MOST, never);
  t.match(answer, { status: 429, headers: { 'retry-after': '7' }, body: 'slow down' });
});

t.test('a server that is not there is a result, and the next one is tried next', async (t) => {
  const dead = await nobody(t);
  const { url } = await serve(t, (_request, response) => response.end('ok'));
  const http = createHttp([dead, url], undefined, 1);
  t.teardown(() => http.close());
  t.match(await http.post('/', {}, BODY, MOST, never), { kind: 'retry', reason: 'connection', message: dead });
  t.match(await http.post('/', {}, BODY, MOST, never), { status: 200, body: 'ok' });
  t.match(await http.post('/', {}, BODY, MOST, never), { status: 200 }, 'and it stays there');
});

t.test('a connection that breaks amid the answer', async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    response.socket!.resetAndDestroy();
  });
  const http = createHttp([url], undefined, 1);
  t.teardown(() => http.close());
  t.match(await http.post('/', {}, BODY, MOST, never), { kind: 'retry', reason: 'connection' });
});

t.test('bug: an answer that did not end took all memory', async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.on('error', () => undefined);
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(1000)));
    };
    response.on('drain', more);
    more();
  });
  const http = createHttp([url], undefined, 1);
  t.teardown(() => http.close());
  const answer = await http.post('/', {}, BODY, MOST, never);
  t.match(answer, { kind: 'retry', reason: 'bad_answer', message: /longer than 1000 bytes/ });
});

t.test('an abort ends the request', async (t) => {
  const stop = new AbortController();
  const { url } = await serve(t, () => stop.abort());
  const http = createHttp([url], undefined, 1);
  t.teardown(() => http.close());
  t.match(await http.post('/', {}, BODY, MOST, stop.signal), { kind: 'retry' });
});

t.test('certificates that cannot be read hold the records; they are read again for the next request', async (t) => {
  const http = createHttp(
    ['https://127.0.0.1:1'],
    { caFile: join(t.testdir(), 'ca.crt'), insecureSkipVerify: false } as never,
    1,
  );
  t.teardown(() => http.close());
  for (let i = 0; i < 2; i++)
    t.match(await http.post('/', {}, BODY, MOST, never), {
      kind: 'hold',
      reason: 'connection',
      message: /^tls: ENOENT.*ca\.crt/,
    });
});

t.test(
  'bug: of requests begun together each opened connections of its own, and all but one outlived close()',
  async (t) => {
    const { url, sockets } = await serve(t, (_request, response) => response.end('ok'));
    const http = createHttp([url], undefined, 2);
    await Promise.all([1, 2, 3, 4].map(() => http.post('/', {}, BODY, MOST, never)));
    t.ok(sockets.size <= 2, 'no more connections than allowed');
    await http.close();
    await Promise.all([...sockets].map((socket) => once(socket, 'close')));
    t.equal(sockets.size, 0);
  },
);
