import { parseTemplate } from '../template.ts';
import { condition } from './condition.ts';
import { cloudwatch } from './later.ts';
import * as n from './node.ts';

const template = n.string({
  expected: 'a name, with {placeholders}',
  check: (value) => {
    const parsed = parseTemplate(value);
    return 'problem' in parsed ? parsed : undefined;
  },
});

const httpUrl = n.string({
  expected: 'an http:// or https:// URL',
  check: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !['http:', 'https:'].includes(url.protocol)) {
      return {
        // What stands before an @ is likely a password.
        problem: `${value.includes('@') ? 'the value (not shown)' : JSON.stringify(value)} is not an http:// or https:// URL`,
        fix: 'Give one such as https://es:9200.',
      };
    }
    if (url.search || url.hash) {
      return {
        problem: 'the URL has a query or a fragment (not shown), which may hold a secret',
        fix: 'Leave them out; credentials go under `auth`.',
      };
    }
    return url.username || url.password
      ? {
          problem: 'the URL holds credentials (not shown)',
          fix: 'Put them under `auth`, best as passwordFile or apiKeyFile.',
        }
      : undefined;
  },
});

/** A route: only records that match. */
const when = n.optional(condition, 'Only records that match; default: all.');

const path = n.string({ expected: 'a path' });
const secret = n.string({ secret: true });

const auth = n.object({
  apiKey: n.optional(secret, 'API key, encoded as Elasticsearch gives it.'),
  apiKeyFile: n.optional(path, 'File with the API key; read again when it changes.'),
  username: n.optional(n.string(), 'User of basic authentication.'),
  password: n.optional(secret, 'Its password.'),
  passwordFile: n.optional(path, 'File with the password; read again when it changes.'),
  bearerFile: n.optional(path, 'File with a bearer token; read again when it changes.'),
  aws: n.later(n.map(secret), 'SigV4 for Amazon OpenSearch.'),
});

const tls = n.object({
  caFile: n.optional(path, "CA certificates that may have signed the server's."),
  certFile: n.optional(path, 'Client certificate.'),
  keyFile: n.optional(path, 'Its key.'),
  serverName: n.optional(n.string(), "Name to ask for and to check, when it is not the URL's."),
  insecureSkipVerify: n.withDefault(n.boolean(), false, "Do not check the server's certificate."),
});

const batch = n.object({
  maxBytes: n.withDefault(
    n.size({ min: 1024, max: 100 * 2 ** 20 }),
    '5MiB',
    'Largest request body before compression.',
  ),
  maxEvents: n.withDefault(n.integer({ min: 1, max: 100_000 }), 5000, 'Most records in a request.'),
  maxAge: n.withDefault(n.duration({ min: 1 }), '1s', 'Longest wait of a record for its batch to fill.'),
});

const deadLetter = n.object({
  file: n.withDefault(
    n.boolean(),
    true,
    'Keep refused records in `stateDir/dead-letter/OUTPUT.ndjson`; `false`: count them and let them go.',
  ),
  maxBytes: n.withDefault(n.size({ min: 4096 }), '64MiB', 'Room for them; the oldest go first, counted.'),
  dataStream: n.later(n.string(), 'Data stream for refused records.'),
});

const elasticsearch = n.object({
  type: n.required(n.oneOfWords(['elasticsearch']), 'Elasticsearch 7.17 to 9.x, OpenSearch 1 to 3.'),
  url: n.required(n.oneOf(httpUrl, n.list(httpUrl, { min: 1 })), 'Address, or a list: tried in turn.'),
  dataStream: n.optional(
    template,
    'Data stream. Default `logs-CONTAINER-NAMESPACE` (`app` where the container is not known).',
  ),
  index: n.optional(template, "Index; `{+yyyy.MM.dd}` is the record's UTC date. One of dataStream and index."),
  pipeline: n.optional(n.string(), 'Ingest pipeline.'),
  schema: n.withDefault(n.oneOfWords(['ecs', 'fluent', 'otel', 'raw']), 'ecs', 'Shape of the documents.'),
  idempotent: n.withDefault(
    n.boolean(),
    true,
    'Deterministic `_id` and op `create`, so that a repeated delivery is no second document (409 = delivered).',
  ),
  auth: n.optional(auth, 'Credentials.'),
  tls: n.optional(tls, 'TLS.'),
  compression: n.withDefault(n.oneOfWords(['gzip', 'none']), 'gzip', 'Of request bodies.'),
  batch: n.withDefault(batch, {}, 'When a batch is full.'),
  concurrency: n.withDefault(
    n.integer({ min: 1, max: 64 }),
    4,
    'Most requests in flight; adapts down on 429, 503 and time-outs.',
  ),
  deadLetter: n.withDefault(deadLetter, {}, 'What becomes of records that the server refuses for good.'),
  when,
});

const stdout = n.object({
  type: n.required(n.oneOfWords(['stdout']), "The sidecar's standard output."),
  schema: n.withDefault(
    n.oneOfWords(['raw', 'ecs', 'fluent', 'otel']),
    'raw',
    '`raw`: the line as it was; else one JSON object a line.',
  ),
  when,
});

/** An output, by its `type`. */
export const outputs = n.variant('type', { elasticsearch, stdout }, { cloudwatch });

export type ElasticsearchConfig = n.Decoded<typeof elasticsearch>;
export type StdoutConfig = n.Decoded<typeof stdout>;
