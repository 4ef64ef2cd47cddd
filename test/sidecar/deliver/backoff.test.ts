import t from 'tap';
import { BASE_MS, CAP_MS, nextDelay, retryAfter } from '../../../sidecar/deliver/backoff.ts';

t.test('decorrelated jitter: from the base to three times the delay before, at most the cap', (t) => {
  t.equal(
    nextDelay(0, () => 0.999),
    BASE_MS,
    'the first one',
  );
  t.equal(
    nextDelay(1000, () => 0),
    BASE_MS,
  );
  t.equal(
    nextDelay(1000, () => 0.5),
    1750,
  );
  t.equal(
    nextDelay(1000, () => 1),
    3000,
  );
  t.equal(
    nextDelay(CAP_MS, () => 1),
    CAP_MS,
  );
  t.equal(
    nextDelay(Number.MAX_SAFE_INTEGER, () => 1),
    CAP_MS,
  );
  let delay = 0;
  for (let i = 0; i < 200; i++) {
    delay = nextDelay(delay);
    if (delay < BASE_MS || delay > CAP_MS || !Number.isInteger(delay)) t.fail(`a delay of ${delay}`);
  }
  t.end();
});

t.test('Retry-After', (t) => {
  const now = Date.UTC(2026, 0, 1);
  for (const [header, ms] of [
    ['0', 0],
    ['7', 7000],
    [['3', '4'], 3000],
    ['86400', 3_600_000],
    ['-5', 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [' ', undefined],
    [[], undefined],
    [undefined, undefined],
  ] as const)
    t.equal(retryAfter(header as string, now), ms, JSON.stringify(header));
  t.end();
});
