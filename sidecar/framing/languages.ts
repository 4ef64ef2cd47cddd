/** What stack traces and crash reports look like, as data. Each rule: in one of these states, a line that matches joins, and this is the next. */
export interface Rule {
  /**
   * `start`: a line that begins a record; `prefixed`: after a line that begins as log lines do; `text`: after any other line.
   */
  readonly from: readonly string[];
  readonly match: RegExp;
  /** A name ending in `?`: the line belongs to the record only if one follows that does for sure; in `.`: nothing joins any more. */
  readonly to: string;
}

/** How lines of loggers begin: with a time, a level, or both; the trace that follows such a line belongs to it. */
export const LOG_PREFIX = new RegExp(
  [
    String.raw`[[(<]?\d{4}[-/.]?\d{2}[-/.]?\d{2}(?:[T ,]|$)`, // 2021-10-23 14:15:48, [2021/10/23 …]
    String.raw`[[(<]?\d{1,2}[-/. ](?:\d{1,2}|[A-Z][a-z]{2})[-/. ]\d{2,4}`, // 23/Oct/2021, 23-10-2021
    String.raw`[[(<]?\d{1,2}:\d{2}:\d{2}`, // 14:15:48.491 (Logback without a configuration)
    String.raw`[A-Z][a-z]{2} [ \d]?\d,? \d`, // Oct 23 14:15:48 (syslog), Oct 23, 2021
    String.raw`[IWEF]\d{4} \d{2}:`, // klog
    String.raw`[DIWEFAU], \[\d{4}-`, // Ruby's Logger
    '(?:time|ts|level|lvl|severity)=', // logfmt
    String.raw`[[(<]?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|trace|debug|info|warn|warning|error|fatal|critical)\b`,
    String.raw`\(node:\d+\) `, // warnings of Node.js
  ]
    .map((one) => `(?:^${one})`)
    .join('|'),
);

/** Where the first line of a trace may stand: by itself, or after the line of a logger. */
const HEAD = ['start', 'prefixed'];

/**
 * Java, Kotlin, Scala, Groovy (java.lang.Throwable#printStackTrace; Logback's ThrowableProxyConverter; java.util.logging's SimpleFormatter).
 * A message of several lines stands between the header and the frames.
 */
const java: readonly Rule[] = [
  {
    from: ['start'],
    match: /^[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d{2}:\d{2}[\s\u202f]?[AP]M /,
    to: 'java.util.logging',
  },
  { from: ['java.util.logging'], match: /^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): /, to: 'prefixed' },
  {
    from: HEAD,
    match:
      /^(?:Exception in thread "[^"]*" |Exception: )?(?:[a-z_][\w$]*\.)+[A-Z_$][\w$.]*(?:Exception|Error|Throwable|Failure|Fault|Interrupt|Timeout|Death)[\w$]*(?::|$| )/,
    to: 'java.header',
  },
  { from: ['start'], match: /^Exception in thread "[^"]*" /, to: 'java.header' },
  {
    from: ['start', 'text', 'prefixed', 'java.header', 'java.message?', 'java.frames'],
    match:
      /^\s+at (?:[\w$.\-/@<>]+\/)?[\w$.<>]+\([^)]*\)|^\s+\.\.\. \d+ (?:more|common frames omitted|common frames truncated)/,
    to: 'java.frames',
  },
  {
    from: ['text', 'prefixed', 'java.header', 'java.message?', 'java.frames'],
    match: /^\s*(?:Caused by|Suppressed|Wrapped by): |^\s*\[CIRCULAR REFERENCE: ?/,
    to: 'java.header',
  },
  { from: ['java.header', 'java.message?'], match: /^(?!\[?\d{4}-\d\d-\d\d).*$/, to: 'java.message?' },
];

/** Python (traceback module; exception groups, PEP 654; asyncio's exception handler; logging.exception). */
const python: readonly Rule[] = [
  {
    from: ['prefixed'],
    match: /^(?:future|task|handle|protocol|transport|context|source_traceback|Object created at|Stack for <)\b.*/,
    to: 'prefixed',
  },
  {
    from: [...HEAD, 'python.gap?', 'python.again?', 'python.before?'],
    match: /^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):$/,
    to: 'python.trace',
  },
  {
    from: ['start', 'prefixed'],
    match: /^Exception (?:ignored in|in thread|in callback|in default exception handler)\b.*/,
    to: 'python.before?',
  },
  {
    from: ['start', 'prefixed', 'python.trace', 'python.code'],
    match: /^\s+File "[^"]*", line \d+/,
    to: 'python.code',
  },
  { from: ['python.trace', 'python.code', 'python.group'], match: /^\s+[|+]/, to: 'python.group' },
  { from: ['python.trace', 'python.code'], match: /^\s+\S/, to: 'python.code' },
  {
    from: ['python.trace', 'python.code'],
    match: /^[A-Za-z_\u0080-\uffff][\w.\u0080-\uffff]*(?::|$)/,
    to: 'python.end',
  },
  { from: ['python.end', 'python.group', 'python.note?'], match: /^$/, to: 'python.gap?' },
  {
    from: ['python.gap?'],
    match:
      /^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$/,
    to: 'python.again?',
  },
  { from: ['python.again?'], match: /^$/, to: 'python.again?' },
];

