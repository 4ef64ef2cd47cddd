import { writeFileSync } from 'node:fs';
import t from 'tap';
import { namespace, PATHS, pod, template, unique } from './apps.ts';
import { install, installed, SYSTEM, values } from './installation.ts';
import { apply, eventually, get, isInjected, kubectl, pods, run } from './kubernetes.ts';

/** The webhook goes away, changes its certificate, loses a replica: no pod is ever denied, and none is missed that need not be. */

const NS = unique('e2e-available');
const WEBHOOK = 'app.kubernetes.io/name=sidetail-webhook';
const PROFILE = { ...PATHS, 'sidetail.dev/profile': 'stdout' };

t.before(async () => {
  await installed(t.testdir());
  await apply(namespace(NS));
});
t.teardown(() => kubectl('delete', 'namespace', NS, '--wait=false'));

let made = 0;
/** Asks the API server for a pod without keeping it: whether it was injected. */
async function dryRun(): Promise<boolean> {
  const name = `dry-${made++}`;
  const folder = t.testdirName;
  const file = `${folder}/${name}.json`;
  writeFileSync(file, JSON.stringify(pod(name, NS, template(name, PROFILE, { lines: 1 }))));
  const { code, stdout, stderr } = await run('kubectl', ['create', '--dry-run=server', '-f', file, '-o', 'json']);
  if (code !== 0) throw new Error(`a pod was denied: ${stderr}`);
  return isInjected(JSON.parse(stdout));
}

/** Asks again and again while something goes on; how many were asked for, and how many of them were not injected. */
async function during(what: () => Promise<unknown>): Promise<{ asked: number; missed: number }> {
  let over = false;
  const end = what().finally(() => {
    over = true;
  });
  let [asked, missed] = [0, 0];
  while (!over) {
    asked += 1;
    if (!(await dryRun())) missed += 1;
  }
  await end;
  return { asked, missed };
}

t.test('two replicas, one killed: no pod is missed', async (t) => {
  const [first] = await pods(SYSTEM, WEBHOOK);
  const { asked, missed } = await during(async () => {
    await kubectl('-n', SYSTEM, 'delete', 'pod', first!.metadata.name);
    await kubectl('-n', SYSTEM, 'rollout', 'status', 'deployment/sidetail-webhook', '--timeout=120s');
  });
  t.ok(asked > 3, `${asked} pods asked for`);
  t.equal(missed, 0);
});

t.test('a certificate that is rotated under load: no call fails', async (t) => {
  const folder = t.testdir();
  writeFileSync(`${folder}/quick.yaml`, values({ tls: { validity: '2m' } }));
  const bundle = async (): Promise<string> =>
    (
      await kubectl(
        'get',
        'mutatingwebhookconfiguration',
        'sidetail',
        '-o',
        'jsonpath={.webhooks[0].clientConfig.caBundle}',
      )
    ).trim();
  const before = await bundle();
  t.ok(before !== '', 'there is a caBundle, which the chart has not');
  const { asked, missed } = await during(async () => {
    await install(`${folder}/quick.yaml`);
    // Two rotations at least: each changes the bundle twice, a CA more and a CA less.
    const seen = new Set([before]);
    await eventually(async () => seen.add(await bundle()).size >= 5, 'the certificate was rotated twice', 1000);
  });
  t.ok(asked > 20, `${asked} pods asked for`);
  t.equal(missed, 0);
  await installed(folder);
});

t.test('the webhook is down: pods start all the same, without a sidecar', async (t) => {
  await kubectl('-n', SYSTEM, 'scale', 'deployment/sidetail-webhook', '--replicas=0');
  t.teardown(() => installed(t.testdir()));
  await eventually(async () => (await pods(SYSTEM, WEBHOOK)).length === 0, 'no webhook runs');
  const name = unique('alone');
  await apply(
    pod(name, NS, template(name, PROFILE, { file: '/tmp/app.log', lines: 1, pod: { restartPolicy: 'Never' } })),
  );
  const one = await eventually(async () => {
    const found = await get('pod', name, '-n', NS);
    return found.status.phase === 'Succeeded' && found;
  }, 'the pod ran');
  t.notOk(isInjected(one));
});
