import t from 'tap';
import { Health } from '../../../sidecar/deliver/health.ts';
import { type Logged, recordedTelemetry } from '../fixtures.ts';

function setUp(): { health: Health; logged: Logged[] } {
  const { telemetry, logged } = recordedTelemetry();
  return { health: new Health('es', telemetry.log), logged };
}
const said = (logged: readonly Logged[]): string[] => logged.map(({ msg }) => msg);

t.test('an outage is told once, reminded of, and its end is told', (t) => {
  const { health, logged } = setUp();
  health.succeeded(0);
  t.same(said(logged), [], 'success is nothing to tell');
  t.notOk(health.failing);
  for (const now of [1000, 2000, 20_000, 31_000, 32_000]) health.failed(now, 'connection', 'refused', false);
  t.ok(health.failing);
  t.same(
    logged.map(({ msg, attempts }) => [msg, attempts]),
    [
      ['delivery failed: records are kept and tried again', 1],
      ['delivery failed: records are kept and tried again', 4],
    ],
    'the first, and a reminder after 30 s',
  );
  t.same(health.lastError, { time: '1970-01-01T00:00:32.000Z', reason: 'connection', message: 'refused' });
  health.succeeded(41_000);
  t.notOk(health.failing);
  t.match(logged.at(-1), { msg: 'delivering again', attempts: 5, outageMs: 40_000 });
  t.equal(health.lastSuccess, '1970-01-01T00:00:41.000Z');
  t.ok(health.lastError, 'the last error is remembered');
  health.failed(42_000, 'connection', 'refused', false);
  t.equal(logged.length, 4, 'the next outage is told at once');
  t.end();
});

t.test('an output that refuses us is held until it does not', (t) => {
  const { health, logged } = setUp();
  health.failed(0, 'forbidden', 'no', true);
  t.same(health.held, { time: '1970-01-01T00:00:00.000Z', reason: 'forbidden', message: 'no' });
  t.same(said(logged), ['the output refuses us: records are kept and tried again']);
  health.failed(1, 'connection', 'gone', false);
  t.equal(health.held, undefined, 'another trouble now');
  health.failed(2, 'forbidden', 'no', true);
  health.succeeded(3);
  t.equal(health.held, undefined);
  t.end();
});

t.test('records refused for good are told each time', (t) => {
  const { health, logged } = setUp();
  health.refused(3, 'mapping');
  t.match(logged, [{ msg: 'records refused for good', records: 3, error: 'mapping', output: 'es' }]);
  t.notOk(health.failing);
  t.end();
});

t.test('delivering some while others fail is no recovery', (t) => {
  const { health, logged } = setUp();
  health.failed(0, 'throttled', 'busy', false);
  health.delivered(1000);
  t.ok(health.failing);
  t.equal(health.lastSuccess, '1970-01-01T00:00:01.000Z');
  t.equal(logged.length, 1);
  t.end();
});
