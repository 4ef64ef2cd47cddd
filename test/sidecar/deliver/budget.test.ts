import t from 'tap';
import { type Account, Budget } from '../../../sidecar/deliver/budget.ts';

/** Whether the promise is settled once everything that can go on went on. */
async function settled(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise(setImmediate);
  return done;
}

function setUp<N extends string>(limit: number, ...names: N[]): { budget: Budget } & Record<N, Account> {
  const budget = new Budget(limit);
  return { budget, ...(Object.fromEntries(budget.open(limit, names)) as Record<N, Account>) };
}

t.test('one output may use all of it, and no more', (t) => {
  const { budget, es } = setUp(100, 'es');
  es.charge(80);
  t.ok(budget.fits([es], 20));
  t.notOk(budget.fits([es], 21));
  es.release(80);
  t.equal(budget.used, 0);
  t.end();
});

t.test('bug: an output that was down used up the room of another that gets other files', (t) => {
  const { budget, down, up } = setUp(100, 'down', 'up');
  down.charge(75);
  t.notOk(budget.fits([down], 1), 'its own quarter and the shared half');
  t.ok(budget.fits([up], 25), 'the other quarter is kept');
  up.charge(1);
  t.notOk(budget.fits([up], 25));
  up.release(1);
  t.notOk(budget.fits([down, up], 1), 'a record for both waits');
  down.release(10);
  t.ok(budget.fits([up], 35));
  t.ok(budget.fits([down, up], 5));
  t.end();
});

t.test(
  'bug: an output that was down kept a line from a healthy one that was greater than what is kept for that',
  (t) => {
    const budget = new Budget(100);
    const [down, up, third] = [...budget.open(100, ['down', 'up', 'third'], 20).values()] as [
      Account,
      Account,
      Account,
    ];
    down.charge(60);
    t.notOk(budget.fits([down], 1));
    t.ok(budget.fits([up], 20) && budget.fits([third], 20), 'as much as the largest record needs is kept');
    t.ok(budget.fits([up], 30), 'one that is greater all the same goes alone');
    up.charge(1);
    t.notOk(budget.fits([up], 30));
    t.end();
  },
);

t.test('property: never beyond the limit while each record is within it', (t) => {
  const budget = new Budget(1000);
  const [a, b, c] = [...budget.open(1000, ['a', 'b', 'c'], 300).values()] as [Account, Account, Account];
  const all = [a, b, c];
  let seed = 1;
  for (let i = 0; i < 5000; i++) {
    seed = (seed * 48271) % 2147483647;
    const some = all.filter((_, j) => (seed >> j) & 1);
    const bytes = seed % 300;
    if (some.length > 0 && budget.fits(some, bytes)) for (const one of some) one.charge(bytes);
    else all[seed % 3]!.release(Math.min(all[seed % 3]!.used, bytes));
    if (budget.used > 1000) t.fail(`${budget.used} of 1000`);
  }
  t.end();
});

t.test('a record greater than the whole budget has room when nothing else is held, and only then', (t) => {
  const { budget, es } = setUp(100, 'es');
  t.ok(budget.fits([es], 1000));
  es.charge(1);
  t.notOk(budget.fits([es], 1000));
  t.end();
});

t.test('who waits goes on when bytes are released, or when the signal aborts', async (t) => {
  const { budget, es } = setUp(100, 'es');
  es.charge(150);
  const stop = new AbortController();
  const [first, second] = [budget.released(new AbortController().signal), budget.released(stop.signal)];
  t.notOk(await settled(first));
  es.release(10);
  t.ok(await settled(first));
  t.ok(await settled(second), 'all who wait');
  const third = budget.released(stop.signal);
  t.notOk(await settled(third));
  stop.abort();
  t.ok(await settled(third));
  t.ok(await settled(budget.released(stop.signal)), 'and at once when it aborted before');
});

t.test('another limit', (t) => {
  const { budget } = setUp(100, 'es');
  const es = budget.open(200, ['es']).get('es')!;
  es.charge(150);
  t.ok(budget.fits([es], 50));
  t.equal(budget.limit, 200);
  t.end();
});
