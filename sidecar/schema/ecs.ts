import type { PodMetadata } from '../metadata.ts';
import type { LogEvent, LogFile } from '../types.ts';
import { isoTime } from './iso-time.ts';
import { compact, dedot, fieldsJson, flagsJson, type Json, perFile, type Render } from './json.ts';

/** Version of the Elastic Common Schema that the documents follow. */
const ECS_VERSION = '8.17.0';

/**
 * Documents in the Elastic Common Schema. `message` is the whole text of the record; the fields of a JSON line stand under `app` exactly
 * as they were written (the text is spliced in, never serialised again), with the input's static fields.
 * `dataStream`: the parts of the stream's name, for `data_stream.*`.
 */
export function ecs(pod: PodMetadata, dataStream: (file: LogFile) => Json | undefined): Render {
  const constant = perFile((file) => ({ file: fileJson(file), tail: tailJson(pod, file, dataStream(file)) }));
  return (event) => {
    const own = constant(event.file);
    const observed = isoTime(event.observedTime);
    const time = event.timeText ?? (event.time === event.observedTime ? observed : isoTime(event.time));
    const level = event.level === undefined ? '' : `"level":"${event.level.toUpperCase()}",`;
    const flags = event.flags === 0 ? '' : `"flags":${flagsJson(event.flags)},`;
    const logger = event.fields === undefined ? '' : known('logger', event.fields, LOGGER_KEYS);
    const log = `{"@timestamp":"${time}","message":${JSON.stringify(event.text)},"log":{${level}${logger}"offset":${event.start},${flags}${own.file}}`;
    return `${log},"event":{"created":"${observed}"}${app(event)}${own.tail}`;
  };
}

const LOGGER_KEYS = ['log.logger', 'logger', 'logger_name', 'loggerName'] as const;
const THREAD_KEYS = ['process.thread.name', 'thread', 'thread_name', 'threadName'] as const;

const PLACED = new Set<string>([...LOGGER_KEYS, ...THREAD_KEYS]);

function known(name: string, fields: Readonly<Json>, keys: readonly string[]): string {
  const key = keys.find((k) => typeof fields[k] === 'string');
  return key === undefined ? '' : `"${name}":${JSON.stringify(fields[key])},`;
}

/** The record's own fields under `app`, with the input's static ones. */
function app(event: LogEvent): string {
  const { fields } = event;
  const thread = fields === undefined ? '' : known('name', fields, THREAD_KEYS);
  const before = thread === '' ? '' : `,"process":{"thread":{${thread.slice(0, -1)}}}`;
  const own = fieldsJson(event, PLACED);
  return fields === undefined && own === '' ? before : `${before},"app":{${own}}`;
}

function fileJson(file: LogFile): string {
  return `"file":{"path":${JSON.stringify(file.path)}}`;
}

/** Everything that is the same for all records of a file, with the closing brace. */
function tailJson(pod: PodMetadata, file: LogFile, dataStream: Json | undefined): string {
  const container = file.input.container;
  const service = pod.labels['app.kubernetes.io/name'] ?? pod.labels.app ?? container;
  const kubernetes = compact({
    namespace: pod.namespace,
    pod: compact({ name: pod.name, uid: pod.uid, ip: pod.ip }),
    node: compact({ name: pod.node }),
    container: compact({ name: container }),
    labels: dedot(pod.labels),
    annotations: dedot(pod.annotations),
  });
  const tail = compact({
    service: compact({ name: service }),
    host: compact({ name: pod.node ?? pod.name }),
    container: compact({ name: container }),
    orchestrator: pod.cluster === undefined ? undefined : { cluster: { name: pod.cluster }, type: 'kubernetes' },
    kubernetes,
    data_stream: dataStream,
    ecs: { version: ECS_VERSION },
  });
  return `,${JSON.stringify(tail).slice(1)}`;
}