/** Go (runtime.Stack, runtime.PrintStack; the race detector; net/http's recovered panics; github.com/pkg/errors `%+v`). */
const go: readonly Rule[] = [
  { from: HEAD, match: /^(?:panic|fatal error|runtime error|runtime): /, to: 'go.header' },
  {
    from: ['go.header'],
    match: /^\t?(?:panic: |\s*\[recovered|\[signal |runtime: |goexit|\s+fatal error: |\s+\/|\S.*\(0x[\da-f]+\)|\t)/,
    to: 'go.header',
  },
  { from: ['go.header', 'go.frames', 'go.gap?'], match: /^$/, to: 'go.gap?' },
  {
    from: [...HEAD, 'go.header', 'go.frames', 'go.gap?', 'go.message?'],
    match: /^goroutine \d+ (?:gp=\S+ )?(?:m=\S+ )?(?:mp=\S+ )?\[[^\]]+\]:$/,
    to: 'go.frames',
  },
  {
    from: ['go.gap?'],
    match: /^(?:runtime stack|r[0-9a-z]+ +0x|\[originating from goroutine|exit status \d|\.\.\.additional frames)/,
    to: 'go.frames',
  },
  {
    from: ['go.frames', 'go.gap?'],
    match:
      /^(?:created by )?[\w.\-/~%]+(?:\.|\()[\w.*()[\]{}…·<>,~ \-/%]*(?: in goroutine \d+)?$|^(?:created by|\.\.\.|exit status|r\w+ +0x|rip|rflags|cs|fs|gs|runtime\.)\b.*/,
    to: 'go.frames',
  },
  {
    from: ['go.frames', 'go.errors', 'go.function?'],
    match: /^\t\S*?\S+(?:\.go|\.s|_):?\d*.*$|^\t\S/,
    to: 'go.frames',
  },
  { from: ['go.header'], match: /^\S.*$/, to: 'go.message?' },
  { from: ['go.message?'], match: /^$/, to: 'go.gap?' },
  { from: ['start'], match: /^={18}$/, to: 'go.race?' },
  { from: ['go.race?'], match: /^WARNING: DATA RACE$/, to: 'go.race' },
  { from: ['go.race'], match: /^={18}$/, to: 'go.race.' },
  { from: ['go.race'], match: /^(?:$|\S+ (?:at|by)|Goroutine|\s|Found|Previous|Mutex|\[failed)/, to: 'go.race' },
  {
    from: ['prefixed', 'text', 'go.stack'],
    match: /^(?:main|runtime|[\w.-]+\/[\w.\-/]+|[a-z]\w*)\.[\w.*()·]+$/,
    to: 'go.function?',
  },
  { from: ['go.frames'], match: /^$/, to: 'go.gap?' },
];

/** Ruby (Exception#full_message; Logger::Formatter, which writes a backtrace without "from"; Rails). */
const ruby: readonly Rule[] = [
  {
    from: [...HEAD, 'ruby.frames', 'ruby.gap?', 'ruby.header', 'text'],
    match: /^(?:\s*\d+: )?\s*(?:from )?\S+\.(?:rb|erb|ru|rake|haml|slim):\d+:in ['`].*/,
    to: 'ruby.frames',
  },
  {
    from: [...HEAD, 'ruby.frames'],
    match: /^\S+\.(?:rb|ru|rake):\d+:(?:in ['`]| .*\(\w*(?:Error|Exception)\)).*/,
    to: 'ruby.frames',
  },
  { from: ['ruby.frames', 'ruby.header', 'ruby.gap?'], match: /^\s+(?:\d+: )?from /, to: 'ruby.frames' },
  { from: ['ruby.frames'], match: /^\s+(?:\S.*|\^+|\|)$|^(?:> )?\s*\d+ \|/, to: 'ruby.frames' },
  { from: ['prefixed', 'ruby.frames'], match: /^\s*$/, to: 'ruby.gap?' },
  { from: ['ruby.gap?'], match: /^\s*(?:Causes:|\S+ \(.*\))$/, to: 'ruby.gap?' },
];

/** Node.js and browsers' V8 (Error.prepareStackTrace; util.inspect of causes and AggregateError; the excerpt of an uncaught error). */
const node: readonly Rule[] = [
  { from: ['start'], match: /^(?:file:\/\/)?(?:\/|node:)\S+:\d+$/, to: 'node.source?' },
  { from: ['node.source?'], match: /^/, to: 'node.excerpt?' },
  { from: ['node.excerpt?'], match: /^\s*\^+$/, to: 'node.caret?' },
  { from: ['node.caret?', 'node.gap?'], match: /^$/, to: 'node.gap?' },
  {
    from: [...HEAD, 'node.gap?', 'node.caret?'],
    match: /^(?:Uncaught )?(?:\[?[A-Z]\w*(?:Error|Exception)|Error)(?: \[\w+\])?(?:: |$|:$)/,
    to: 'node.header',
  },
  {
    from: ['node.header', 'node.message?', 'node.frames', 'text', 'prefixed'],
    match: /^\s+at (?:async |new |Object\.|process\.)?.*(?:\(.*\)|:\d+:\d+\)?|<anonymous>|index \d+\))(?:,| \{)?$/,
    to: 'node.frames',
  },
  { from: ['node.frames'], match: /^(?:\s+\S.*|\}|\]\s*\}?),?$/, to: 'node.frames' },
  { from: ['node.frames', 'node.done?'], match: /^$/, to: 'node.done?' },
  { from: ['node.done?'], match: /^Node\.js v\d/, to: 'node.end.' },
  { from: ['node.header', 'node.message?'], match: /^(?!\[?\d{4}-\d\d-\d\d).*$/, to: 'node.message?' },
];

/** PHP (uncaught exceptions in the CLI and in error_log; Exception::getTraceAsString; Monolog's LineFormatter with stack traces). */
const php: readonly Rule[] = [
  {
    from: ['start'],
    match: /^(?:\[[^\]]+\] )?(?:PHP )?(?:Fatal error|Warning|Notice|Parse error|Deprecated): .*/,
    to: 'php.header',
  },
  { from: ['start'], match: /^$/, to: 'php.blank?' },
  {
    from: ['php.blank?'],
    match: /^(?:PHP )?(?:Fatal error|Warning|Notice|Parse error|Deprecated): .*/,
    to: 'php.header',
  },
  {
    from: ['prefixed', 'php.header', 'php.message?', 'php.next'],
    match: /^(?:PHP )?Stack trace:$|^\[(?:stacktrace|previous exception)\]/,
    to: 'php.trace',
  },
  { from: ['php.trace', 'prefixed', 'php.header', 'php.next'], match: /^#\d+ /, to: 'php.trace' },
  { from: ['php.trace', 'php.gap?'], match: /^\s+thrown in .* on line \d+$/, to: 'php.end.' },
  { from: ['php.trace'], match: /^$/, to: 'php.gap?' },
  { from: ['php.gap?'], match: /^Next \S+(?::|$)/, to: 'php.next' },
  { from: ['php.trace'], match: /^"\}\s*$/, to: 'php.end.' },
  { from: ['php.trace'], match: /^\[previous exception\] /, to: 'php.next' },
  { from: ['php.header', 'php.message?', 'php.next'], match: /^(?!\[?\d{4}-\d\d-\d\d|\[\d\d-).*$/, to: 'php.message?' },
];

/** .NET (Exception.ToString; inner exceptions; ASP.NET Core's console logger, which indents by six). */
const dotnet: readonly Rule[] = [
  { from: ['start'], match: /^(?:trce|dbug|info|warn|fail|crit): \S+\[\d+\]/, to: 'dotnet.console' },
  { from: ['dotnet.console'], match: /^ {6}/, to: 'dotnet.console' },
  {
    from: HEAD,
    match: /^(?:Unhandled exception\. ?|Unhandled Exception: ?)?(?:[A-Z]\w*\.)+[A-Z]\w*(?:Exception|Error)\w*(?::|$| )/,
    to: 'dotnet.header',
  },
  { from: ['dotnet.header', 'dotnet.frames', 'dotnet.message?'], match: /^ ---> |^\s+---> /, to: 'dotnet.header' },
  {
    from: ['dotnet.header', 'dotnet.frames', 'dotnet.message?', 'prefixed', 'text'],
    match: /^ {3,}at .+\)(?: in .+:line \d+)?$|^ {3}at [^(]+\(/,
    to: 'dotnet.frames',
  },
  {
    from: ['dotnet.header', 'dotnet.frames'],
    match: /^\s*--- End of (?:inner exception stack trace|stack trace from previous location.*) ---/,
    to: 'dotnet.frames',
  },
  { from: ['dotnet.header', 'dotnet.message?'], match: /^(?!\[?\d{4}-\d\d-\d\d).*$/, to: 'dotnet.message?' },
];

/** Dart and Flutter (StackTrace.toString; package:stack_trace's suspension lines). */
const dart: readonly Rule[] = [
  { from: HEAD, match: /^Unhandled exception:$/, to: 'dart.header' },
  { from: ['dart.header', 'dart.message?'], match: /^#0 +\S/, to: 'dart.frames' },
  { from: ['prefixed', 'text', 'dart.frames'], match: /^#\d+ {2,}\S.*\)$/, to: 'dart.frames' },
  { from: ['dart.frames'], match: /^<asynchronous (?:suspension|gap)>$/, to: 'dart.frames' },
  { from: ['dart.header', 'dart.message?'], match: /^.+$/, to: 'dart.message?' },
];

/** Rust (std's panic hook and backtraces; anyhow's Debug output). */
const rust: readonly Rule[] = [
  { from: HEAD, match: /^thread '[^']*' (?:\(\d+\) )?(?:panicked at|has overflowed)/, to: 'rust.header' },
  { from: ['start'], match: /^$/, to: 'rust.blank?' },
  { from: ['rust.blank?'], match: /^thread '[^']*' (?:\(\d+\) )?(?:panicked at|has overflowed)/, to: 'rust.header' },
  { from: ['rust.header', 'rust.message?', 'rust.frames'], match: /^stack backtrace:$/, to: 'rust.frames' },
  { from: ['rust.header', 'rust.message?', 'rust.frames'], match: /^note: /, to: 'rust.frames' },
  { from: ['rust.frames'], match: /^\s+(?:\d+: |at |\d+ 0x)/, to: 'rust.frames' },
  { from: ['rust.header'], match: /^.+$/, to: 'rust.header' },
  { from: ['start', 'prefixed'], match: /^Error: /, to: 'rust.error' },
  { from: ['rust.error', 'rust.cause', 'prefixed'], match: /^$/, to: 'rust.gap?' },
  { from: ['rust.gap?', 'prefixed', 'rust.error'], match: /^Caused by:$/, to: 'rust.cause' },
  { from: ['rust.gap?'], match: /^Stack backtrace:$/, to: 'rust.frames' },
  { from: ['rust.cause'], match: /^\s+\S/, to: 'rust.cause' },
];

export const LANGUAGES = { java, python, go, ruby, node, php, dotnet, dart, rust } as const;
export type Language = keyof typeof LANGUAGES;
