import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';

/** A program that gets a signal before and after it listens; what it hears. */
const heard = (before: string, after: string): string =>
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { onEnd } from ${JSON.stringify(new URL('../../sidecar/signals.ts', import.meta.url))};
       ${before};
       setTimeout(() => { onEnd((name) => console.log(name)); ${after}; setTimeout(() => process.exit(0), 100) }, 100);`,
    ],
    { encoding: 'utf8' },
  );

t.test('bug: SIGTERM while a sidecar started as process 1 of a container was ignored', (t) => {
  t.equal(heard("process.kill(process.pid, 'SIGTERM')", ''), 'SIGTERM\n', 'what came before somebody listened');
  t.equal(heard('', "process.kill(process.pid, 'SIGINT')"), 'SIGINT\n');
  t.equal(
    heard("process.kill(process.pid, 'SIGTERM')", "process.kill(process.pid, 'SIGTERM')"),
    'SIGTERM\nSIGTERM\n',
    'the second one is a second one',
  );
  const first = /^import .*$/m.exec(readFileSync('sidecar/main.ts', 'utf8'))?.[0];
  t.match(first, /signals/, 'it is imported before all else');
  t.end();
});
