import type { PodMetadata } from '../metadata.ts';
import { FLAGS, type Flag, type LogEvent, type LogFile } from '../types.ts';
import { isoTime } from './iso-time.ts';

/** A record as one JSON object, without a line break. */
export type Render = (event: LogEvent) => string;

/** Version of the Elastic Common Schema that the documents follow. */
const ECS_VERSION = '8.17.0';

type Json = Record<string, unknown>;

/**
 * Documents in the Elastic Common Schema. `message` is the whole text of the record; the fields of a JSON line stand under `app` exactly
 * as they were written (the text is spliced in, never serialised again), with the input's static fields.
 * `dataStream`: the parts of the stream's name, for `data_stream.*`.
 */
export function ecs(pod: PodMetadata, dataStream: (file: LogFile) => Json | undefined): Render {
  const constants = new WeakMap<LogFile, { path: string; file: string; tail: string; app: string }>();
  return (event) => {
    let own = constants.get(event.file);
    if (own === undefined || own.path !== event.file.path) {
      own = {
        path: event.file.path,
        file: fileJson(event.file),
        tail: tailJson(pod, event.file, dataStream(event.file)),
        app: appJson(event.file),
      };
      constants.set(event.file, own);
    }
    const observed = isoTime(event.observedTime);
    const time = event.timeText ?? (event.time === event.observedTime ? observed : isoTime(event.time));
    const level = event.level === undefined ? '' : `"level":"${event.level.toUpperCase()}",`;
    const flags = event.flags === 0 ? '' : `"flags":${flagsJson(event.flags)},`;
    const logger = event.fields === undefined ? '' : known('logger', event.fields, LOGGER_KEYS);
    const log = `{"@timestamp":"${time}","message":${JSON.stringify(event.text)},"log":{${level}${logger}"offset":${event.start},${flags}${own.file}}`;
    return `${log},"event":{"created":"${observed}"}${app(event, own.app)}${own.tail}`;
  };
}

const LOGGER_KEYS = ['log.logger', 'logger', 'logger_name', 'loggerName'] as const;
const THREAD_KEYS = ['process.thread.name', 'thread', 'thread_name', 'threadName'] as const;

const PLACED = new Set<string>([...LOGGER_KEYS, ...THREAD_KEYS]);

function known(name: string, fields: Readonly<Json>, keys: readonly string[]): string {
  const key = keys.find((k) => typeof fields[k] === 'string');
  return key === undefined ? '' : `"${name}":${JSON.stringify(fields[key])},`;
}

/** The record's own fields under `app`; a static field gives way to one of the same name that the record has. */
function app(event: LogEvent, constant: string): string {
  const { fields } = event;
  if (fields === undefined) return constant === '' ? '' : `,"app":{${constant}}`;
  const thread = known('name', fields, THREAD_KEYS);
  const before = thread === '' ? '' : `,"process":{"thread":{${thread.slice(0, -1)}}}`;
  // A JSON line's object is spliced in as it was written; of another format what has no place of its own is left.
  const own =
    event.isJson && event.exact === undefined
      ? event.text.trim().slice(1).trimStart()
      : `${staticJson(written(event))}}`;
  if (constant === '') return `${before},"app":{${own}`;
  const statics = Object.keys(event.file.input.fields).some((key) => Object.hasOwn(fields, key))
    ? staticJson(
        Object.fromEntries(Object.entries(event.file.input.fields).filter(([key]) => !Object.hasOwn(fields, key))),
      )
    : constant;
  return `${before},"app":{${statics}${statics !== '' && own !== '}' ? ',' : ''}${own}`;
}

/** The fields as they are to be written; of another format than JSON without those that stand in other places of the document. */
function written({ exact, fields, isJson }: LogEvent): Readonly<Json> {
  const all = exact ?? fields ?? {};
  return isJson ? all : Object.fromEntries(Object.entries(all).filter(([key]) => !PLACED.has(key)));
}

const FLAG_LISTS = new Map<number, string>();

/** `["partial","time_from_read"]`: one string for each combination that occurs. */
function flagsJson(flags: number): string {
  let json = FLAG_LISTS.get(flags);
  if (json === undefined) {
    json = JSON.stringify((Object.keys(FLAGS) as Flag[]).filter((flag) => (flags & FLAGS[flag]) !== 0));
    FLAG_LISTS.set(flags, json);
  }
  return json;
}

function fileJson(file: LogFile): string {
  return `"file":{"path":${JSON.stringify(file.path)}}`;
}

function appJson(file: LogFile): string {
  return staticJson(file.input.fields);
}

/** The inside of an object, without its braces. */
function staticJson(fields: Readonly<Json>): string {
  return JSON.stringify(fields).slice(1, -1);
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

/** The object without what is undefined; undefined when nothing is left. */
function compact(object: Json): Json | undefined {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Dots in keys become underscores, as Beats do: `app` and `app.kubernetes.io/name` would be a value and an object of the same field. */
function dedot(values: Readonly<Record<string, string>>): Json | undefined {
  return compact(Object.fromEntries(Object.entries(values).map(([key, value]) => [key.replaceAll('.', '_'), value])));
}
