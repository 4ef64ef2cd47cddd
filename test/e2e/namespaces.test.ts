import t from 'tap';
import { namespace, PATHS, pod, template, unique } from './apps.ts';
import { installed } from './installation.ts';
import { apply, eventually, get, isInjected, kubectl, statusOf } from './kubernetes.ts';

/** The namespace label and the pod's own word, as the table in the contract says. The pods need no backend. */

const PROFILE = { 'sidetail.dev/profile': 'stdout' };
const SAYS: Record<string, { labels?: Record<string, string>; annotations: Record<string, string> }> = {
  nothing: { annotations: PROFILE },
  paths: { annotations: { ...PROFILE, ...PATHS } },
  yes: { annotations: { ...PROFILE, ...PATHS, 'sidetail.dev/inject': 'true' } },
  no: { annotations: { ...PROFILE, ...PATHS, 'sidetail.dev/inject': 'false' } },
  label: {
    labels: { 'sidetail.dev/inject': 'enabled' },
    annotations: { ...PROFILE, ...PATHS, 'sidetail.dev/inject': 'false' },
  },
  odd: { annotations: { ...PROFILE, ...PATHS, 'sidetail.dev/inject': 'perhaps' } },
};

t.before(() => installed(t.testdir()));

/** What became of a pod of each kind in the namespace: the reason, and whether the sidecar is there. */
async function outcomes(ns: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, { labels, annotations }] of Object.entries(SAYS)) {
    const { metadata, spec } = template(name, annotations, { lines: 1, pod: { restartPolicy: 'Never' } }) as {
      metadata: { labels: object };
      spec: object;
    };
    await kubectl('-n', ns, 'delete', 'pod', name, '--ignore-not-found', '--grace-period=0', '--force');
    await apply(pod(name, ns, { metadata: { ...metadata, labels: { ...metadata.labels, ...labels } }, spec }));
    const made = await get('pod', name, '-n', ns);
    const { reason } = statusOf(made);
    t.equal(isInjected(made), reason === 'Injected', `${ns}/${name}: the annotation tells the truth`);
    found[name] = reason ?? 'not called';
  }
  return found;
}

t.test('the namespace says nothing: pods that opt in', async (t) => {
  const ns = unique('e2e-plain');
  await apply(namespace(ns));
  t.teardown(() => kubectl('delete', 'namespace', ns, '--wait=false'));
  t.same(await outcomes(ns), {
    nothing: 'not called',
    paths: 'Injected',
    yes: 'Injected',
    no: 'not called',
    label: 'Injected',
    odd: 'InvalidValue',
  });
});

t.test('enabled: every pod with paths that did not say no; switched off and to disabled while it lives', async (t) => {
  const ns = unique('e2e-enabled');
  await apply(namespace(ns, { 'sidetail.dev/injection': 'enabled' }));
  t.teardown(() => kubectl('delete', 'namespace', ns, '--wait=false'));
  const enabled = {
    nothing: 'not called',
    paths: 'Injected',
    yes: 'Injected',
    no: 'not called',
    label: 'Injected',
    odd: 'InvalidValue',
  };
  t.same(await outcomes(ns), enabled, 'without paths in the profile there is nothing to read');
  await kubectl('label', 'namespace', ns, 'sidetail.dev/injection=disabled', '--overwrite');
  const disabled = Object.fromEntries(Object.keys(SAYS).map((name) => [name, 'not called']));
  await eventually(async () => {
    await kubectl('-n', ns, 'delete', 'pod', 'yes', '--ignore-not-found', '--grace-period=0', '--force');
    await apply(pod('yes', ns, template('yes', SAYS.yes!.annotations, { lines: 1, pod: { restartPolicy: 'Never' } })));
    return !isInjected(await get('pod', 'yes', '-n', ns));
  }, 'the label takes effect');
  t.same(await outcomes(ns), disabled, 'a hard off');
  await kubectl('label', 'namespace', ns, 'sidetail.dev/injection-');
  await eventually(async () => (await outcomes(ns)).yes === 'Injected', 'off again: pods that opt in');
});

t.test('kube-system and the own namespace are left alone', async (t) => {
  for (const ns of ['kube-system', 'sidetail-system']) {
    const name = unique('bystander');
    await apply(pod(name, ns, template(name, { ...PROFILE, ...PATHS }, { lines: 1, pod: { restartPolicy: 'Never' } })));
    const made = await get('pod', name, '-n', ns);
    t.notOk(isInjected(made), ns);
    await kubectl('-n', ns, 'delete', 'pod', name, '--grace-period=0', '--force');
  }
});
