import { type ReadTime, timePattern } from '../../contract/time/pattern.ts';
import type { Level } from '../types.ts';
import type { Found, ReadText } from './found.ts';
import { levelOf } from './level.ts';

/** A format of lines that an expression with named groups describes. The groups `time` and `level` are what they say, all others are fields. */
export interface Format {
  readonly patterns: readonly RegExp[];
  /** How its time is written, as patterns of Java's DateTimeFormatter. */
  readonly time: readonly string[];
  /** Groups that are numbers. */
  readonly numbers?: readonly string[];
  /** The level that a `priority` or a `severity` is. */
  readonly level?: (text: string) => Level | undefined;
}

const TIME = String.raw`(?<time>(?:\d{4}-\d{2}-\d{2}[T ])?\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)`;
const LEVEL = '(?<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|OFF)';
const ISO_LIKE = [
  'yyyy-MM-ddTHH:mm:ss.SSSXXX',
  'yyyy-MM-ddTHH:mm:ss.SSS',
  'yyyy-MM-ddTHH:mm:ssXXX',
  'yyyy-MM-ddTHH:mm:ss',
];

/** The first line of a record alone is of the format: what follows is a trace, or more of the message. */
const line = (source: string): RegExp => new RegExp(`^${source}`);

/** Logback's patterns with the level behind the thread or before it, and a dash before the message. */
const LOGBACK = [
  line(String.raw`${TIME} +\[(?<thread>[^\]]*)\] +${LEVEL} +(?<logger>\S+) +- .*`),
  line(String.raw`${TIME} +${LEVEL} +\[(?<thread>[^\]]*)\] +(?<logger>\S+) *[-:] .*`),
];

/**
 * Spring Boot's default pattern (org/springframework/boot/logging/logback/defaults.xml): 2.x without, 3.4 and later with the application's name,
 * and with a correlation (`[trace-span]`) where tracing is on.
 */
const spring: Format = {
  patterns: [
    line(
      String.raw`${TIME} +${LEVEL} +(?<pid>\d+) --- (?:\[(?<application>[^\]]*)\] )?\[ *(?<thread>[^\]]*)\] (?:\[(?<correlation>[\da-f]*-[\da-f]*|[\da-f ]*)\] ?)?(?<logger>\S+) +: .*`,
    ),
    ...LOGBACK,
  ],
  time: ISO_LIKE,
  numbers: ['pid'],
};

/** Log4j 2: its default configuration, and the patterns of its manual (`%d %p %c{1.} [%t] %m%n`). */
const log4j: Format = {
  patterns: [
    ...LOGBACK,
    line(String.raw`${TIME} +${LEVEL} +(?<logger>[\w.$]+) +\[(?<thread>[^\]]*)\] .*`),
    line(String.raw`${TIME} +\[?(?<thread>[^\]\s]+)\]? +${LEVEL} +(?:(?<logger>[\w.$]+) +)?(?:- )?.*`),
  ],
  time: ISO_LIKE,
};

/** `"GET /path HTTP/1.1"` of access logs; what is no request line is one field. */
const REQUEST = String.raw`"(?:(?<method>[A-Z]{3,10}) (?<path>[^" ]*(?: [^"]*?)?) (?<protocol>HTTP\/[\d.]+)|(?<request>(?:[^"\\]|\\.)*))"`;
const ACCESS = String.raw`(?<client>\S+) (?<ident>\S+) (?<user>.+?) \[(?<time>[^\]]+)\] ${REQUEST} (?<status>\d{3}|-) (?<bytes>\d+|-)`;
const AGENT = String.raw` "(?<referer>(?:[^"\\]|\\.)*)" "(?<user_agent>(?:[^"\\]|\\.)*)"`;
const ACCESS_TIME = ['dd/MMM/yyyy:HH:mm:ss Z'];

/** https://nginx.org/en/docs/http/ngx_http_log_module.html: `combined`, also with `"$http_x_forwarded_for"` behind it (the image's `main`). */
const nginx: Format = {
  patterns: [line(`${ACCESS}${AGENT}(?: "(?<forwarded_for>[^"]*)")?`), line(ACCESS)],
  time: ACCESS_TIME,
  numbers: ['status', 'bytes'],
};

/** https://httpd.apache.org/docs/2.4/logs.html: `common`, `combined`, `vhost_combined`; and its error log. */
const apache: Format = {
  patterns: [
    line(String.raw`(?:(?<vhost>[\w.*-]+:\d+) )?${ACCESS}(?:${AGENT})?`),
    line(
      String.raw`\[(?<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d+)? \d{4})\] \[(?:(?<module>[\w-]*):)?(?<level>[a-z]+)\d?\](?: \[pid (?<pid>\d+)(?::tid (?<tid>\d+))?\])? .*`,
    ),
  ],
  time: [...ACCESS_TIME, 'EEE MMM dd HH:mm:ss.SSS yyyy', 'EEE MMM dd HH:mm:ss yyyy'],
  numbers: ['status', 'bytes', 'pid'],
};

