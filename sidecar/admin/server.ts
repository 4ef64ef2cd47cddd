import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';

/** What the admin server shows and does. */
export interface Admin {
  /** Why we are not ready; empty when we are. */
  notReady(): string[];
  status(): unknown;
  metrics(): Promise<string>;
  /** Drain and exit. */
  quit(): void;
}

/** A running admin server. */
export interface AdminServer {
  readonly port: number;
  close(): void;
}

/**
 * Starts `GET /livez /readyz /metrics /status` and `POST /quit` (loopback callers only). `/readyz` is for people and alerts: no probe of
 * a pod hangs on it. Rejects when the address cannot be had.
 */
export function startAdmin(address: { host: string; port: number }, admin: Admin, log: Logger): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(request, response, admin).catch((error: Error) => {
      log.error({ url: request.url, error: error.message }, 'admin request failed');
      send(response, 500, 'text/plain', 'internal error\n');
    });
  });
  server.keepAliveTimeout = 5000;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      const { port } = server.address() as AddressInfo;
      log.info({ host: address.host, port }, 'admin listening');
      server.off('error', reject).on('error', (error) => log.error({ error: error.message }, 'admin server'));
      resolve({ port, close: () => closeNow(server) });
    });
  });
}

function closeNow(server: Server): void {
  server.close();
  server.closeAllConnections();
}

async function answer(request: IncomingMessage, response: ServerResponse, admin: Admin): Promise<void> {
  const path = (request.url ?? '/').split('?')[0]!;
  const method = path === '/quit' ? ['POST'] : ['GET', 'HEAD'];
  const known = ['/livez', '/readyz', '/metrics', '/status', '/quit'];
  if (!known.includes(path)) return send(response, 404, 'text/plain', `no such page; there are ${known.join(' ')}\n`);
  if (!method.includes(request.method ?? '')) return send(response, 405, 'text/plain', `use ${method[0]}\n`);
  switch (path) {
    case '/livez':
      return send(response, 200, 'text/plain', 'ok\n');
    case '/readyz': {
      const reasons = admin.notReady();
      return send(
        response,
        reasons.length === 0 ? 200 : 503,
        'text/plain',
        reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`,
      );
    }
    case '/metrics':
      return send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await admin.metrics());
    case '/status':
      return send(response, 200, 'application/json', `${JSON.stringify(admin.status(), null, 2)}\n`);
    default:
      if (!isLoopback(request.socket.remoteAddress))
        return send(response, 403, 'text/plain', 'only from this pod (loopback)\n');
      send(response, 202, 'text/plain', 'draining\n');
      return admin.quit();
  }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || /^(?:::ffff:)?127\./.test(address));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}
