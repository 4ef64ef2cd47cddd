import { execFile, execFileSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = (name: string): string => fileURLToPath(new URL(`elasticsearch/${name}`, import.meta.url));

/** A real server, or why there is none; whoever skips for it says so. */
export type RealServer = { url: string; close: () => Promise<void> } | { skip: string };

/** The server that `SIDETAIL_TEST_ES_URL` names, else one of our own, else the reason why neither can be had. */
export async function realElasticsearch(): Promise<RealServer> {
  const given = process.env.SIDETAIL_TEST_ES_URL;
  if (given) return { url: given.replace(/\/+$/, ''), close: () => Promise.resolve() };
  try {
    execFileSync('bash', ['-c', `. '${script('jdk.sh')}' && command -v mvn && command -v unzip`], { stdio: 'pipe' });
  } catch {
    return { skip: 'no JDK >= 21 with javac, Maven and unzip, and SIDETAIL_TEST_ES_URL is not set' };
  }
  const port = String(await freePort());
  process.stderr.write(`starting a real Elasticsearch on ${port} (the first time its jars are fetched) ...\n`);
  await promisify(execFile)(script('up.sh'), [port], { maxBuffer: 2 ** 24 });
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await promisify(execFile)(script('down.sh'), [port]);
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
