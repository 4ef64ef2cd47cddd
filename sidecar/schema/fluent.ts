import type { PodMetadata } from '../metadata.ts';
import { isoTime } from './iso-time.ts';
import { compact, dedot, fieldsJson, type Json, perFile, type Render } from './json.ts';

/**
 * Records as Fluentd's and Fluent Bit's kubernetes filter leave them (`log`, `stream`, `kubernetes.*`, parsed fields under `log_processed` as with
 * `Merge_Log_Key log_processed`): so that queries, dashboards and metric filters of EFK and Container Insights go on working.
 */
export function fluent(pod: PodMetadata): Render {
  const tail = perFile((file) => {
    const kubernetes: Json =
      compact({
        pod_name: pod.name,
        namespace_name: pod.namespace,
        pod_id: pod.uid,
        pod_ip: pod.ip,
        host: pod.node,
        container_name: file.input.container,
        labels: dedot(pod.labels),
        annotations: dedot(pod.annotations),
      }) ?? {};
    return `,"stream":"stdout","kubernetes":${JSON.stringify(kubernetes)}}`;
  });
  return (event) => {
    const time = event.timeText ?? isoTime(event.time);
    const fields = fieldsJson(event);
    const processed = event.fields === undefined && fields === '' ? '' : `,"log_processed":{${fields}}`;
    return `{"@timestamp":"${time}","log":${JSON.stringify(event.text)}${processed}${tail(event.file)}`;
  };
}
