import { timePattern } from '../time/pattern.ts';
import * as n from './node.ts';
import { compilePattern } from './pattern.ts';

/** Formats of lines that are known. */
export const FORMAT_NAMES = [
  'auto',
  'raw',
  'json',
  'logfmt',
  'ltsv',
  'spring',
  'log4j',
  'nginx',
  'nginx-error',
  'apache',
  'syslog',
  'klog',
  'cri',
] as const;

const expression = n.object({
  regex: n.required(
    n.string({
      expected: 'a regular expression with named groups',
      check: (value) => {
        const compiled = compilePattern(value);
        if ('problem' in compiled) return compiled;
        if (/\(\?<\w+>/.test(value)) return undefined;
        return { problem: `/${value}/ has no named group`, fix: 'Name what is to be a field: (?<status>\\d+).' };
      },
    }),
    'An expression with named groups: `(?<time>…) (?<level>…) (?<message>.*)`. Groups are fields.',
  ),
  types: n.withDefault(
    n.map(n.oneOfWords(['string', 'int', 'float', 'bool'])),
    {},
    'Types of the groups, by name; without one a group is a string.',
  ),
});

/** What `format` may be. */
export const format = n.oneOf(n.oneOfWords(FORMAT_NAMES), expression);

const zone = n.string({
  expected: 'a time zone',
  check: (value) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: value });
      return undefined;
    } catch {
      return {
        problem: `"${value}" is no known time zone`,
        fix: 'Give an IANA name such as Asia/Seoul, or an offset such as +09:00.',
      };
    }
  },
});

/** How a number or ISO 8601 says its time. */
const TIME_WORDS: readonly string[] = ['iso', 'epoch', 'epoch_ms', 'epoch_us', 'epoch_ns'];

export const time = n.object({
  field: n.optional(
    n.string(),
    'Field that holds the time. Default: where loggers put it, or its place in the format.',
  ),
  format: n.optional(
    n.string({
      expected: 'a pattern of a time',
      check: (value) => {
        if (TIME_WORDS.includes(value)) return undefined;
        try {
          timePattern(value, undefined);
          return undefined;
        } catch (error) {
          const fix = `Use letters of Java's DateTimeFormatter, conversions of strptime, or one of ${TIME_WORDS.join(', ')}.`;
          return { problem: `"${value}" is no pattern of a time: ${(error as Error).message}`, fix };
        }
      },
    }),
    "How it is written: a pattern of Java's DateTimeFormatter (`yyyy-MM-dd HH:mm:ss.SSS`) or of strptime (`%Y-%m-%d %H:%M:%S`), `iso`, `epoch`, `epoch_ms`, `epoch_us` or `epoch_ns`.",
  ),
  zone: n.optional(
    zone,
    'IANA zone of times that name none, with its daylight saving time. Default UTC; with `format: auto` such times are not used.',
  ),
});

export type FormatConfig = n.Decoded<typeof format>;
export type TimeConfig = n.Decoded<typeof time>;
