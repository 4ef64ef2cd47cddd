/**
 * What the records of programs look like that are longer than a line, as data. What holds for all of them is in `multiline.ts`: blank and
 * indented lines join; after a line that begins as loggers' do everything joins that does not begin so; any other line stands alone. Here
 * is what else joins, by language, and what begins another record all the same.
 */
export interface Rule {
  /** `start`: begins a record; `prefixed`: in one that begins as loggers' do; else states of other rules. */
  readonly from: readonly string[];
  readonly match: RegExp;
  /**
   * The state then; `undefined`: another record begins here. A name that ends in `?`: the line joins only if one follows that joins for sure;
   * in `.`: nothing joins any more; one that begins with `prefixed` is as `prefixed` is.
   */
  readonly to: string | undefined;
}

/** How lines of loggers begin: with a time, a level, or both. */
export const LOG_PREFIX = new RegExp(
  [
    String.raw`(?:[\w.-]{1,40}: )?[[(<]?\d{4}[-/.]?\d{2}[-/.]?\d{2}(?:[T ,]|$)`, // 2021-10-23 14:15:48, [2021/10/23 …]
    String.raw`[[(<]?\d{1,2}[-/. ](?:\d{1,2}|[A-Z][a-z]{2})[-/. ]\d{2,4}[ :,]`, // 23/Oct/2021:…, [23-Oct-2021 …
    String.raw`[[(<]?\d{1,2}:\d{2}:\d{2}(?:[.,\s\]]|$)`, // 14:15:48.491 (Logback without a configuration)
    String.raw`(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]?\d,? \d`, // Oct 23 14:15:48 (syslog), Oct 23, 2021
    String.raw`[IWEF]\d{4} \d{2}:`, // klog
    String.raw`[DIWEFAU], \[\d{4}-`, // Ruby's Logger
    '(?:time|ts|level|lvl|severity)=', // logfmt
    String.raw`\S+ - \S+ (?:\S+ )?\[\d{1,2}/[A-Z]`, // access logs
    String.raw`[[(<]?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|trace|debug|info|warn|warning|error|fatal|critical)(?:[\]):>|]|\s+[^\s(])`,
    String.raw`(?:trce|dbug|info|warn|fail|crit): \S+\[\d+\]`, // ASP.NET Core's console
    String.raw`\(node:\d+\) `, // warnings of Node.js
    String.raw`\{"`, // JSON
  ]
    .map((one) => `(?:^${one})`)
    .join('|'),
);

/** In a record that begins as loggers' do: with a trace in it, or without. */
const LOGGED = ['prefixed', 'prefixed.trace'];

/**
 * Java, Kotlin, Scala, Groovy (java.lang.Throwable#printStackTrace; Logback's ThrowableProxyConverter; java.util.logging's SimpleFormatter,
 * whose records begin with a line of their own).
 */
