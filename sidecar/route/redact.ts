import { compilePattern } from '../../contract/config/pattern.ts';
import type { LogEvent } from '../types.ts';
import { type Changes, jsonText, withChanges } from './change.ts';
import { fieldOf } from './condition.ts';

/** Replaces what patterns match, and the values of fields: in the fields, and in the text. */
export function redactor(options: {
  readonly fields: readonly string[];
  readonly patterns: readonly string[];
  readonly with: string;
}): (event: LogEvent) => LogEvent {
  const { fields, with: instead } = options;
  const patterns = options.patterns.map((source) => {
    const pattern = compilePattern(source);
    if ('problem' in pattern) throw new Error(pattern.problem); // the configuration's check has taken it
    return new RegExp(pattern.regex.source, 'g');
  });
  const clean = (text: string): string =>
    patterns.reduce((rest, pattern) => rest.replaceAll(pattern, () => instead), text);
  const changes: Changes = {
    value: (value, path) => {
      if (fields.includes(path)) return instead;
      const cleaned = clean(value);
      return cleaned === value ? undefined : cleaned;
    },
    container: (path) => (fields.includes(path) ? instead : undefined),
    entries: (entries) =>
      entries.some(([key]) => clean(key) !== key) ? entries.map(([key, value]) => [clean(key), value]) : undefined,
  };
  return (event) => {
    const changed = event.fields === undefined ? event : withChanges(event, changes);
    if (event.isJson) {
      const text = changed === event ? event.text : jsonText(changed);
      const left = clean(text);
      if (left === text) return changed === event ? event : { ...changed, text };
      // In the first of two equal keys: then the text may be no object any more that could be spliced in.
      return { ...changed, text: left, isJson: false, exact: changed.exact ?? { ...changed.fields } };
    }
    let text = clean(event.text);
    // Of other formats the value stands in the text as it was read.
    for (const name of fields) {
      const value = fieldOf(event.fields, name);
      if (value !== undefined && String(value) !== '') text = text.replaceAll(String(value), () => instead);
    }
    return text === event.text ? changed : { ...changed, text };
  };
}
