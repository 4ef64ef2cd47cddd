import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that takes every bulk request, and counts the records. */
export interface BulkSink {
  readonly port: number;
  records: number;
  close(): void;
}

/** Answers as Elasticsearch does when it indexed everything. Counts line ends, as cheaply as can be: it shares the machine. */
export async function startBulkSink(): Promise<BulkSink> {
  const server = createServer((request, response) => {
    let lines = 0;
    request.on('data', (chunk: Buffer) => {
      for (let i = chunk.indexOf(10); i !== -1; i = chunk.indexOf(10, i + 1)) lines += 1;
    });
    request.on('end', () => {
      sink.records += lines / 2;
      const items = Array(lines / 2)
        .fill('{"create":{"status":201}}')
        .join(',');
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"errors":false,"items":[${items}]}`);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const sink: BulkSink = {
    port: (server.address() as AddressInfo).port,
    records: 0,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return sink;
}
