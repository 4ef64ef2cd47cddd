import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { ElasticsearchConfig } from '../../../contract/config/outputs.ts';
import type { PodMetadata } from '../../metadata.ts';
import type { Render } from '../../schema/json.ts';
import { rawDocument } from '../../schema/raw.ts';
import { renderer } from '../../schema/schema.ts';
import type { Batch, LogFile, SendResult } from '../../types.ts';
import { createHttp } from '../http.ts';
import type { Sink } from '../sink.ts';
import { actionLine, FILTER_PATH, readBulkAnswer } from './bulk.ts';
import { authorization } from './credentials.ts';
import { compileName, dataStreamFields } from './names.ts';

/** What an answer may take, and each of its items (Elasticsearch cuts no reason, but quotes little of a document), bytes. */
const ANSWER_BYTES = 64 * 1024;
const ITEM_BYTES = 4096;

const compress = promisify(gzip);

/** Elasticsearch and OpenSearch through `_bulk`. `sent` is told the bytes of each request. */
export function createElasticsearchSink(
  name: string,
  config: ElasticsearchConfig,
  pod: PodMetadata,
  env: NodeJS.ProcessEnv,
  sent: (bytes: number) => void,
): Sink {
  const template = config.index ?? config.dataStream;
  const nameOf = template === undefined ? defaultName(pod, env) : compileName(template, pod, env);
  // A document's data_stream.* must be those of its stream, so only a name that is the same for all of a file's records can say them.
  const stream = (file: LogFile): Record<string, unknown> | undefined =>
    config.index !== undefined || template?.includes('{+') || template?.includes('{field:')
      ? undefined
      : dataStreamFields(nameOf({ file } as never));
  const document: Render = config.schema === 'raw' ? rawDocument : renderer(config.schema, pod, stream);
  const http = createHttp(typeof config.url === 'string' ? [config.url] : config.url, config.tls, config.concurrency);
  const query = `filter_path=${FILTER_PATH}${config.pipeline === undefined ? '' : `&pipeline=${encodeURIComponent(config.pipeline)}`}`;

  async function send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    let auth: string | undefined;
    try {
      auth = await authorization(config.auth);
    } catch (error) {
      return { kind: 'hold', reason: 'unauthorized', message: `credentials: ${(error as Error).message}` };
    }
    const zipped = config.compression === 'gzip';
    const body = zipped ? await compress(batch.body, { level: constants.Z_BEST_SPEED }) : batch.body;
    sent(body.length);
    const headers: Record<string, string> = { 'content-type': 'application/x-ndjson', accept: 'application/json' };
    if (auth !== undefined) headers.authorization = auth;
    if (zipped) headers['content-encoding'] = 'gzip';
    const most = ANSWER_BYTES + ITEM_BYTES * batch.starts.length;
    const answer = await http.post(`/_bulk?${query}`, headers, body, most, signal);
    if ('kind' in answer) return answer;
    return readBulkAnswer(answer.status, answer.headers['retry-after'], answer.body, batch.starts.length, Date.now());
  }

  return {
    name,
    limits: config.batch,
    concurrency: config.concurrency,
    linesPerRecord: 2,
    render: (event) => `${actionLine(nameOf(event), event, config.idempotent)}\n${document(event)}\n`,
    send,
    close: () => http.close(),
  };
}

/** `logs-CONTAINER-NAMESPACE`, with `app` and `default` where they are not known. */
function defaultName(pod: PodMetadata, env: NodeJS.ProcessEnv): ReturnType<typeof compileName> {
  const named = new WeakMap<LogFile, ReturnType<typeof compileName>>();
  return (event) => {
    const { file } = event;
    let compiled = named.get(file);
    if (compiled === undefined) {
      const plain = (value: string): string => value.replaceAll(/[{}]/g, '-');
      compiled = compileName(
        `logs-${plain(file.input.container ?? 'app')}-${plain(pod.namespace ?? 'default')}`,
        pod,
        env,
      );
      named.set(file, compiled);
    }
    return compiled(event);
  };
}
