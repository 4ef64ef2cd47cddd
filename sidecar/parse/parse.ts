import type { RecordTime } from '../../contract/time/pattern.ts';
import { FLAGS, type Frame, type Input, type LogEvent } from '../types.ts';
import { autoFormat } from './auto.ts';
import { FORMATS, readFormat, readTime } from './formats.ts';
import type { Found, ReadText } from './found.ts';
import { json } from './json.ts';
import { levelInText, levelOf } from './level.ts';
import { logfmt } from './logfmt.ts';
import { ltsv } from './ltsv.ts';
import { regexFormat } from './regex.ts';
import { type ReadValue, valueReader } from './time-value.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where loggers put level and time, most usual first: ECS, Logback, pino, zap, slog, Serilog, Bunyan, structlog, Monolog. */
const LEVEL_KEYS = ['level', 'log.level', 'severity', 'lvl', '@l', 'levelname', 'level_name', 'loglevel'] as const;
const TIME_KEYS = ['@timestamp', 'timestamp', 'time', 'ts', '@t', 'datetime'] as const;

/** A record's time that is before this, or more than a day after it was read, is none: a clock that was never set, a wrong format. */
const EARLIEST = Date.UTC(1971, 0, 1);
const DAY = 24 * 3_600_000;

/** Makes events of the records of an input. */
export interface Parser {
  /**
   * A frame with what is found in it. A frame that does not parse is still an event, flagged `parse_failed`; nothing is thrown away here.
   * `now` is the time of reading, ms since the epoch.
   */
  parse(frame: Frame, now: number): LogEvent;
  /** How many records were of which format; `text`: of none. */
  readonly formats: ReadonlyMap<string, number>;
}

/** How a format reads a text, and the time in its place. */
interface Reader {
  readonly name: string;
  readonly read: ReadText;
  readonly time: ReadValue | undefined;
}

/** The parser of an input's configuration. */
export function parserOf({ format, time }: Pick<Input, 'format' | 'time'>): Parser {
  const formats = new Map<string, number>();
  const count = (name: string): void => void formats.set(name, (formats.get(name) ?? 0) + 1);
  const { field, format: pattern, zone } = time ?? NO_TIME;
  const value = valueReader({ format: pattern, zone });
  const isAuto = format === 'auto';
  const reader = (name: string, read: ReadText, patterns?: readonly string[]): Reader => {
    // With `auto` nobody said in which zone the application is: a time without one would be hours off, and look right.
    const own = patterns && (isAuto && zone === undefined ? patterns.filter((one) => /[XZ]/.test(one)) : patterns);
    return { name, read, time: pattern === undefined ? own && byText(readTime(own, zone)) : value };
  };
  const known = (name: keyof typeof FORMATS): Reader => reader(name, readFormat(FORMATS[name]), FORMATS[name].time);
  const keyed = {
    json: reader('json', json),
    logfmt: reader('logfmt', logfmt),
    ltsv: reader('ltsv', ltsv, LTSV_TIMES),
  };
  const one = (): Reader | undefined => {
    if (typeof format === 'object') return reader('regex', regexFormat(format.regex, format.types));
    if (format === 'auto' || format === 'raw') return undefined;
    return format in keyed ? keyed[format as keyof typeof keyed] : known(format as keyof typeof FORMATS);
  };
  const single = one();
  const auto = isAuto
    ? autoFormat(
        [...(Object.keys(FORMATS) as (keyof typeof FORMATS)[]).map(known), keyed.logfmt, keyed.ltsv],
        keyed.json,
      )
    : undefined;
  const keys = field === undefined ? TIME_KEYS : [field];

  function alone(text: string): readonly [Reader, Found] | undefined {
    const found = single?.read(text);
    return found && [single!, found];
  }

  function parse(frame: Frame, now: number): LogEvent {
    const chosen = auto === undefined ? alone(frame.text) : auto(frame.text);
    if (chosen === undefined) {
      count('text');
      const failed = single === undefined ? 0 : FLAGS.parse_failed;
      return event(frame, now, failed, undefined, undefined, format === 'raw' ? undefined : levelInText(frame.text));
    }
    const [by, found] = chosen;
    count(by.name);
    const time = timeIn(found, by, now);
    const level = found.level ?? levelIn(found.fields);
    // What is read from a field of another format stands in its own place now; a JSON line is shipped as it was written.
    if (!found.isJson)
      for (const name of [...(time ? keys : []), ...(level ? LEVEL_KEYS : [])]) delete found.fields[name];
    return event(frame, now, 0, found, time, level);
  }

  /** The time in the format's place for it, or in a field. One that is absurd is none. */
  function timeIn(found: Found, chosen: Reader, now: number): RecordTime | undefined {
    const placed = found.time === undefined || field !== undefined ? undefined : chosen.time?.(found.time, now);
    const read = placed ?? firstOf(found.fields, keys, (one) => value(one, now) ?? chosen.time?.(one, now));
    return read !== undefined && read.time >= EARLIEST && read.time <= now + DAY ? read : undefined;
  }

  return { parse, formats };
}

const NO_TIME = { field: undefined, format: undefined, zone: undefined };

/** Apache's and nginx' `$time_local`, and what labels of LTSV hold besides. */
const LTSV_TIMES = ['dd/MMM/yyyy:HH:mm:ss Z', '[dd/MMM/yyyy:HH:mm:ss Z]'];

const byText =
  (read: (text: string, now: number) => RecordTime | undefined): ReadValue =>
  (one, now) =>
    typeof one === 'string' ? read(one, now) : undefined;

function event(
  frame: Frame,
  now: number,
  flags: number,
  found: Found | undefined,
  time: RecordTime | undefined,
  level: LogEvent['level'],
): LogEvent {
  return {
    file: frame.file,
    start: frame.start,
    end: frame.end,
    text: frame.text,
    flags: frame.flags | flags | (time === undefined ? FLAGS.time_from_read : 0),
    time: time?.time ?? now,
    timeText: time?.text,
    observedTime: now,
    level,
    fields: found?.fields,
    isJson: found?.isJson ?? false,
    ...(found?.exact === undefined ? {} : { exact: found.exact }),
  };
}

function firstOf<T>(fields: Fields, keys: readonly string[], read: (value: unknown) => T | undefined): T | undefined {
  for (const key of keys) {
    const value = fields[key] ?? nested(fields, key);
    const found = value === undefined ? undefined : read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `log.level` of `{"log":{"level":"ERROR"}}`: ECS written as nested objects. */
function nested(fields: Fields, key: string): unknown {
  const dot = key.indexOf('.');
  if (dot === -1) return undefined;
  const inner = fields[key.slice(0, dot)];
  return typeof inner === 'object' && inner !== null ? (inner as Fields)[key.slice(dot + 1)] : undefined;
}

const levelIn = (fields: Fields): LogEvent['level'] => firstOf(fields, LEVEL_KEYS, levelOf);
