import { FLAGS, type Frame, type LogEvent } from '../types.ts';
import { levelInText, levelOf } from './level.ts';
import { timeOf } from './time.ts';

type Fields = Readonly<Record<string, unknown>>;
export type Format = 'raw' | 'json' | 'auto';

/** Where JSON loggers put level and time, most usual first: ECS, Logback, pino, zap, slog, Serilog, Bunyan. */
const LEVEL_KEYS = ['level', 'log.level', 'severity', 'lvl', '@l', 'levelname', 'loglevel'] as const;
const TIME_KEYS = ['@timestamp', 'timestamp', 'time', 'ts', '@t', 'datetime'] as const;

/**
 * A frame with what is found in it. A frame that does not parse is still an event, flagged `parse_failed`; nothing is thrown away here.
 * `now` is the time of reading, ms since the epoch.
 */
export function parse(frame: Frame, format: Format, now: number): LogEvent {
  if (format === 'raw') return textEvent(frame, now, frame.flags, false);
  if (format === 'auto' && frame.text.charCodeAt(0) !== 123) return textEvent(frame, now, frame.flags, true);
  const fields = jsonObject(frame.text);
  if (fields === undefined) {
    return textEvent(frame, now, format === 'json' ? frame.flags | FLAGS.parse_failed : frame.flags, true);
  }
  const time = firstOf(fields, TIME_KEYS, timeOf);
  return {
    file: frame.file,
    start: frame.start,
    end: frame.end,
    text: frame.text,
    flags: time === undefined ? frame.flags | FLAGS.time_from_read : frame.flags,
    time: time?.time ?? now,
    timeText: time?.text,
    observedTime: now,
    level: firstOf(fields, LEVEL_KEYS, levelOf) ?? nestedLevel(fields),
    fields,
  };
}

function textEvent(frame: Frame, now: number, flags: number, findLevel: boolean): LogEvent {
  return {
    file: frame.file,
    start: frame.start,
    end: frame.end,
    text: frame.text,
    flags: flags | FLAGS.time_from_read,
    time: now,
    timeText: undefined,
    observedTime: now,
    level: findLevel ? levelInText(frame.text) : undefined,
    fields: undefined,
  };
}

/** The JSON object that the text is, or undefined. The text must be one whole line: no raw line break can be in it. */
function jsonObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function firstOf<T>(fields: Fields, keys: readonly string[], read: (value: unknown) => T | undefined): T | undefined {
  for (const key of keys) {
    const value = fields[key];
    const found = value === undefined ? undefined : read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `{"log":{"level":"ERROR"}}`: ECS written as nested objects. */
function nestedLevel(fields: Fields): LogEvent['level'] {
  const log = fields.log;
  return typeof log === 'object' && log !== null ? levelOf((log as Fields).level) : undefined;
}
