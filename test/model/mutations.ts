/**
 * `npm run mutations [-- NAME…]`: breaks the product on purpose, one way after the other, in a copy, and runs the tests that must notice. A
 * breakage that nobody notices is a hole in the tests: then the exit code is 1.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
}

const SOURCE = 'sidecar/source';
const DELIVER = 'sidecar/deliver';
const ROTATION = ['test/pipeline/rotation.test.ts'];
const DELIVERY = ['test/pipeline/delivery.test.ts'];

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the checkpoint is not synced',
    file: `${SOURCE}/checkpoints.ts`,
    from: '      await file.sync();\n',
    to: '',
    tests: ['test/sidecar/source/checkpoints.test.ts'],
  },
  {
    name: 'no generation before is kept',
    file: `${SOURCE}/checkpoints.ts`,
    from: 'await rename(current, previous).catch(',
    to: 'await Promise.resolve().catch(',
    tests: ['test/sidecar/source/checkpoints.test.ts'],
  },
  {
    name: 'the bytes before the offset are not compared',
    file: `${SOURCE}/content.ts`,
    from: 'window.length < overlap || this.#before.compare(window, 0, overlap) !== 0',
    to: 'window.length < overlap',
    tests: ['test/sidecar/source/tailer.test.ts', ...DELIVERY],
  },
  {
    name: 'the hash of the head is not compared after a restart',
    file: `${SOURCE}/content.ts`,
    from: 'return prove(head, head.length).hash === this.#headProof.hash;',
    to: 'return true;',
    tests: ['test/sidecar/source/resume.test.ts'],
  },
  {
    name: 'the hash of the mark is not compared after a restart',
    file: `${SOURCE}/identity.ts`,
    from: 'return bytes.length === proof.bytes && prove(bytes, proof.at).hash === proof.hash;',
    to: 'return bytes.length === proof.bytes;',
    tests: ['test/sidecar/source/resume.test.ts'],
  },
  {
    name: 'an offset is one too far',
    file: `${SOURCE}/content.ts`,
    from: 'this.readOffset += bytes;',
    to: 'this.readOffset += bytes + 1;',
    tests: ['test/sidecar/source/tailer.test.ts'],
  },
  {
    name: 'a truncation begins no other generation',
    file: `${SOURCE}/tailer.ts`,
    from: 'generation: generation + 1, id',
    to: 'generation, id',
    tests: ['test/sidecar/source/tailer.test.ts'],
  },
  {
    name: 'settled when it is handed on, not when it is delivered',
    file: `${DELIVER}/driver.ts`,
    from: '    this.#span += spanOf(batch);\n',
    to: '    this.#span += spanOf(batch);\n    this.#settleRanges(batch);\n',
    tests: ['test/sidecar/deliver/driver.test.ts', ...DELIVERY],
  },
  {
    name: 'the watermark jumps over what is not settled',
    file: `${DELIVER}/ledger.ts`,
    from: 'if (start > settled.watermark) {',
    to: 'if (start > settled.watermark + 1e9) {',
    tests: ['test/sidecar/deliver/ledger.test.ts'],
  },
  {
    name: 'a record is lost when a batch is halved',
    file: `${DELIVER}/parts.ts`,
    from: 'all.slice(middle)',
    to: 'all.slice(middle + 1)',
    tests: ['test/sidecar/deliver/parts.test.ts', 'test/sidecar/deliver/driver.property.test.ts'],
  },
  {
    name: 'a failed request counts as delivered',
    file: `${DELIVER}/driver.ts`,
    from: 'return { batch, progressed: false, held: false, again: false, afterMs: result.retryAfterMs ?? 0 };',
    to: 'this.#settle(batch);\n        return DONE;',
    tests: ['test/sidecar/deliver/driver.test.ts', ...DELIVERY],
  },
  {
    name: 'the budget lets everything in',
    file: `${DELIVER}/budget.ts`,
    from: 'return !grows || beyond <= shared || (empty && bytes > reserve);',
    to: 'return true;',
    tests: ['test/sidecar/deliver/budget.test.ts'],
  },
  {
    name: 'copies of what was truncated are not known again',
    file: `${SOURCE}/rotated.ts`,
    from: 'for (const ended of this.#ended.toReversed()) {',
    to: 'for (const ended of this.#ended.slice(0, 0)) {',
    tests: ROTATION,
  },
  {
    name: 'copies of what is read are read at once',
    file: `${SOURCE}/rotated.ts`,
    from: "return 'wait';",
    to: "return 'new';",
    tests: ROTATION,
  },
  {
    name: 'nobody looks beside the logs',
    file: `${SOURCE}/files.ts`,
    from: '    await this.open.rotated.lookBeside();\n',
    to: '',
    tests: ROTATION,
  },
  {
    name: 'what was renamed while we were down is not looked for',
    file: `${SOURCE}/files.ts`,
    from: '      await this.open.rotated.findMissing();\n',
    to: '',
    tests: [...ROTATION, 'test/model/model.test.ts'],
  },
  {
    name: 'a truncation is seen by the size alone',
    file: `${SOURCE}/tailer.ts`,
    from: 'if (changed && !(await this.content.isBegunIn(this.handle))) return',
    to: 'if (false) return',
    tests: ['test/sidecar/source/tailer.test.ts', 'test/pipeline/outage.test.ts'],
  },
  {
    name: 'an unfinished last line is left at the end',
    file: 'sidecar/pipeline.ts',
    from: '    if (!signal.aborted) await this.source.flush(signal);\n',
    to: '',
    tests: DELIVERY,
  },
  {
    name: 'a reload gives outputs again what they had',
    file: 'sidecar/pipeline.ts',
    from: 'this.#before.set(content.file,',
    to: 'void (content.file,',
    tests: ['test/pipeline/reload.test.ts'],
  },
  {
    name: 'a reload gives up what cannot be read again',
    file: `${DELIVER}/lane.ts`,
    from: '(canBeRead(file) ? [] : [i])',
    to: '(canBeRead(file) ? [] : [])',
    tests: ['test/pipeline/reload.test.ts'],
  },
  {
    name: 'an output that is new after a reload begins with what is read from now on',
    file: 'sidecar/pipeline.ts',
    from: '?.[lane.name] ?? 0) : notTaken;',
    to: '?.[lane.name] ?? 0) : at;',
    tests: ['test/pipeline/reload.test.ts'],
  },
  {
    name: 'a record that may go on leaves before it is on disk that it ends there',
    file: `${SOURCE}/content.ts`,
    from: 'const ahead = [...this.#cuts, ...this.#newCuts];',
    to: 'const ahead: number[] = [];',
    tests: ['test/pipeline/multiline.test.ts'],
  },
  {
    name: 'a settled file is deleted by its name alone',
    file: `${SOURCE}/disk.ts`,
    from: 'if (itsDev === dev && ino === inode) {',
    to: 'if (itsDev !== dev || ino !== inode || ino === inode) {',
    tests: ['test/sidecar/source/disk.test.ts'],
  },
];

const names = process.argv.slice(2);
const chosen = MUTATIONS.filter(({ name }) => names.length === 0 || names.some((one) => name.includes(one)));
const folder = join(mkdtempSync(join(tmpdir(), 'sidetail-mutations-')), 'tree');
execFileSync('git', ['worktree', 'add', '-q', '--detach', folder, 'HEAD']);
symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
let missed = 0;
try {
  for (const { name, file, from, to, tests } of chosen) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${name}: its text does not stand exactly once in ${file}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    const noticed = tests.find((test) => {
      const { status } = spawnSync('tap', ['--reporter=silent', '--bail', test], { cwd: folder, timeout: 600_000 });
      return status !== 0;
    });
    writeFileSync(path, text);
    if (noticed === undefined) missed += 1;
    process.stdout.write(`${noticed === undefined ? 'MISSED' : 'caught'}  ${name.padEnd(58)} ${noticed ?? ''}\n`);
  }
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', folder]);
  rmSync(join(folder, '..'), { recursive: true, force: true });
}
process.stdout.write(`\n${chosen.length - missed} of ${chosen.length} breakages were noticed\n`);
process.exit(missed === 0 ? 0 : 1);
