import t from 'tap';
import { levelInText, levelOf } from '../../../sidecar/parse/level.ts';

t.test('spellings of levels', (t) => {
  for (const [level, words] of Object.entries({
    trace: ['trace', 'FINEST', 'finer'],
    debug: ['Debug', 'verbose', 'DBG', 'fine', 'CONFIG'],
    info: ['INFO', ' info ', 'Information', 'informational', 'notice'],
    warn: ['WARN', 'warning', 'Warning'],
    error: ['error', 'ERR', 'SEVERE'],
    fatal: ['FATAL', 'critical', 'crit', 'alert', 'emerg', 'emergency', 'panic', 'dpanic'],
  }))
    for (const word of words) t.equal(levelOf(word), level, word);
  for (const none of ['', 'unknown', 'errors', null, true, {}, []])
    t.equal(levelOf(none), undefined, JSON.stringify(none));
  t.end();
});

t.test("numbers of pino and bunyan; others' numbers say nothing", (t) => {
  t.same([10, 20, 30, 35, 40, 50, 60].map(levelOf), ['trace', 'debug', 'info', 'info', 'warn', 'error', 'fatal']);
  t.same([-10, 0, 3, 9].map(levelOf), [undefined, undefined, undefined, undefined]);
  t.same([200, 400].map(levelOf), [undefined, undefined], "bug: Monolog's 200 (INFO) was taken for fatal");
  t.end();
});

t.test(
  'bug: a level named as a property of every object was that property, and the record crashed the sidecar',
  (t) => {
    for (const word of ['constructor', '__proto__', 'CONSTRUCTOR']) t.equal(levelOf(word), undefined, word);
    t.end();
  },
);

t.test('the level word of a line', (t) => {
  for (const [text, level] of [
    ['2021-10-23 14:15:48.491 [main] INFO  k.s.HealthApi - ok', 'info'],
    ['[ERROR] it broke', 'error'],
    ['level=WARN msg="x"', 'warn'],
    ['SEVERE: java.util.logging', 'error'],
    ['NOTICE: syslog', 'info'],
    ['CRITICAL:root:python', 'fatal'],
    ['WARNING: careful', 'warn'],
  ] as const)
    t.equal(levelInText(text), level, text);
  for (const text of [
    'no level here',
    'an error in prose',
    'INFORMATION_SCHEMA.TABLES',
    'com.example.ERROR happened',
    'ERROR-CODE 5',
    'TERROR',
    `${'x'.repeat(160)} ERROR`,
  ])
    t.equal(levelInText(text), undefined, text);
  t.equal(levelInText('WARN then ERROR'), 'warn', 'the first one');
  t.end();
});
