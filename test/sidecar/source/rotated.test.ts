import { appendFileSync, copyFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Checkpoints } from '../../../sidecar/source/checkpoints.ts';
import { type Holding, type Opened, Rotated } from '../../../sidecar/source/rotated.ts';
import type { Tailer } from '../../../sidecar/source/tailer.ts';
import { recordedTelemetry } from '../fixtures.ts';
import { identify, openFile, readOn } from './opened.ts';

/** What a file is taken for that begins as one does that is read. Time passes by setting when something was seen. */

const HEADER = '#Fields: date time c-ip\n';
const lines = (n: number, what = 'line'): string =>
  Array.from({ length: n }, (_, i) => `${what} ${i} with some more text in it\n`).join('');

/** A log that is read to its end, and a file beside it, whose beginning is known to nobody. */
async function bench(t: Test, text: string, beside: string) {
  const folder = t.testdir({ 'app.log': text });
  const [logPath, besidePath] = [join(folder, 'app.log'), join(folder, 'app.log.1')];
  const log = await openFile(logPath);
  await identify(log);
  await readOn(log);
  writeFileSync(besidePath, beside);
  const copy = await openFile(besidePath);
  copy.matched = false;
  t.teardown(() => Promise.all([log.close(), copy.close()]));
  const all: Tailer[] = [log, copy];
  const opened: Opened = {
    all,
    get: ({ inode }) => all.find((tailer) => tailer.inode === inode),
    inputOf: () => log.file.input,
    openAside: async () => undefined,
    account: () => undefined,
  };
  const rotated = new Rotated(opened, new Checkpoints(folder, recordedTelemetry().telemetry));
  const holding = async (final = false): Promise<Holding> => {
    await copy.look();
    return rotated.holding(copy, await copy.start(), final);
  };
  /** So many seconds go by, in which the copy does not grow. */
  const pass = (seconds: number): void => {
    copy.grownAt -= seconds * 1000;
    if (copy.waitingSince !== undefined) copy.waitingSince -= seconds * 1000;
  };
  return { log, copy, logPath, besidePath, rotated, holding, pass };
}

t.test('a copy waits for the truncation of what it was made of, and goes on where that was read to', async (t) => {
  const { log, logPath, rotated, holding, pass } = await bench(t, lines(100), lines(100));
  t.equal(await holding(), 'wait');
  pass(9);
  t.equal(await holding(), 'wait');
  truncateSync(logPath, 0);
  t.equal(await log.look(), 'truncated');
  const content = log.restart();
  rotated.end(content);
  t.equal(await holding(), content);
});

t.test(
  'a backup that stays is a copy that nobody asked for; among the paths it is a file like any other',
  async (t) => {
    const { copy, holding, pass } = await bench(t, lines(100), lines(100));
    t.equal(await holding(), 'wait');
    pass(11);
    t.equal(await holding(), 'copy');
    copy.matched = true;
    t.equal(await holding(), 'new');
  },
);

t.test('bug: a copytruncate that took longer than ten seconds was delivered twice', async (t) => {
  const text = lines(1000);
  const { copy, besidePath, holding, pass } = await bench(t, text, text.slice(0, 5000));
  for (let at = 5000; at < text.length; at += 10_000) {
    t.equal(await holding(), 'wait', `a copy of ${copy.size} bytes`);
    pass(9);
    appendFileSync(besidePath, text.slice(at, at + 10_000));
  }
  t.equal(await holding(), 'wait');
});

t.test('bug: another file with the same short header waited, or was taken for a copy and never read', async (t) => {
  const { holding } = await bench(t, HEADER + lines(100), HEADER + lines(100, 'other'));
  t.equal(await holding(), 'new');
});

t.test('bug: what was put aside was taken for a copy of the log that has but the same header yet', async (t) => {
  const { copy, holding, pass } = await bench(t, HEADER, HEADER + lines(100));
  t.equal(await holding(), 'wait', 'the log may have been truncated');
  pass(11);
  t.ok(copy.size > HEADER.length);
  t.equal(await holding(), 'new');
});

t.test('bug: what came after a copy in the same file could get the id of what was there before', async (t) => {
  const { copy, log, besidePath, logPath } = await bench(t, lines(50), 'first\n');
  const ids = new Set<string>();
  for (const text of ['first\n', 'first\nand more\n', 'first\n']) {
    writeFileSync(besidePath, text);
    if (copy.content.identified) copy.restart();
    await identify(copy);
    ids.add(copy.file.id);
    copyFileSync(logPath, besidePath); // and in between it holds what the log holds
    copy.restart();
    copy.size = statSync(besidePath).size;
    log.content.file.generation = 0;
    await copy.hold(log.content);
  }
  t.equal(ids.size, 3);
});