const THROWN = String.raw`(?:[a-z_][\w$]*\.)+[A-Z_$][\w$.]*(?:Exception|Error|Throwable|Failure|Fault|Interrupt|Timeout|Death)?[\w$]*(?::|$)`;
const java: readonly Rule[] = [
  {
    from: ['start'],
    match: /^[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d{2}:\d{2}[\s\u202f]?[AP]M /,
    to: 'java.util.logging',
  },
  {
    from: ['java.util.logging'],
    match: /^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): /,
    to: 'prefixed',
  },
  { from: ['start'], match: new RegExp(`^(?:Exception in thread "[^"]*" )?${THROWN}`), to: 'java' },
  { from: ['start'], match: /^Exception in thread "/, to: 'java' },
  { from: LOGGED, match: /^Exception in thread "/, to: undefined },
  { from: LOGGED, match: /^\s+at [\w$.<>/@]+\(/, to: 'prefixed.trace' },
  { from: ['prefixed.trace'], match: new RegExp(`^${THROWN}`), to: undefined },
  {
    from: ['start', 'java', 'java.message?', 'java.frames'], // at the start: the rest of one that was handed on
    match: /^\s+(?:at [\w$.<>/@]+\(|\.\.\. \d)|^\s*(?:Caused by: )?\[CIRCULAR REFERENCE/,
    to: 'java.frames',
  },
  {
    from: ['java', 'java.message?', 'java.frames'],
    match: /^\s*(?:Caused by|Suppressed|Wrapped by): /,
    to: 'java',
  },
  { from: ['java', 'java.message?'], match: new RegExp(`^(?:Exception in thread "|${THROWN})`), to: undefined },
  { from: ['java', 'java.message?'], match: /^\S/, to: 'java.message?' },
];

/** Python (traceback module; exception groups, PEP 654; SyntaxError, which has no head; logging.exception; asyncio). */
const TRACEBACK = /^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):$/;
const CHAINED =
  /^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$/;
const python: readonly Rule[] = [
  { from: ['start', 'python.chained'], match: TRACEBACK, to: 'python' },
  { from: ['start'], match: /^ {2}File "[^"]+", line \d+$/, to: 'python' },
  {
    from: ['start'],
    match: /^Exception (?:ignored in|in thread|in callback):? [^"]|^Task exception was never retrieved/,
    to: 'python.chained',
  },
  { from: ['python.chained'], match: /^(?:future|task|handle): /, to: 'python.chained' },
  { from: ['python'], match: /^[A-Za-z_\u0080-\uffff][\w.\u0080-\uffff]*(?::|$)/, to: 'python.end' },
  { from: ['python.end', 'python.notes?', 'python'], match: CHAINED, to: 'python.chained' },
  { from: ['python.end', 'python.notes?'], match: TRACEBACK, to: undefined },
  { from: ['python.end', 'python.notes?'], match: /^\S/, to: 'python.notes?' },
  { from: ['prefixed', 'prefixed.python.chained'], match: TRACEBACK, to: 'prefixed.python' },
  { from: ['prefixed.python'], match: CHAINED, to: 'prefixed.python.chained' },
  { from: ['prefixed.python'], match: TRACEBACK, to: undefined },
];

/** Go (runtime.Stack; the race detector; SIGQUIT's dump with its registers). */
const go: readonly Rule[] = [
  { from: ['start'], match: /^(?:panic|fatal error|runtime error|runtime|SIG[A-Z]+): /, to: 'go' },
  { from: LOGGED, match: /^(?:panic|fatal error|SIG[A-Z]+): |^Found \d+ data race/, to: undefined },
  { from: ['start'], match: /^goroutine \d+ \[/, to: 'go.frames' },
  {
    from: ['go', 'go.message?', 'go.frames'],
    match: /^(?:goroutine \d+ .*\[|\[signal |\[recovered|runtime stack:|\[originating from goroutine)/,
    to: 'go.frames',
  },
  {
    from: ['go.frames'],
    match:
      /^(?:created by )?[\w.\-/~%*]+\.[\w.*()[\]{}…·<>,~ \-/%+?]*(?: in goroutine \d+)?$|^(?:panic\(|created by|\.\.\.|exit status|r\w+ +0x|(?:rip|rflags|[cfg]s) +0x|PC=)/,
    to: 'go.frames',
  },
  { from: ['go', 'go.message?'], match: /^(?:PC=|m=|\[)/, to: 'go' },
  { from: ['go', 'go.message?'], match: /^\S/, to: 'go.message?' },
  { from: ['start'], match: /^={18}$/, to: 'go.race' },
  { from: LOGGED, match: /^={18}$/, to: undefined },
  { from: ['go.race'], match: /^={18}$/, to: 'go.race.' },
  { from: ['go.race'], match: /^/, to: 'go.race' },
];

/** Ruby (Exception#full_message; the causes of an uncaught exception look as it does). */
const RUBY_FRAME = /^(?:from )?\S+\.(?:rb|ru|rake|erb):\d+:in ['`]/;
const ruby: readonly Rule[] = [
  { from: ['start', 'ruby'], match: RUBY_FRAME, to: 'ruby' },
  { from: ['ruby'], match: /^\S+\.rb:\d+: warning: /, to: undefined },
  { from: ['start', 'ruby'], match: /^\S+\.(?:rb|ru|rake):\d+: /, to: 'ruby' },
  { from: ['start'], match: /^#<Thread:.* terminated with exception/, to: 'ruby' },
  { from: ['ruby', 'ruby.excerpt?'], match: /^\s*\^+$|^Did you mean\?/, to: 'ruby' },
  { from: ['ruby', 'ruby.excerpt?'], match: /^[^\s#]/, to: 'ruby.excerpt?' },
];

/** Node.js (util.inspect of errors with causes, properties and AggregateError; the excerpt of an uncaught error). */
const NODE_SOURCE = /^(?:file:\/\/|node:)?\/?[\w.@-]+(?:\/[\w.@ -]+)*:\d+$/;
const NODE_ERROR = /^(?:Uncaught )?\[?(?:[A-Z]\w*(?:Error|Exception)|Error)(?: \[\w+\])?(?::|\]|$)/;
const node: readonly Rule[] = [
  { from: ['start'], match: /^\(node:\d+\) |^Trace(?:$|: )/, to: 'node' },
  { from: ['start'], match: /^[{[]$/, to: 'node.object' }, // console.log of an object
  { from: ['node.object'], match: /^[}\]]/, to: 'node.object.' },
  { from: ['start'], match: NODE_SOURCE, to: 'node.source' },
  { from: LOGGED, match: NODE_SOURCE, to: undefined },
  { from: ['node.source', 'node.excerpt?'], match: /^\s*\^+$/, to: 'node.thrown' },
  { from: ['node.source', 'node.excerpt?'], match: /^/, to: 'node.excerpt?' },
  { from: ['node.thrown', 'node', 'error'], match: /^Node\.js v\d/, to: 'node.end.' },
  { from: ['node.thrown'], match: /^(?!\{"|\[?\d{4}-)/, to: 'node.thrown' },
  { from: ['start'], match: NODE_ERROR, to: 'error' },
  { from: LOGGED, match: /^\s+at .*:\d+:\d+/, to: 'prefixed.trace' },
  { from: ['error', 'node.message?', 'prefixed.trace'], match: NODE_ERROR, to: undefined },
  { from: ['error', 'node.message?'], match: /^\s+at /, to: 'node' },
  { from: ['node', 'error'], match: /^[}\]]|^\(Use `node /, to: 'node' },
  { from: ['error', 'node.message?'], match: /^\S/, to: 'node.message?' },
];

/** PHP (uncaught exceptions of the CLI; with `log_errors` lines begin with a time, as loggers' do). */
const PHP_ERROR = /^(?:PHP )?(?:Fatal error|Warning|Notice|Parse error|Deprecated|Recoverable fatal error): /;
const php: readonly Rule[] = [
  { from: ['start'], match: PHP_ERROR, to: 'php' },
  { from: ['start'], match: /^(?:PHP )?[\w\\]+(?:Exception|Error): .* in \S+:\d+$/, to: 'php' },
  { from: LOGGED, match: PHP_ERROR, to: undefined },
  { from: ['php', 'php.message?'], match: PHP_ERROR, to: undefined },
  { from: ['php', 'php.message?'], match: / on line \d+$/, to: 'php.trace' },
  {
    from: ['php', 'php.message?', 'php.trace', 'error'],
    match: /^(?:PHP )?Stack trace:$|^#\d+ |^ {2}thrown in /,
    to: 'php.trace',
  },
  { from: ['php.trace'], match: /^Next [\w\\]+:?/, to: 'php' },
  { from: ['php', 'php.message?'], match: /^(?!(?:PHP )?[A-Z][\w ]+: )\S/, to: 'php.message?' },
];

/** .NET (Exception.ToString with inner exceptions). */
const dotnet: readonly Rule[] = [
  {
    from: ['start'],
    match: /^(?:Unhandled exception[.:] ?)?(?:[A-Z]\w*\.)+[A-Z]\w*(?:Exception|Error)\w*(?::|$| )/,
    to: 'dotnet',
  },
  { from: LOGGED, match: /^Unhandled exception[.:]/, to: undefined },
  { from: ['dotnet', 'dotnet.message?', 'dotnet.frames'], match: /^\s+(?:at |---)|^--- End of /, to: 'dotnet.frames' },
  { from: ['dotnet', 'dotnet.message?'], match: /^\S/, to: 'dotnet.message?' },
];

/** Dart and Flutter (StackTrace.toString; package:stack_trace's suspension lines). */
const dart: readonly Rule[] = [
  { from: ['start'], match: /^Unhandled exception:$/, to: 'dart' },
  {
    from: ['dart', 'dart.message?', 'dart.frames'],
    match: /^#\d+ {2,}\S|^<asynchronous (?:suspension|gap)>/,
    to: 'dart.frames',
  },
  { from: ['dart', 'dart.message?'], match: /^\S/, to: 'dart.message?' },
];

/** Rust (std's panic hook and backtraces; anyhow's Debug output). */
const PANICKED = /^thread '[^']*' (?:\(\d+\) )?(?:panicked at|has overflowed)/;
const rust: readonly Rule[] = [
  { from: ['start'], match: PANICKED, to: 'rust.panicked' },
  { from: LOGGED, match: PANICKED, to: undefined },
  {
    from: ['rust.panicked', 'rust', 'rust.message?'],
    match: /^(?:note: |stack backtrace:$|thread caused non-unwinding panic)/,
    to: 'rust',
  },
  { from: ['rust.panicked'], match: /^(?!thread ')\S/, to: 'rust' },
  { from: ['start'], match: /^Error: /, to: 'error' }, // of Node.js it may be, too
  { from: ['rust.error', 'error', 'text'], match: /^(?:Caused by:|Stack backtrace:)$/, to: 'rust.error' },
];

export const LANGUAGES = { java, python, go, ruby, php, rust, node, dotnet, dart } as const;
export type Language = keyof typeof LANGUAGES;
