import t from 'tap';
import { type Container, isMap, type Pod } from '../../webhook/pod.ts';
import { call, pod, settings } from './fixtures.ts';

const sidecar = (p: Pod): Container => p.spec.initContainers![0]!;
const paths = (value: string) => ({ 'sidetail.dev/paths': value });
const mount = (name: string, mountPath: string) => ({ name, mountPath });

t.test('bug: a second call undid what others made of the container: a LimitRange, a mirror, a token', async (t) => {
  const first = call(pod(paths('/var/log/app/*.log'))).pod;
  const own = sidecar(first) as Container & { resources: { limits: object } };
  const token = mount('kube-api-access-x', '/var/run/secrets/kubernetes.io/serviceaccount');
  const changed = {
    ...own,
    image: 'mirror.example.com/sidetail-sidecar:test',
    resources: { ...own.resources, limits: { ...own.resources.limits, cpu: '500m' } },
    env: [...own.env!, { name: 'HTTPS_PROXY', value: 'http://proxy' }],
    volumeMounts: [...own.volumeMounts!, token],
    imagePullPolicy: 'IfNotPresent',
  };
  const volumes = first.spec.volumes!.map((v) =>
    isMap(v.downwardAPI) ? { ...v, downwardAPI: { ...v.downwardAPI, defaultMode: 420 } } : v,
  );
  const between = { ...first, spec: { ...first.spec, initContainers: [changed], volumes } };
  const second = call(between);
  t.same(sidecar(second.pod), changed, 'all of it is kept');
  t.equal(second.status.image, changed.image, 'and the status tells the truth');
  t.same(call(second.pod).patch, [], 'a third call has nothing to do');
  const moved = { ...changed, volumeMounts: changed.volumeMounts.slice(0, 2), env: own.env!.slice(0, 1) };
  const mended = sidecar(call({ ...first, spec: { ...first.spec, initContainers: [moved] } }).pod);
  t.same(mended.volumeMounts, own.volumeMounts, 'what it needs is put back');
  t.same(mended.env, own.env);
  const newer = sidecar(call(between, {}, settings({ image: 'sidetail-sidecar:newer' })).pod);
  t.equal(newer.image, 'sidetail-sidecar:newer', 'what is ours follows the settings');
  t.same([newer.env, newer.volumeMounts, newer.resources], [changed.env, changed.volumeMounts, changed.resources]);
  const odd = { ...changed, command: ['sh'], securityContext: { privileged: true }, lifecycle: {} };
  const tamed = sidecar(call({ ...between, spec: { ...between.spec, initContainers: [odd] } }).pod);
  t.same(tamed, changed, 'what the sidecar may do is not for others to say');
  const user = { ...between, spec: { ...between.spec, securityContext: { runAsUser: 1234 } } };
  t.match(sidecar(call(user).pod).securityContext, { runAsUser: 1234 }, 'bug: the user of the first call was kept');
});
