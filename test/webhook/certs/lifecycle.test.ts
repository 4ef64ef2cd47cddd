import fc from 'fast-check';
import t from 'tap';
import { issueCertificates } from '../../../webhook/certs/issue.ts';
import { certificates, lifeOf, nextStep, type Stored, unusable } from '../../../webhook/certs/lifecycle.ts';

const HOSTS = ['webhook.system.svc'];
const HOUR = 36e5;
const RULES = { hosts: HOSTS, validityMs: HOUR, overlapMs: 60_000 };
const EMPTY: Stored = { bundle: '', cert: '', key: '', nextCert: '', nextKey: '' };
const issued = await Promise.all([0, 1, 2].map(() => issueCertificates({ hosts: HOSTS, validityMs: HOUR })));
const [one, two, other] = issued.map(({ ca, cert, key }) => ({ ca: certificates(ca).join(''), cert, key })) as [
  { ca: string; cert: string; key: string },
  { ca: string; cert: string; key: string },
  { ca: string; cert: string; key: string },
];
const fresh: Stored = { ...EMPTY, bundle: one.ca, cert: one.cert, key: one.key };
const { from, to } = lifeOf(one.cert);
const seen = (trustedSince?: number, storedSince = 0) => ({ trustedSince, storedSince });
const kind = (stored: Stored, now: number, trustedSince?: number, storedSince?: number): string =>
  nextStep(stored, now, seen(trustedSince, storedSince), RULES).kind;

t.test('what cannot be served is made anew, and why', async (t) => {
  const foreign = await issueCertificates({ hosts: ['elsewhere.svc'], validityMs: HOUR });
  const cases: [string, Stored, RegExp][] = [
    ['nothing', EMPTY, /none yet/],
    ['broken', { ...fresh, cert: 'x' }, /cannot be read/],
    ['key of another', { ...fresh, key: two.key }, /key is another/],
    ['CA not trusted', { ...fresh, bundle: two.ca }, /not in the bundle/],
    [
      'another host',
      { ...EMPTY, bundle: certificates(foreign.ca).join(''), cert: foreign.cert, key: foreign.key },
      /not for webhook/,
    ],
  ];
  for (const [name, stored, why] of cases) {
    const step = nextStep(stored, from, seen(), RULES);
    t.match(step, { kind: 'issue' }, name);
    t.match((step as { why: string }).why, why, name);
  }
  t.match(nextStep(fresh, to, seen(), RULES), { kind: 'issue', why: /expired/ });
});

t.test('a life: kept, staged at two thirds, promoted when all trust it, pruned when all serve it', (t) => {
  t.equal(kind(fresh, from), 'keep');
  t.equal(kind(fresh, from + HOUR * 0.6), 'keep');
  t.equal(kind(fresh, from + HOUR * 0.8), 'stage');
  const staged: Stored = { ...fresh, bundle: one.ca + two.ca, nextCert: two.cert, nextKey: two.key };
  const now = from + HOUR * 0.8;
  t.equal(kind(staged, now), 'keep', 'nobody trusts it yet');
  t.equal(kind(staged, now, now - 59_000), 'keep', 'not for long enough');
  t.equal(kind(staged, now, now - 60_000), 'promote');
  t.equal(kind({ ...staged, nextKey: other.key }, now, 0), 'stage', 'a broken one is made again');
  const promoted: Stored = { bundle: staged.bundle, cert: two.cert, key: two.key, nextCert: '', nextKey: '' };
  const early = lifeOf(two.cert).from;
  t.equal(kind(promoted, early + 119_000, undefined, early), 'keep', 'bug: a clock that was ahead pruned too early');
  t.same(nextStep(promoted, early + 120_000, seen(undefined, early), RULES), { kind: 'prune', bundle: two.ca });
  t.equal(kind({ ...staged, cert: 'x' }, now), 'promote', 'a good successor is better than a new one');
  t.equal(nextStep(fresh, from, seen(), { ...RULES, validityMs: HOUR / 10 }).kind, 'stage', 'a shorter life is wished');
  t.end();
});

t.test('property: whatever is stored, what is kept can be served and is trusted', (t) => {
  const pem = fc.constantFrom('', 'x', one.cert, two.cert);
  const key = fc.constantFrom('', 'x', one.key, two.key);
  const bundle = fc.array(fc.constantFrom(one.ca, two.ca, other.ca), { maxLength: 3 }).map((all) => all.join(''));
  const stored = fc.record({
    bundle,
    cert: pem,
    key,
    nextCert: pem,
    nextKey: key,
  });
  fc.assert(
    fc.property(stored, fc.integer({ min: from, max: to + HOUR }), fc.boolean(), (state, now, trusted) => {
      const step = nextStep(state, now, seen(trusted ? 0 : undefined), RULES);
      const served = unusable(state.cert, state.key, state.bundle, now, HOSTS) === undefined;
      const next = unusable(state.nextCert, state.nextKey, state.bundle, now, HOSTS) === undefined;
      if (!served) return step.kind === (state.nextCert !== '' && next ? 'promote' : 'issue');
      if (step.kind === 'promote') return trusted && next;
      if (step.kind === 'prune') return unusable(state.cert, state.key, step.bundle, now, HOSTS) === undefined;
      return step.kind !== 'issue';
    }),
  );
  t.end();
});