/** https://nginx.org/en/docs/ngx_core_module.html#error_log */
const nginxError: Format = {
  patterns: [
    line(
      String.raw`(?<time>\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2}) \[(?<level>[a-z]+)\] (?<pid>\d+)#(?<tid>\d+): (?:\*(?<connection>\d+) )?(?:.*?)(?:, client: (?<client>[^,]*))?(?:, server: (?<server>[^,]*))?(?:, request: "(?<request>.*?)")?(?:, upstream: "(?<upstream>[^"]*)")?(?:, host: "(?<host>[^"]*)")?(?:, referrer: "(?<referer>[^"]*)")?$`,
    ),
  ],
  time: ['yyyy/MM/dd HH:mm:ss'],
  numbers: ['pid', 'tid', 'connection'],
};

/** RFC 5424, section 6.2.1: severity is the priority modulo eight. */
const SEVERITIES: readonly Level[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];

/** RFC 5424; RFC 3164 as syslog daemons write it to files, with and without a priority; rsyslog's file format with its ISO time. */
const syslog: Format = {
  patterns: [
    line(
      String.raw`(?:<(?<priority>\d{1,3})>)1 (?<time>\S+) (?<host>\S+) (?<program>\S+) (?<pid>\S+) (?<msgid>\S+) (?<structured>-|(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+) ?.*`,
    ),
    line(
      String.raw`(?:<(?<priority>\d{1,3})>)?(?<time>[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}|\d{4}-\d{2}-\d{2}T\S+) (?<host>\S+) (?<program>[^\s:[]+)(?:\[(?<pid>[^\]]*)\])?:? .*`,
    ),
  ],
  time: ['MMM d HH:mm:ss', ...ISO_LIKE],
  numbers: ['priority', 'pid'],
  level: (priority) => SEVERITIES[Number(priority) % 8],
};

const KLOG: Readonly<Record<string, Level>> = { I: 'info', W: 'warn', E: 'error', F: 'fatal' };

/** https://github.com/kubernetes/klog: `Lmmdd hh:mm:ss.uuuuuu threadid file:line] msg` */
const klog: Format = {
  patterns: [
    line(
      String.raw`(?<severity>[IWEF])(?<time>\d{4} \d{2}:\d{2}:\d{2}\.\d{1,6}) +(?<tid>\d+) (?<source>[^\s:]+:\d+)\] .*`,
    ),
  ],
  time: ['MMdd HH:mm:ss.SSS'],
  numbers: ['tid'],
  level: (severity) => KLOG[severity],
};

/** Files of the container runtime (kubernetes/design-proposals-archive, kubelet-cri-logging). */
const cri: Format = {
  patterns: [line(String.raw`(?<time>\S+) (?<stream>stdout|stderr) (?<tag>[FP]) (?<log>.*)`)],
  time: ISO_LIKE,
};

export const FORMATS = { spring, log4j, nginx, 'nginx-error': nginxError, apache, syslog, klog, cri } as const;

/** An expression with its groups by number: V8 makes an object of the named ones for each match, which took half of the time (measured). */
interface Numbered {
  readonly regex: RegExp;
  readonly names: readonly string[];
}

const NAMED_GROUP = /\(\?<(\w+)>/g;

/** All groups of these expressions are named. */
function numbered({ source }: RegExp): Numbered {
  const names = [...source.matchAll(NAMED_GROUP)].map(([, name]) => name!);
  return { regex: new RegExp(source.replaceAll(NAMED_GROUP, '(')), names };
}

/** Reads the first line of a text by a format; undefined when it is not of it. */
export function readFormat({ patterns, numbers = [], level: levelIn }: Format): ReadText {
  const all = patterns.map(numbered);
  let last = 0;
  return (text) => {
    const end = text.indexOf('\n');
    const first = end === -1 ? text : text.slice(0, end);
    // The expression that matched last is tried first.
    for (let i = 0; i < all.length; i++) {
      const at = (last + i) % all.length;
      const { regex, names } = all[at]!;
      const match = regex.exec(first);
      if (match === null) continue;
      last = at;
      return found(match, names);
    }
    return undefined;
  };

  function found(match: RegExpExecArray, names: readonly string[]): Found {
    const fields: Record<string, unknown> = {};
    let time: string | undefined;
    let level: Level | undefined;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const value = match[i + 1];
      if (value === undefined || value === '-' || value === '') continue;
      if (name === 'time') time = value;
      else if (name === 'level') level = levelOf(value);
      else if (name === 'severity') level = levelIn?.(value);
      else if (numbers.includes(name)) {
        const number = Number(value);
        fields[name] = Number.isSafeInteger(number) ? number : value;
        if (name === 'priority') level = levelIn?.(value);
      } else fields[name] = value;
    }
    return { fields, time, level };
  }
}

/** Reads a time by the first of these patterns that fits; the one that fitted last is tried first. */
export function readTime(patterns: readonly string[], zone: string | undefined): ReadTime {
  const reads = patterns.map((pattern) => timePattern(pattern, zone));
  let last = 0;
  return (text, now) => {
    for (let i = 0; i < reads.length; i++) {
      const at = (last + i) % reads.length;
      const time = reads[at]!(text, now);
      if (time === undefined) continue;
      last = at;
      return time;
    }
    return undefined;
  };
}
