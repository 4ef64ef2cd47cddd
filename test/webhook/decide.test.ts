import t from 'tap';
import { admit } from '../../webhook/admit.ts';
import { REASONS } from '../../webhook/reasons.ts';
import { call, pod, request, settings } from './fixtures.ts';

const paths = { 'sidetail.dev/paths': '/var/log/app/*.log' };
const on = { 'sidetail.dev/inject': 'true', 'sidetail.dev/profile': 'lines' };

t.test('every reason, and whether the pod says so', async (t) => {
  const reserved = [{ name: 'app' }, { name: 'sidetail' }];
  const cases: [string, ReturnType<typeof call>, boolean][] = [
    ['Injected', call(pod(paths)), true],
    ['Injected', call(pod(on)), true],
    ['Injected', call(pod({}, {}, { annotations: paths, labels: { 'sidetail.dev/inject': 'enabled' } })), true],
    ['NotOptedIn', call(pod({})), false],
    ['NotOptedIn', call(pod({ 'sidetail.dev/profile': 'lines' })), false],
    ['OptedOut', call(pod({ ...paths, 'sidetail.dev/inject': 'false' })), false],
    ['OptedOut', call(pod(on, {}, { labels: { 'sidetail.dev/inject': 'false' } })), false],
    ['InvalidValue', call(pod({ ...paths, 'sidetail.dev/inject': 'yes' })), true],
    ['SystemNamespace', call(pod(paths), { namespace: 'kube-system' }), true],
    ['SystemNamespace', call(pod(paths, {}, { namespace: 'kube-system' }), { namespace: '' }), true],
    ['SystemNamespace', call(pod(paths), {}, settings({ excludedNamespaces: ['shop'] })), true],
    ['MirrorPod', call(pod({ ...paths, 'kubernetes.io/config.mirror': 'x' })), true],
    ['UnsupportedOS', call(pod(paths, { os: { name: 'windows' } })), true],
    ['UnsupportedOS', call(pod(paths, { nodeSelector: { 'kubernetes.io/os': 'windows' } })), true],
    ['NameConflict', call(pod(paths, { containers: reserved })), true],
    ['NameConflict', call(pod(paths, { volumes: [{ name: 'sidetail-state', emptyDir: {} }] })), true],
    ['UnknownProfile', call(pod({ ...paths, 'sidetail.dev/profile': 'line' })), true],
    ['UnknownProfile', call(pod({ ...paths, 'sidetail.dev/profile': 'constructor' })), true],
    ['NoPaths', call(pod({ 'sidetail.dev/inject': 'true' })), true],
    ['NoPaths', call(pod({ 'sidetail.dev/paths': '/etc/x.log' })), true],
    ['UnknownContainer', call(pod({ 'sidetail.dev/paths': 'web=/a/b/x.log' })), true],
    ['TooLarge', call(pod({ ...paths, 'sidetail.dev/fields': `a=${'x'.repeat(140_000)}` })), true],
    ['NamespaceDisabled', call(pod(paths), {}, settings(), { 'sidetail.dev/injection': 'disabled' }), true],
    [
      'Injected',
      call(pod({ 'sidetail.dev/profile': 'lines' }), {}, settings(), { 'sidetail.dev/injection': 'enabled' }),
      true,
    ],
    ['NoPaths', call(pod({}), {}, settings(), { 'sidetail.dev/injection': 'enabled' }), false],
    ['NotCreate', call(pod(paths), { operation: 'UPDATE' }), false],
    ['NotCreate', call(pod(paths), { subResource: 'eviction' }), false],
    ['NotAPod', call(pod(paths), { kind: 'apps/v1/Deployment' }), false],
  ];
  for (const [reason, answer, written] of cases) {
    t.equal(answer.reason, reason);
    t.equal(answer.result, reason === 'Injected' ? 'injected' : 'skipped', reason);
    t.equal(answer.status?.reason, written ? reason : undefined, `status of ${reason}`);
    if (reason === 'Injected') continue;
    t.notOk(answer.pod.spec.initContainers, `${reason}: no sidecar`);
    t.same(
      answer.patch.map((o) => o.path),
      written ? ['/metadata/annotations/sidetail.dev~1status'] : [],
      reason,
    );
  }
  const tested = new Set<string>(cases.map(([reason]) => reason).concat('MalformedPod', 'InternalError'));
  t.same(
    Object.keys(REASONS).filter((r) => !tested.has(r)),
    [],
    'no reason without a test',
  );
});

t.test('what is no pod is left alone', async (t) => {
  const broken = [null, 7, {}, { spec: {} }, { spec: { containers: 'x' } }, { spec: { containers: [{}] } }];
  const half = { metadata: { annotations: { 'sidetail.dev/inject': true } }, spec: { containers: [{ name: 'a' }] } };
  for (const object of [...broken, half]) {
    const { reason, patch } = admit(request(object), settings());
    t.same([reason, patch], ['MalformedPod', []], JSON.stringify(object));
  }
  t.equal(
    admit(
      request({ metadata: null, spec: { containers: [{ name: 'a', volumeMounts: null }], volumes: null } }),
      settings(),
    ).reason,
    'NotOptedIn',
  );
});

t.test('warnings say what, and how to mend it', async (t) => {
  t.same(call(pod({ ...paths, 'sidetail.dev/profile': 'line' })).warnings, [
    'sidetail: not injected: There is no profile of that name.',
    'sidetail.dev/profile="line": no such profile. Did you mean "lines"?',
  ]);
  t.same(call(pod({ 'sidetail.dev/path': '/a' })).warnings, [
    'sidetail.dev/path="/a": unknown key. Did you mean sidetail.dev/paths?',
  ]);
  t.ok(
    Object.values(REASONS).every((sentence) => sentence.length <= 120 - 'sidetail: not injected: '.length),
    'sentences fit',
  );
  const many = call(pod({ 'sidetail.dev/paths': Array.from({ length: 100 }, (_, i) => `x${i}`).join() }));
  t.equal(many.warnings.length, 9, 'few for kubectl');
  t.equal(many.status.warnings.at(-1), 'and 81 more warnings', 'more in the status');
});
