import t from 'tap';
import { Budget } from '../../../sidecar/deliver/budget.ts';

const never = new AbortController().signal;
/** Whether the promise is settled once everything that can go on went on. */
async function settled(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise(setImmediate);
  return done;
}

t.test('room is what is left of the limit but the headroom', (t) => {
  const budget = new Budget(100, 20);
  budget.charge(80);
  t.ok(budget.hasRoom);
  budget.charge(1);
  t.notOk(budget.hasRoom);
  budget.release(81);
  t.equal(budget.used, 0);
  t.end();
});

t.test('the headroom is never more than half, so that there is room at all', (t) => {
  const budget = new Budget(100, 1000);
  t.ok(budget.hasRoom);
  budget.charge(50);
  t.ok(budget.hasRoom);
  budget.charge(1);
  t.notOk(budget.hasRoom);
  t.end();
});

t.test('who waits goes on when there is room, not before', async (t) => {
  const budget = new Budget(100, 0);
  await budget.room(never);
  budget.charge(150);
  const [first, second] = [budget.room(never), budget.room(never)];
  budget.release(10);
  t.notOk(await settled(first), 'still 140 of 100');
  budget.release(40);
  t.ok(await settled(first));
  t.ok(await settled(second), 'all who wait');
});

t.test('who waits goes on when the signal aborts', async (t) => {
  const budget = new Budget(100, 0);
  budget.charge(101);
  const stop = new AbortController();
  const waiting = budget.room(stop.signal);
  t.notOk(await settled(waiting));
  stop.abort();
  t.ok(await settled(waiting));
  t.ok(await settled(budget.room(stop.signal)), 'and at once when it aborted before');
  budget.release(101);
  t.equal(budget.used, 0);
});

t.test('a greater limit makes room', (t) => {
  const budget = new Budget(100, 0);
  budget.charge(150);
  t.notOk(budget.hasRoom);
  budget.resize(200, 0);
  t.ok(budget.hasRoom);
  t.equal(budget.limit, 200);
  t.end();
});
