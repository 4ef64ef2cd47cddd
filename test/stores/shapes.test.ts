import { copyFileSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { folderOf, SidecarProcess } from '../support/sidecar.ts';
import { until } from '../support/until.ts';
import { realElasticsearch } from './elasticsearch.ts';

/**
 * Logs of real programs (`test/fixtures`), in all shapes, to a real Elasticsearch with its default templates: every document is taken. One
 * index for each program: two loggers that write one field in two ways cannot share an index, whatever we do.
 */
const server = await realElasticsearch();
if ('skip' in server) t.test('shapes, against a real Elasticsearch', { skip: server.skip }, (t) => t.end());
else {
  const { url, close } = server;
  t.teardown(close);
  const run = Date.now();

  const count = async (index: string): Promise<number> => {
    await fetch(`${url}/${index}/_refresh`, { method: 'POST' });
    const response = await fetch(`${url}/${index}/_count`);
    return response.ok ? ((await response.json()) as { count: number }).count : 0;
  };

  t.test('lines and traces of all programs, in all shapes: the server takes every document', async (t) => {
    const sidecar = new SidecarProcess(folderOf(t));
    t.teardown(() => sidecar.kill());
    const inputs = globSync('test/fixtures/{formats,traces}/*')
      .sort()
      .map((folder) => {
        const name = folder.split('/').at(-1)!;
        for (const path of globSync(`${folder}/*.log`))
          copyFileSync(path, join(sidecar.logs, `${name}-${path.split('/').at(-1)}`));
        return { name, paths: [join(sidecar.logs, `${name}-*.log`)], multiline: 'auto', container: name };
      });
    const json = inputs.findIndex(({ name }) => name === 'json');
    const loggers = globSync('test/fixtures/formats/json/*.log').map((path) => {
      const file = path.split('/').at(-1)!;
      return {
        ...inputs[json]!,
        name: `json-${file.replace('.log', '')}`,
        paths: [join(sidecar.logs, `json-${file}`)],
      };
    });
    inputs.splice(json, 1, ...loggers);
    const outputs = Object.fromEntries(
      ['ecs', 'fluent', 'otel', 'raw'].map((schema) => [
        schema,
        { type: 'elasticsearch', url, schema, index: `shapes-${schema}-{input}-${run}`, batch: { maxAge: '200ms' } },
      ]),
    );
    sidecar.configure({
      inputs,
      outputs,
      pod: { name: 'web-1', namespace: 'shop', uid: 'u', labels: { app: 'web', 'app.kubernetes.io/name': 'web' } },
    });
    await sidecar.start();
    await until(async () => {
      const { files } = await sidecar.status();
      return files.length > 80 && files.every(({ lagBytes, size }) => lagBytes === 0 && size > 0);
    }, 'everything is settled');
    const metrics = await sidecar.metrics();
    const buried = globSync(join(sidecar.folder, 'state/dead-letter/*.ndjson')).flatMap((path) =>
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { output: string; message: string; file: string })
        .map(({ output, message, file }) => `${output} ${basename(file)}: ${message}`),
    );
    // winston's fixture has a message that is an object, and texts: no index can hold both.
    const refused = buried.filter((one) => !/json-winston\.log: .*object mapping for \[\w+\.message\]/.test(one));
    t.same(
      [...new Set(refused)].slice(0, 40),
      [],
      `no document is refused (${buried.length - refused.length} of winston are)`,
    );
    const read = [...metrics.matchAll(/^sidetail_records_read_total\{.*\} (\d+)/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
    for (const schema of ['ecs', 'fluent', 'otel', 'raw'])
      t.equal(
        await count(`shapes-${schema}-*-${run}`),
        read - buried.filter((one) => one.startsWith(schema)).length,
        `${schema}: ${read} records`,
      );
    t.equal(await sidecar.terminate(), 0);
  });
}
