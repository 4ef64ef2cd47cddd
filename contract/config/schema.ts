import { filter } from './filters.ts';
import { format, time } from './formats.ts';
import { multiline } from './multiline.ts';
import * as n from './node.ts';
import { outputs } from './outputs.ts';

/** The sidecar's whole configuration, in the order in which the docs show it. */

const absolute = (value: string): { problem: string; fix: string } | undefined =>
  value.startsWith('/')
    ? undefined
    : {
        problem: `"${value}" is not an absolute path`,
        fix: `Start it with a slash: "/${value.replace(/^(\.\/)+/, '')}".`,
      };

const encoding = (value: string): { problem: string; fix: string } | undefined => {
  try {
    new TextDecoder(value);
    return undefined;
  } catch {
    const fix =
      'Use utf-8, utf-16le, utf-16be, latin1, shift_jis, gbk, euc-kr or another label of the WHATWG Encoding Standard.';
    return { problem: `"${value}" is no known encoding`, fix };
  }
};

const port = n.integer({ expected: 'a port from 0 to 65535', min: 0, max: 65535 });

const input = n.object({
  name: n.optional(
    n.string(),
    'Name of the input, unique; in metrics, `/status` and templates as `{input}`. Default `input-N`.',
  ),
  paths: n.required(
    n.list(n.string({ expected: 'an absolute path or glob', check: absolute }), { min: 1 }),
    'Files to read: absolute paths or globs (`*`, `?`, `[a-z]`, `{a,b}`, `**`).',
  ),
  root: n.optional(
    n.string({ expected: 'an absolute path', check: absolute }),
    'Folder in which the file system that `paths` speak of is found: the file read is `root` + path, the path reported is the one without it. The webhook sets `/logs/CONTAINER`.',
  ),
  exclude: n.withDefault(
    n.list(n.string()),
    [],
    "Globs of files not to read; one without a slash is matched against the file's name alone.",
  ),
  container: n.optional(n.string(), 'Container that writes the files (metadata).'),
  readFrom: n.withDefault(
    n.oneOfWords(['beginning', 'end']),
    'beginning',
    '`end` skips what stands in files that exist at the very first start; files that appear later are always read from their beginning.',
  ),
  encoding: n.withDefault(
    n.string({ expected: 'an encoding', check: encoding }),
    'utf-8',
    'Encoding of the files: `utf-8`, `utf-16le`, `utf-16be`, `latin1` (windows-1252, as on the web), `shift_jis`, `gbk`, `euc-kr` or any label of the WHATWG Encoding Standard. A byte order mark wins.',
  ),
  maxLineBytes: n.withDefault(n.size({ min: 64, max: 16 * 2 ** 20 }), '1MiB', 'Longest line kept whole.'),
  onLongLine: n.withDefault(
    n.oneOfWords(['split', 'truncate', 'skip']),
    'split',
    '`split` at a UTF-8 boundary, parts flagged `partial`; `truncate`, flagged and counted; `skip`, counted.',
  ),
  multiline: n.withDefault(
    multiline,
    'none',
    'How lines are joined into records: `none`; a language, whose traces and crash reports are one record each; `auto`: all of them at once; or expressions.',
  ),
  format: n.withDefault(
    format,
    'auto',
    'What the lines are. `raw`: a line is a message; `auto`: decided for each line; what is not of the format is shipped whole, flagged `parse_failed`.',
  ),
  time: n.optional(time, 'Where and how a record says its time.'),
  fields: n.withDefault(
    n.map(n.oneOf(n.string(), n.number(), n.boolean())),
    {},
    'Static fields, added to every record.',
  ),
  filters: n.withDefault(n.list(filter), [], 'Filters of this input, before the global ones, in order.'),
  retention: n.withDefault(
    n.oneOfWords(['keep', 'delete-rotated', 'truncate']),
    'keep',
    'What happens to delivered data: `keep`; `delete-rotated` files once every byte of them is settled; `truncate`: also the disk space of the settled bytes of files that are still written is given back (holes; sizes and offsets stay).',
  ),
  diskBudget: n.optional(
    n.size({ min: 2 ** 20 }),
    'Disk space of the files of this input above which delivered data is removed as with `truncate`, the oldest first. What is not delivered is kept.',
  ),
  outputs: n.optional(n.list(n.string(), { min: 1 }), 'Names of the outputs that get the records. Default: all.'),
});

const text = (doc: string): n.Field<string | undefined> => n.optional(n.string(), doc);

const pod = n.object({
  name: text('Name; default `$POD_NAME`.'),
  namespace: text('Namespace; default `$POD_NAMESPACE`.'),
  uid: text("UID; default `$POD_UID`. Part of the records' ids."),
  ip: text('IP; default `$POD_IP`.'),
  node: text('Node; default `$NODE_NAME`.'),
  labels: n.optional(n.map(n.string()), 'Labels; default `/etc/sidetail/podinfo/labels`, live.'),
  annotations: n.optional(n.map(n.string()), 'Annotations; default `/etc/sidetail/podinfo/annotations`, live.'),
});

export const configuration = n.object({
  stateDir: n.withDefault(
    n.string({ expected: 'an absolute path', check: absolute }),
    '/var/lib/sidetail',
    'Checkpoints and dead letters; created if absent.',
  ),
  memoryBudget: n.withDefault(
    n.size({ min: 2 ** 20 }),
    '32MiB',
    'All bytes read and not yet settled: readers and batches in flight. Reading stops when it is used up.',
  ),
  admin: n.withDefault(
    n.oneOf(
      n.object({
        host: n.withDefault(n.string(), '0.0.0.0', 'Address to listen on.'),
        port: n.withDefault(port, 9808, 'Port; 0: any free one, printed in the log line "admin listening".'),
      }),
      n.off(),
    ),
    {},
    'Admin server (`/livez /readyz /metrics /status /quit`); `false`: off.',
  ),
  drainTimeout: n.withDefault(n.duration({ max: 24 * 3_600_000 }), '15s', 'Longest drain after SIGTERM, at most 24h.'),
  cluster: text('Name of the cluster, for metadata and templates.'),
  pod: n.withDefault(
    pod,
    {},
    'Overrides what the environment and the Downward API say of the pod; for running outside a cluster.',
  ),
  inputs: n.required(n.list(input, { min: 1 }), 'Files to read.'),
  filters: n.withDefault(n.list(filter), [], 'Filters of all inputs, in order, behind their own.'),
  outputs: n.required(n.map(outputs), 'Where records go, by name.'),
});

export type Config = n.Decoded<typeof configuration>;
export type InputConfig = Config['inputs'][number];
export type OutputConfig = Config['outputs'][string];

/** The name of the input that stands at `index` in the list. */
export const inputName = (input: { readonly name?: string | undefined }, index: number): string =>
  input.name ?? `input-${index}`;
