import t from 'tap';
import type { Condition } from '../../../contract/config/condition.ts';
import { compileCondition } from '../../../sidecar/route/condition.ts';
import { input, logEvent, logFile } from '../fixtures.ts';

const event = logEvent({
  file: logFile({ input: input({ name: 'web', container: 'nginx', fields: { team: 'shop' } }) }),
  text: 'GET /healthz 503',
  level: 'error',
  fields: {
    path: '/healthz',
    status: 503,
    took: '1.5',
    ok: false,
    user: { email: 'a@b.c', id: 7 },
    'log.logger': 'k.s.Health',
    tags: ['a', 'b'],
    none: null,
  },
});

t.test('values, lists, expressions and comparisons', (t) => {
  const matching: Condition[] = [
    { path: '/healthz' },
    { path: ['/livez', '/healthz'] },
    { path: '/^.health/' },
    { path: '/HEALTH/i' },
    { status: 503 },
    { status: '503' },
    { status: '>=500' },
    { status: '< 504' },
    { status: ['200', '>502'] },
    { took: '>1' },
    { ok: false },
    { ok: 'false' },
    { 'user.email': 'a@b.c' },
    { 'user.id': '<=7' },
    { logger: '/^k\\.s\\./' },
    { 'log.logger': 'k.s.Health' },
    { level: 'error' },
    { level: 'ERROR' },
    { level: '>=error' },
    { level: '>warn' },
    { level: '!=info' },
    { level: ['info', '>=error'] },
    { message: '/healthz \\d{3}/' },
    { input: 'web', container: 'nginx', team: 'shop' },
    { 'file.path': '/var/log/app.log' },
    { path: '!=/livez' },
    { tags: '/"b"/' },
    {},
  ];
  for (const condition of matching) t.ok(compileCondition(condition)(event), JSON.stringify(condition));
  const others: Condition[] = [
    { path: '/health' },
    { status: '>503' },
    { status: '>=500', path: '/livez' },
    { missing: 'x' },
    { missing: '!=x' },
    { 'user.name': '/./' },
    { level: '<error' },
    { level: '>=fatal' },
    { path: '>5' },
    { team: 'other' },
  ];
  for (const condition of others) t.notOk(compileCondition(condition)(event), JSON.stringify(condition));
  t.notOk(compileCondition({ level: '>=trace' })(logEvent({ level: undefined })), 'a record without a level');
  t.end();
});
