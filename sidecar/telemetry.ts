import pino, { type Logger } from 'pino';
import { Counter, Gauge, Registry } from 'prom-client';

/** The sidecar's own log (pino, JSON lines on stderr) and its metrics (Prometheus, prefix `sidetail_`). */
export interface Telemetry {
  readonly log: Logger;
  readonly registry: Registry;
  readonly metrics: Metrics;
}

export type Metrics = ReturnType<typeof defineMetrics>;

/** Everything that is counted. Counters are moved once a chunk or a batch, never once a line. */
function defineMetrics(registry: Registry) {
  const counter = <const L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name: `sidetail_${name}`, help, labelNames, registers: [registry] });
  const gauge = <const L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name: `sidetail_${name}`, help, labelNames, registers: [registry] });
  return {
    bytesRead: counter('bytes_read_total', 'Bytes of log files turned into records.', ['input']),
    recordsRead: counter('records_read_total', 'Records read from log files.', ['input']),
    recordsFlagged: counter('records_flagged_total', 'Records with a flag, by flag.', ['flag']),
    recordsFiltered: counter('records_filtered_total', 'Records that a filter stopped, by rule.', [
      'input',
      'rule',
      'kind',
    ]),
    recordsDropped: counter('records_dropped_total', 'Records settled without delivery, by reason.', ['reason']),
    bytesDropped: counter('bytes_dropped_total', 'Bytes of log files settled without delivery, by reason.', ['reason']),
    recordsDelivered: counter('records_delivered_total', 'Records delivered.', ['output']),
    recordsRepeated: counter(
      'records_repeated_total',
      'Records that were in the index already (409): counted in delivered too.',
      ['output'],
    ),
    recordsRetried: counter('records_retried_total', 'Records sent once more, by reason.', ['output', 'reason']),
    recordsDeadLettered: counter(
      'records_dead_lettered_total',
      'Records refused for good and kept in the dead letter.',
      ['output', 'reason'],
    ),
    deadLettersEvicted: counter('dead_letters_evicted_total', 'Dead letters that went to make room for newer ones.', [
      'output',
    ]),
    requests: counter('requests_total', 'Requests, by result.', ['output', 'result']),
    bytesSent: counter('bytes_sent_total', 'Bytes of request bodies, after compression.', ['output']),
    inFlight: gauge('requests_in_flight', 'Requests under way.', ['output']),
    queuedBytes: gauge('queue_bytes', 'Bytes rendered and not yet settled.', ['output']),
    held: gauge('output_held', '1 while an output refuses us (401, 403, 404) and its data is kept.', ['output']),
    accountedBytes: gauge(
      'accounted_bytes',
      'Bytes of log files since the configuration took effect, by state: read = settled + in_flight + held.',
      ['output', 'state'],
    ),
    accountingErrors: counter('accounting_errors_total', 'Outputs whose accounts did not add up: a bug.', ['output']),
    filesOpen: gauge('files_open', 'Files held open.', []),
    filesOpened: counter('input_files_opened_total', 'Files opened.', ['input']),
    filesRotated: counter('input_files_rotated_total', 'Files that were renamed or deleted while we read them.', [
      'input',
    ]),
    filesTruncated: counter('input_files_truncated_total', 'Files that became shorter or were written anew in place.', [
      'input',
    ]),
    filesClosed: counter('input_files_closed_total', 'Files closed.', ['input']),
    unlinkedBytes: gauge(
      'unlinked_open_bytes',
      'Disk space of deleted files that are held open until they are read.',
      [],
    ),
    filesDeleted: counter('input_files_deleted_total', 'Rotated files that were delivered and deleted.', ['input']),
    bytesFreed: counter('disk_bytes_freed_total', 'Disk space of delivered bytes that was given back.', ['input']),
    diskUsed: gauge('disk_used_bytes', 'Disk space of the files of an input that has a retention.', ['input']),
    fileErrors: counter('file_errors_total', 'Failures to open or read a file, by code.', ['input', 'code']),
    lagBytes: gauge('lag_bytes', 'Bytes in files that are not yet settled.', []),
    memoryUsed: gauge('memory_used_bytes', 'Bytes charged to the memory budget.', []),
    memoryBudget: gauge('memory_budget_bytes', 'The memory budget.', []),
    checkpointSaves: counter('checkpoint_saves_total', 'Checkpoints written, by result.', ['result']),
    configReloads: counter('config_reloads_total', 'Configuration files read again, by result.', ['result']),
  };
}

/** A logger at `level` that writes to file descriptor 2, and empty metrics. */
export function createTelemetry(level: string): Telemetry {
  const registry = new Registry();
  const known = level === 'silent' || level in pino.levels.values;
  const log = pino(
    { level: known ? level : 'info', base: { name: 'sidetail' }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  if (!known)
    log.warn(
      {
        key: 'SIDETAIL_LOG_LEVEL',
        value: level,
        fix: `use one of ${Object.keys(pino.levels.values).join(', ')}, silent`,
      },
      'unknown log level: info is used',
    );
  return { log, registry, metrics: defineMetrics(registry) };
}
