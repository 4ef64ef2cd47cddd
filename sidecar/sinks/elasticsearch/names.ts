import { parseTemplate, type TemplatePart } from '../../../contract/template.ts';
import type { PodMetadata } from '../../metadata.ts';
import type { LogEvent, LogFile } from '../../types.ts';

/** Longest name of an index, bytes (Elasticsearch, "Create index API", index name limits). */
const MAX_BYTES = 255;

/** What an index name may not hold (same page); a line break could otherwise end the action line of a bulk body. */
const FORBIDDEN = /[\\/*?"<>|,#:\s\u0000-\u001f\u007f]/g;

/** Names the index of a record. */
export type NameOf = (event: LogEvent) => string;

/** Compiles a template of an index or data stream name; a value that is missing is `unknown`, what is forbidden becomes `-`. */
export function compileName(template: string, pod: PodMetadata, env: NodeJS.ProcessEnv): NameOf {
  const parsed = parseTemplate(template);
  if ('problem' in parsed) throw new Error(parsed.problem); // the decoder has refused it
  const { parts } = parsed;
  const perEvent = parts.some((part) => part.kind === 'date' || part.kind === 'field');
  const constant = new WeakMap<LogFile, string>();
  return (event) => {
    const cached = perEvent ? undefined : constant.get(event.file);
    if (cached !== undefined) return cached;
    const name = cleanName(parts.map((part) => resolvePart(part, event, pod, env)).join(''));
    if (!perEvent) constant.set(event.file, name);
    return name;
  };
}

/** A name that Elasticsearch takes: lower case, nothing forbidden, no forbidden first character, at most 255 bytes. */
export function cleanName(name: string): string {
  let clean = name
    .toLowerCase()
    .replace(FORBIDDEN, '-')
    .replace(/^[-_+.]+/, '')
    .slice(0, MAX_BYTES);
  while (Buffer.byteLength(clean) > MAX_BYTES) clean = clean.slice(0, -1);
  clean = clean.replace(/[\ud800-\udbff]$/, '').toWellFormed(); // no half of a character
  return clean === '' ? 'unknown' : clean;
}

function resolvePart(part: TemplatePart, event: LogEvent, pod: PodMetadata, env: NodeJS.ProcessEnv): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'date':
      return formatDate(part.pattern, new Date(event.time));
    case 'label':
      return pod.labels[part.name] || 'unknown';
    case 'annotation':
      return pod.annotations[part.name] || 'unknown';
    case 'env':
      return env[part.name] || 'unknown';
    case 'field': {
      const value = event.fields?.[part.name] ?? event.file.input.fields[part.name];
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? String(value) || 'unknown'
        : 'unknown';
    }
    case 'pod': {
      const { input } = event.file;
      const values = {
        namespace: pod.namespace,
        pod: pod.name,
        container: input.container,
        node: pod.node,
        cluster: pod.cluster,
        input: input.name,
      };
      return values[part.name] || 'unknown';
    }
  }
}

function formatDate(pattern: string, date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return pattern.replace(/yyyy|MM|dd|HH/g, (token) => {
    if (token === 'yyyy') return String(date.getUTCFullYear()).padStart(4, '0');
    if (token === 'MM') return two(date.getUTCMonth() + 1);
    return two(token === 'dd' ? date.getUTCDate() : date.getUTCHours());
  });
}

/** The parts of a data stream's name, `TYPE-DATASET-NAMESPACE`, for the fields `data_stream.*`; undefined for a name of another form. */
export function dataStreamFields(name: string): Record<string, unknown> | undefined {
  const match = /^([^-]+)-([^-]+)-(.+)$/.exec(name);
  return match ? { type: match[1], dataset: match[2], namespace: match[3] } : undefined;
}
