import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { live } from './life.ts';
import { describe, planOf } from './plan.ts';

/**
 * Random lives. `SIDETAIL_MODEL_RUNS` says how many, `SIDETAIL_MODEL_SEED` which one first, `SIDETAIL_MODEL_JOBS` how many at a time. A life
 * that fails is told with its seed and its plan; the same seed is the same plan, if not the same moments.
 */
const setting = (name: string, otherwise: number): number => Number(process.env[`SIDETAIL_MODEL_${name}`] ?? otherwise);
const runs = setting('RUNS', 24);
const first = setting('SEED', Math.floor(Math.random() * 2 ** 30));
const jobs = setting('JOBS', 4);

t.setTimeout(0);
t.test(`${runs} random lives from seed ${first} on`, { jobs }, (t) => {
  const total: Record<string, number> = {};
  const add = (what: string, n: number): void => {
    total[what] = (total[what] ?? 0) + n;
  };
  const folder = t.testdir();
  for (let seed = first; seed < first + runs; seed++) {
    void t.test(`seed ${seed}`, { timeout: 0 }, async (t) => {
      const plan = planOf(seed);
      const own = join(folder, `${seed}`);
      mkdirSync(own);
      const { written, excused, lost, repeated, conflicts, balanced, done, said } = await live(own, plan);
      for (const [what, n] of Object.entries(done)) add(what, n);
      for (const [what, n] of Object.entries({ written, excused, conflicts })) add(`lines ${what}`, n);
      add('lines lost', lost.length);
      add('lines repeated', repeated.length);
      const found = { lost: lost.length, repeated: repeated.length, balanced };
      if (!t.same(found, { lost: 0, repeated: 0, balanced: true }, `seed ${seed}: ${written} lines, each exactly once`))
        t.comment([describe(plan), ...lost.slice(0, 3), ...repeated.slice(0, 3), ...said].join('\n'));
    });
  }
  t.teardown(() => {
    for (const [what, n] of Object.entries(total).sort()) t.comment(`${what}: ${n}`);
  });
  t.end();
});
