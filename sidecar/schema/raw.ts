import type { LogEvent } from '../types.ts';
import { isoTime } from './iso-time.ts';

/** The document of `schema: raw`: the time and the text, nothing else. */
export function rawDocument(event: LogEvent): string {
  return `{"@timestamp":"${event.timeText ?? isoTime(event.time)}","message":${JSON.stringify(event.text)}}`;
}

/** The line as it was, for the standard output. */
export function rawLine(event: LogEvent): string {
  return event.text;
}
