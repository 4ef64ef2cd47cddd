import t from 'tap';
import { live } from './run.ts';

/**
 * Random lives; `SIDETAIL_MODEL_RUNS` says how many (`npm run soak` does many), `SIDETAIL_MODEL_SEED` which one first. A life that fails is
 * told with its seed.
 */
const runs = Number(process.env.SIDETAIL_MODEL_RUNS ?? 4);
const first = Number(process.env.SIDETAIL_MODEL_SEED ?? Math.floor(Math.random() * 1e9));

const total: Record<string, number> = {};
for (let i = 0; i < runs; i++) {
  const seed = first + i;
  const result = await live(t.testdir({}), seed, 25);
  for (const [what, n] of Object.entries(result.done)) total[what] = (total[what] ?? 0) + n;
  total.written = (total.written ?? 0) + result.written;
  t.same(
    { lost: result.lost.slice(0, 5), repeated: result.repeated },
    { lost: [], repeated: 0 },
    `seed ${seed}: ${result.written} lines; ${result.steps.join(' ')}`,
  );
}
t.comment(JSON.stringify(total));
