import { globSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { namespace, PATHS, pod, template, unique } from './apps.ts';
import { CHART, install, installed, SYSTEM, values } from './installation.ts';
import { apply, eventually, get, helm, isInjected, kubectl, pods, run } from './kubernetes.ts';

/** The chart against a real API server: what it renders is accepted, it upgrades in place, and it goes without leaving anything behind. */

const NS = unique('e2e-helm');

t.before(async () => {
  await installed(t.testdir());
  await apply(namespace(NS));
});
t.teardown(() => kubectl('delete', 'namespace', NS, '--wait=false'));

t.test('values: each set is accepted by the API server, a wrong value by nobody', async (t) => {
  const folder = t.testdir();
  const sets = globSync('test/manifests/values/*.yaml').sort();
  t.ok(sets.length >= 5, `${sets.length} sets of values`);
  for (const file of sets) {
    await helm('lint', '--strict', CHART, '--values', file);
    const rendered = await helm('template', 'dry', CHART, '--namespace', SYSTEM, '--values', file);
    // Kinds of other projects are not known to this API server.
    const known = rendered
      .split(/^---$/m)
      .filter((one) => !/apiVersion: (?:cert-manager\.io|monitoring\.coreos\.com)/.test(one));
    writeFileSync(`${folder}/all.yaml`, known.join('---\n'));
    const { code, stderr } = await run('kubectl', ['apply', '--dry-run=server', '-f', `${folder}/all.yaml`]);
    t.equal(code, 0, `${file}: ${stderr}`);
    // The node's network is never restricted.
    if (!file.includes('private')) t.notMatch(stderr, /would violate PodSecurity/, `${file}: restricted`);
  }
  const { code, stderr } = await run('helm', ['template', 'dry', CHART, '--set', 'tls.mode=sefl']);
  t.ok(code !== 0);
  t.match(stderr, /tls\/mode.*must be one of 'self', 'cert-manager', 'provided'/);
});

t.test('manifests/install.yaml is what the chart gives', async (t) => {
  const { code, stderr } = await run('node', ['manifests/render.ts', '--check']);
  t.equal(code, 0, stderr);
});

t.test('helm test', async (t) => {
  t.match(await helm('test', 'sidetail', '--namespace', SYSTEM), /Phase:\s+Succeeded/);
});

t.test(
  'upgrade: a new profile is used at once, the certificate stays, the running sidecar is left alone',
  async (t) => {
    const secret = (): Promise<string> =>
      kubectl('-n', SYSTEM, 'get', 'secret', 'sidetail-webhook-tls', '-o', 'jsonpath={.data.tls\\.crt}');
    const before = {
      secret: await secret(),
      pods: (await pods(SYSTEM, 'app.kubernetes.io/name=sidetail-webhook')).map((one) => one.metadata.uid),
    };
    const old = unique('old');
    await apply(pod(old, NS, template(old, { ...PATHS, 'sidetail.dev/profile': 'stdout' }, { lines: 1, stay: true })));
    const folder = t.testdir();
    const out = { outputs: { out: { type: 'stdout' } } };
    writeFileSync(`${folder}/values.yaml`, values({ profiles: { default: out, stdout: out, fresh: out } }));
    await install(`${folder}/values.yaml`);
    const one = await eventually(async () => {
      const name = unique('fresh');
      await apply(pod(name, NS, template(name, { ...PATHS, 'sidetail.dev/profile': 'fresh' }, { lines: 1 })));
      const found = await get('pod', name, '-n', NS);
      return isInjected(found) && found;
    }, 'the new profile is known');
    t.ok(isInjected(one));
    t.equal(await secret(), before.secret, 'the certificate');
    t.same(
      (await pods(SYSTEM, 'app.kubernetes.io/name=sidetail-webhook')).map((p) => p.metadata.uid).sort(),
      before.pods.sort(),
      'settings are read again without a restart',
    );
    const running = await get('pod', old, '-n', NS);
    t.ok(running.status.initContainerStatuses!.every(({ restartCount }) => restartCount === 0));
  },
);

t.test('a GitOps tool sees no drift: what helm would apply changes nothing', async (t) => {
  const folder = t.testdir({ 'values.yaml': values() });
  await install(`${folder}/values.yaml`);
  writeFileSync(`${folder}/all.yaml`, await helm('get', 'manifest', 'sidetail', '--namespace', SYSTEM));
  const { code, stdout } = await run('kubectl', [
    'diff',
    '--server-side',
    '--force-conflicts',
    '-f',
    `${folder}/all.yaml`,
  ]);
  t.equal(code, 0, stdout);
  const live = await kubectl('get', 'mutatingwebhookconfiguration', 'sidetail', '-o', 'yaml');
  t.match(live, /caBundle: \S{100}/, 'although the webhook wrote its caBundle');
  t.notMatch(readFileSync(`${folder}/all.yaml`, 'utf8'), /^\s*caBundle:/m);
});

t.test('uninstall leaves nothing behind, and pods start', async (t) => {
  await helm('uninstall', 'sidetail', '--namespace', SYSTEM, '--wait', '--timeout', '120s');
  t.teardown(() => installed(t.testdir()));
  const left = await eventually(async () => {
    const kinds = 'mutatingwebhookconfigurations,clusterroles,clusterrolebindings';
    const names = await kubectl('get', kinds, '-o', 'name');
    const own = await kubectl(
      '-n',
      SYSTEM,
      'get',
      'all,secrets,configmaps,serviceaccounts,roles,rolebindings,poddisruptionbudgets',
      '-o',
      'name',
    );
    const ours = [...names.split('\n').filter((name) => name.includes('sidetail')), ...own.split('\n')].filter(
      (name) => name !== '' && !/configmap\/kube-root-ca.crt|serviceaccount\/default/.test(name),
    );
    return ours.length === 0 && 'nothing';
  }, 'nothing is left');
  t.equal(left, 'nothing');
  const name = unique('after');
  await apply(pod(name, NS, template(name, PATHS, { file: '/tmp/app.log', lines: 1 })));
  t.notOk(isInjected(await get('pod', name, '-n', NS)));
});
