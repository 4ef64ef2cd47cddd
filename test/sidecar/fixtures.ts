import pino from 'pino';
import type { PodMetadata } from '../../sidecar/metadata.ts';
import { createTelemetry, type Telemetry } from '../../sidecar/telemetry.ts';
import type { Batch, Input, LogEvent, LogFile } from '../../sidecar/types.ts';

/** An input with the defaults of the configuration, and the given keys over them. */
export const input = (over: Partial<Input> = {}): Input => ({
  name: 'app',
  paths: ['/var/log/app.log'],
  root: undefined,
  exclude: [],
  container: 'app',
  readFrom: 'beginning',
  encoding: 'utf-8',
  maxLineBytes: 2 ** 20,
  onLongLine: 'split',
  multiline: 'none',
  records: undefined,
  format: 'auto',
  time: undefined,
  fields: {},
  filters: [],
  retention: 'keep',
  diskBudget: undefined,
  outputs: undefined,
  ...over,
});

export const logFile = (over: Partial<LogFile> = {}): LogFile => ({
  input: input(),
  dev: 1,
  inode: 2,
  generation: 0,
  id: 'AAAAAAAAAAAAAAAA',
  path: '/var/log/app.log',
  ...over,
});

export const logEvent = (over: Partial<LogEvent> = {}): LogEvent => ({
  file: logFile(),
  start: 0,
  end: 10,
  text: 'hello',
  flags: 0,
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  timeText: undefined,
  observedTime: Date.UTC(2026, 0, 2, 3, 4, 5, 7),
  level: undefined,
  fields: undefined,
  isJson: false,
  ...over,
});

export const pod = (over: Partial<PodMetadata> = {}): PodMetadata => ({
  name: 'web-1',
  namespace: 'shop',
  uid: 'uid-1',
  ip: '10.0.0.1',
  node: 'node-a',
  cluster: undefined,
  labels: {},
  annotations: {},
  ...over,
});

/** A batch of records of one file, each standing for `size` bytes of it, one after the other from `start` on. */
export const batchOf = (file: LogFile, records: readonly string[], size = 10, start = 0): Batch => ({
  body: Buffer.from(records.join('')),
  files: records.map(() => file),
  starts: records.map((_, i) => start + i * size),
  ends: records.map((_, i) => start + (i + 1) * size),
});

export interface Logged {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** Telemetry whose log is kept in memory. */
export function recordedTelemetry(): { telemetry: Telemetry; logged: Logged[] } {
  const logged: Logged[] = [];
  const log = pino({ level: 'trace', base: null }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  return { telemetry: { ...createTelemetry('silent'), log }, logged };
}

/** The value of a counter or gauge with these labels; 0 when it was never moved. */
export async function metric(telemetry: Telemetry, name: string, labels: Record<string, string> = {}): Promise<number> {
  const found = await telemetry.registry.getSingleMetric(`sidetail_${name}`)!.get();
  const same = (own: object): boolean => Object.entries(labels).every(([k, v]) => (own as never)[k] === v);
  return found.values.filter((value) => same(value.labels)).reduce((sum, { value }) => sum + value, 0);
}
