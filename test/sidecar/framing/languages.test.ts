import { globSync, readFileSync } from 'node:fs';
import t from 'tap';
import { LANGUAGES, type Language } from '../../../sidecar/framing/languages.ts';
import { multiline } from '../../../sidecar/framing/multiline.ts';
import { recordsOf } from './joining.ts';

/**
 * Logs that real programs wrote (`test/fixtures`), each with the lines at which the program began a record, which it marked itself: the
 * records must be those, with the preset of the language and with all of them at once.
 */

/** What cannot be told from the text. Lines that were joined to the record before, or begin one though they belong to it. */
const KNOWN: Readonly<Record<string, { joined?: number[]; cut?: number[]; why: string; preset?: number[] }>> = {
  'formats/spring-boot/2.7-console.log': { cut: [4], why: 'the banner: a picture' },
  'formats/spring-boot/3.5-console.log': { cut: [4], why: 'the banner: a picture' },
  'formats/spring-boot/4.0-console.log': { cut: [4], why: 'the banner: a picture' },
  'traces/go/panic.log': { joined: [2], why: 'a line without a prefix right after one that has it: message or print?' },
  'traces/java/vm.log': { joined: [107], why: 'a line without a prefix after a thread dump, which begins with a time' },
  'traces/node/printed.log': {
    cut: [106, 108, 110, 111, 112, 113, 114, 119, 120],
    why: 'texts and tables of several lines without any indentation, printed',
  },
  'traces/php/displayed.log': { preset: [23, 24], why: 'a printed exception, that looks like one of Node.js' },
  'traces/python/async.log': { joined: [35], why: 'an uncaught group right after a line of a logger' },
  'traces/python/uncaught.log': { cut: [44], why: 'a printed line, then a printed trace' },
  'traces/ruby/logger.log': {
    joined: [60, 64, 70],
    why: 'warnings and ends of threads right after a line of a logger',
  },
};

for (const preset of ['auto', 'own'] as const)
  t.test(`records of real programs, ${preset === 'auto' ? 'all languages at once' : 'by the preset of each'}`, (t) => {
    const logs = globSync('test/fixtures/{traces,formats}/**/*.starts').map((path) => path.replace(/starts$/, 'log'));
    t.ok(logs.length > 60, `${logs.length} logs`);
    for (const path of logs.sort()) {
      const name = path.replace('test/fixtures/', '');
      const starts = readFileSync(path.replace(/log$/, 'starts'), 'utf8').trim().split('\n').map(Number);
      const language = /^traces\/(\w+)/.exec(name)?.[1] ?? (/spring|log4j/.test(name) ? 'java' : 'go');
      t.ok(language in LANGUAGES, language);
      const rule = multiline({
        preset: preset === 'auto' ? 'auto' : (language as Language),
        maxLines: 500,
        maxBytes: 2 ** 20,
        idleFlush: 2000,
      });
      const text = readFileSync(path);
      const begins: number[] = [];
      let line = 1;
      let bytes = 0;
      for (const record of recordsOf(text, rule)) {
        if (record.text!.trim() !== '') begins.push(line);
        line += record.text!.split('\n').length;
        bytes += record.end - record.start;
      }
      const known = KNOWN[name];
      const cut = [...(known?.cut ?? []), ...(preset === 'own' ? (known?.preset ?? []) : [])];
      const expected = [...starts.filter((at) => !known?.joined?.includes(at)), ...cut].sort((a, b) => a - b);
      t.same(begins, expected, `${name}${known ? ` (${known.why})` : ''}`);
      t.equal(bytes, text.length, 'every byte');
    }
    t.end();
  });

t.test('formats of which no runtime is here: .NET and Dart, as their documentation shows them', (t) => {
  const join = (preset: Language, text: string): number =>
    recordsOf(text, multiline({ preset, maxLines: 500, maxBytes: 2 ** 20, idleFlush: 2000 })).length;
  // https://learn.microsoft.com/dotnet/api/system.exception.tostring
  const dotnet = `Unhandled exception. System.InvalidOperationException: outer
 ---> System.ArgumentException: inner
   at Shop.Cart.Price(Int32 id) in /app/Cart.cs:line 12
   --- End of inner exception stack trace ---
   at Shop.Cart.Load() in /app/Cart.cs:line 17
   at Shop.Program.Main(String[] args) in /app/Program.cs:line 5
`;
  t.equal(join('dotnet', dotnet + dotnet), 2);
  const console = `info: Shop.Program[0]
      Hello
fail: Shop.Program[17]
      cannot price
      System.ArgumentException: inner
         at Shop.Cart.Price(Int32 id) in /app/Cart.cs:line 12
`;
  t.equal(join('dotnet', console), 2);
  // https://api.dart.dev/dart-core/StackTrace-class.html
  const dart = `Unhandled exception:
Bad state: no price
of two lines
#0      price (file:///app/cart.dart:3:5)
#1      main (file:///app/cart.dart:8:3)
<asynchronous suspension>
`;
  t.equal(join('dart', `before\n${dart}after\n`), 3);
  t.end();
});
