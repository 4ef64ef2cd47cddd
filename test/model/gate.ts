import { randomInt } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A port before a backend that can be shut, so that connections are refused, and opened again. It has a loopback address of its own: while it
 * is shut, no server of another life can get its port, and with it records that are not its own.
 */
export class Gate {
  readonly #behind: number;
  readonly #host = `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port = 0;

  constructor(url: string) {
    this.#behind = Number(new URL(url).port);
  }

  get url(): string {
    return `http://${this.#host}:${this.port}`;
  }

  async open(): Promise<void> {
    if (this.#server) return;
    this.#server = createServer((near) => {
      const far = connect(this.#behind, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one
          .on('error', () => other.destroy())
          .on('close', () => {
            this.#sockets.delete(one);
            other.destroy();
          });
      }
    });
    const server = this.#server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.port, this.#host, resolve));
    this.port = (server.address() as { port: number }).port;
  }

  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}
