import type { PodMetadata } from '../metadata.ts';
import type { Level, LogEvent } from '../types.ts';
import { isoTime } from './iso-time.ts';
import { compact, dedot, fieldsJson, flagsJson, type Json, perFile, type Render } from './json.ts';

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber: the first of each range. */
const SEVERITY: Readonly<Record<Level, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

/**
 * Records in OpenTelemetry's log data model, as Elasticsearch's `otel` mapping mode writes them: the record's own fields and where it came from
 * under `attributes`, the pod under `resource.attributes` by the semantic conventions.
 */
export function otel(pod: PodMetadata): Render {
  const tail = perFile((file) => {
    const attributes: Json =
      compact({
        'service.name': pod.labels['app.kubernetes.io/name'] ?? pod.labels.app ?? file.input.container,
        'k8s.namespace.name': pod.namespace,
        'k8s.pod.name': pod.name,
        'k8s.pod.uid': pod.uid,
        'k8s.pod.ip': pod.ip,
        'k8s.node.name': pod.node,
        'k8s.container.name': file.input.container,
        'k8s.cluster.name': pod.cluster,
        // Dots as everywhere else: `app` and `app.kubernetes.io/name` would be a text and an object of one field.
        ...Object.fromEntries(
          Object.entries(dedot(pod.labels) ?? {}).map(([key, value]) => [`k8s.pod.label.${key}`, value]),
        ),
      }) ?? {};
    return `,"resource":{"attributes":${JSON.stringify(attributes)}}}`;
  });
  return (event) => {
    const observed = isoTime(event.observedTime);
    const time = event.timeText ?? isoTime(event.time);
    const { level } = event;
    const severity =
      level === undefined ? '' : `,"severity_text":"${level.toUpperCase()}","severity_number":${SEVERITY[level]}`;
    const body = `"body":{"text":${JSON.stringify(event.text)}}`;
    return `{"@timestamp":"${time}","observed_timestamp":"${observed}"${severity},${body},"attributes":{${attributes(event)}}${tail(event.file)}`;
  };
}

/**
 * Where it came from (names of the semantic conventions, where there are some), then its own fields. Those of a record that speaks of `log` itself
 * win: two of one name, or a text where an object is, would have the document refused.
 */
function attributes(event: LogEvent): string {
  const flags = event.flags === 0 ? '' : `,"log.flags":${flagsJson(event.flags)}`;
  const origin = `"log.file.path":${JSON.stringify(event.file.path)},"log.file.offset":${event.start}${flags}`;
  const fields = fieldsJson(event);
  if (Object.keys({ ...event.file.input.fields, ...event.fields }).some((key) => /^log(?:$|\.)/.test(key)))
    return fields;
  return fields === '' ? origin : `${origin},${fields}`;
}
