import type { Level } from '../types.ts';

/** Every spelling that we know of a level, in lower case. Sources: Logback, Log4j, java.util.logging, Python, zap, slog, syslog (RFC 5424). */
const SPELLINGS: ReadonlyMap<string, Level> = new Map(
  Object.entries({
    trace: 'trace',
    finest: 'trace',
    finer: 'trace',
    verbose: 'debug',
    debug: 'debug',
    dbg: 'debug',
    fine: 'debug',
    config: 'debug',
    info: 'info',
    information: 'info',
    informational: 'info',
    notice: 'info',
    warn: 'warn',
    warning: 'warn',
    err: 'error',
    error: 'error',
    severe: 'error',
    fatal: 'fatal',
    critical: 'fatal',
    crit: 'fatal',
    alert: 'fatal',
    emerg: 'fatal',
    emergency: 'fatal',
    panic: 'fatal',
    dpanic: 'fatal',
  } as const),
);

/**
 * A level field's value as a level: words in any case, pino's and bunyan's numbers (10 trace … 60 fatal); undefined when it is none, as
 * other loggers' numbers are (Monolog's 200 is INFO).
 */
export function levelOf(value: unknown): Level | undefined {
  if (typeof value === 'string') return SPELLINGS.get(value.trim().toLowerCase());
  if (typeof value !== 'number' || value < 10 || value >= 70) return undefined;
  return (['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)[Math.floor(value / 10) - 1];
}

/**
 * The level word of a line of text: upper case and standing alone (`2021-10-23 14:15:48.491 [main] INFO  k.s.HealthApi - …`, `[ERROR] …`,
 * `level=WARN`), within the first 160 characters, so that a word in the prose of a message is no level.
 */
const IN_TEXT = /(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL)(?![\w$-])/g;
/** What may not stand before it. */
const IN_WORD = /[\w$.-]/;

/** The level that a line of text names, if it names one. */
export function levelInText(text: string): Level | undefined {
  const head = text.length > 160 ? text.slice(0, 160) : text;
  IN_TEXT.lastIndex = 0;
  for (let match = IN_TEXT.exec(head); match !== null; match = IN_TEXT.exec(head)) {
    if (match.index === 0 || !IN_WORD.test(head[match.index - 1]!)) return UPPER.get(match[0]);
  }
  return undefined;
}

const UPPER: ReadonlyMap<string, Level> = new Map([...SPELLINGS].map(([word, level]) => [word.toUpperCase(), level]));
