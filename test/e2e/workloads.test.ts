import t, { type Test } from 'tap';
import { namespace, PATHS, pod, template, unique, workload, writer } from './apps.ts';
import { delivered, NO_STORE, URL_OF_STORE } from './elasticsearch.ts';
import { apply as applyAll, eventually, get, isInjected, kubectl, type Pod, pods, statusOf } from './kubernetes.ts';

/** Every kind of workload and of volume: the first and the last line of each pod are in a real Elasticsearch. */

const skip = URL_OF_STORE === undefined ? NO_STORE : false;
const NS = unique('e2e-workloads');

const VOLUME = unique('e2e-data');

t.before(async () => {
  await applyAll(namespace(NS));
});
t.teardown(() => kubectl('delete', 'namespace', NS, '--ignore-not-found'));

async function complete(
  t: Test,
  name: string,
  lines: number,
  last: boolean,
  what = 'no line lost or repeated',
  ns = NS,
): Promise<void> {
  t.same(await delivered(ns, name, lines, last), { lost: [], repeated: 0 }, `${name}: ${what}`);
}

const ended = (one: Pod): boolean => one.status.phase === 'Succeeded' || one.status.phase === 'Failed';
const codes = ({ status }: Pod): unknown[] =>
  [...status.initContainerStatuses!, ...status.containerStatuses!].map(({ state }) => state.terminated?.exitCode);

t.test('Deployment: lines of every pod, through rotations and a rollout', { skip }, async (t) => {
  const deployment = (version: string) =>
    workload(
      'Deployment',
      'web',
      NS,
      template('web', { ...PATHS, version }, { lines: 1000, rotations: 2, stay: true }),
      {
        replicas: 2,
      },
    );
  await applyAll(deployment('1'));
  await kubectl('-n', NS, 'rollout', 'status', 'deployment/web', '--timeout=180s');
  const first = await pods(NS, 'app=web');
  t.ok(first.length === 2 && first.every(isInjected), 'both pods are injected');
  for (const { metadata } of first) await complete(t, metadata.name, 1000, false);
  await applyAll(deployment('2'));
  await kubectl('-n', NS, 'rollout', 'status', 'deployment/web', '--timeout=180s');
  for (const { metadata } of first)
    await complete(t, metadata.name, 1000, true, 'the last line, written at SIGTERM, too');
  await kubectl('-n', NS, 'delete', 'deployment', 'web');
});

t.test('Job: it completes, and its last line is there', { skip }, async (t) => {
  await applyAll(
    workload('Job', 'job', NS, template('job', PATHS, { lines: 500, pod: { restartPolicy: 'Never' } }), {
      backoffLimit: 0,
    }),
  );
  await kubectl('-n', NS, 'wait', '--for=condition=Complete', 'job/job', '--timeout=180s');
  const [one] = await pods(NS, 'app=job');
  t.same(codes(one!), [0, 0], 'the sidecar ended with 0, too');
  await complete(t, one!.metadata.name, 500, true);
});

t.test('CronJob', { skip }, async (t) => {
  const job = { template: template('cron', PATHS, { lines: 50, pod: { restartPolicy: 'Never' } }) };
  await applyAll({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'cron', namespace: NS },
    spec: { schedule: '* * * * *', jobTemplate: { spec: job } },
  });
  const one = await eventually(async () => (await pods(NS, 'app=cron')).find(ended), 'a pod of the CronJob ended');
  await kubectl('-n', NS, 'delete', 'cronjob', 'cron', '--cascade=orphan');
  t.same(codes(one), [0, 0]);
  await complete(t, one.metadata.name, 50, true);
});

t.test('StatefulSet with a PersistentVolumeClaim: the volume that is there is used', { skip }, async (t) => {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' };
  await applyAll({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: VOLUME },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: `/var/lib/kubelet/${VOLUME}`, type: 'DirectoryOrCreate' },
      claimRef: { namespace: NS, name: 'data-db-0' },
    },
  });
  t.teardown(() => kubectl('delete', 'persistentvolume', VOLUME, '--wait=false', '--ignore-not-found'));
  const mounts = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const root = { securityContext: { runAsUser: 0, runAsNonRoot: false } }; // a hostPath is root's
  await applyAll(
    workload(
      'StatefulSet',
      'db',
      NS,
      template(
        'db',
        { 'sidetail.dev/paths': '/data/logs/**/*.log' },
        {
          file: '/data/logs/deep/db.log',
          lines: 300,
          stay: true,
          container: { ...mounts, ...root },
        },
      ),
      { serviceName: 'db', volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }] },
    ),
  );
  await complete(t, 'db-0', 300, false);
  const one = await get('pod', 'db-0', '-n', NS);
  t.notMatch(JSON.stringify(one.spec), /sidetail-logs-/, 'no volume was added');
  await kubectl('-n', NS, 'delete', 'statefulset', 'db');
  await complete(t, 'db-0', 300, true, 'and the last line');
});

t.test("the sidecar runs before the app's init containers, whose lines arrive, too", { skip }, async (t) => {
  const volumes = [{ name: 'logs', emptyDir: {} }];
  const mounts = { volumeMounts: [{ name: 'logs', mountPath: '/var/log/app' }] };
  const setup = writer('setup', { file: '/var/log/app/setup.log', lines: 20, container: mounts });
  const app = template('order', PATHS, {
    container: { ...mounts, command: ['node', '-e', '0'] },
    pod: { restartPolicy: 'Never', volumes, initContainers: [setup] },
  });
  await applyAll(pod('order', NS, app));
  const one = await eventually(async () => {
    const found = await get('pod', 'order', '-n', NS);
    return ended(found) && found;
  }, 'the pod ended');
  t.same(
    one.spec.initContainers!.map(({ name }) => name),
    ['sidetail', 'setup'],
  );
  t.same(one.status.phase, 'Succeeded');
  await complete(t, 'order', 20, true, 'lines of the init container');
});

t.test('volumes: none, an emptyDir, a subPath of it', { skip }, async (t) => {
  const volumes = [{ name: 'mine', emptyDir: {} }];
  const once = { restartPolicy: 'Never' };
  await applyAll(
    pod('bare', NS, template('bare', PATHS, { lines: 30, pod: once })),
    pod(
      'empty',
      NS,
      template('empty', PATHS, {
        lines: 30,
        container: { volumeMounts: [{ name: 'mine', mountPath: '/var/log' }] },
        pod: { ...once, volumes },
      }),
    ),
    pod(
      'sub',
      NS,
      template('sub', PATHS, {
        lines: 30,
        container: { volumeMounts: [{ name: 'mine', mountPath: '/var/log/app', subPath: 'of/app' }] },
        pod: { ...once, volumes },
      }),
    ),
  );
  for (const name of ['bare', 'empty', 'sub']) await complete(t, name, 30, true);
});

t.test('restricted, with quota and limit range; generateName, and no namespace in the object', { skip }, async (t) => {
  const name = unique('e2e-restricted');
  const level = 'pod-security.kubernetes.io';
  await applyAll(
    namespace(name, { [`${level}/enforce`]: 'restricted', [`${level}/enforce-version`]: 'latest' }),
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'quota', namespace: name },
      spec: {
        hard: { 'requests.cpu': '1', 'requests.memory': '1Gi', 'limits.memory': '1Gi', 'limits.cpu': '2', pods: '5' },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'range', namespace: name },
      spec: {
        limits: [
          {
            type: 'Container',
            default: { cpu: '500m', memory: '128Mi' },
            defaultRequest: { cpu: '50m', memory: '64Mi' },
          },
        ],
      },
    },
  );
  t.teardown(() => kubectl('delete', 'namespace', name, '--ignore-not-found'));
  const { metadata, spec } = template('strict', PATHS, { lines: 30, pod: { restartPolicy: 'Never' } }) as {
    metadata: object;
    spec: object;
  };
  const folder = t.testdir({
    'pod.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, generateName: 'strict-' },
      spec,
    }),
  });
  const created = await kubectl('-n', name, 'create', '-f', `${folder}/pod.json`, '-o', 'name');
  const one = await get('-n', name, created.trim());
  t.ok(isInjected(one), `injected: ${JSON.stringify(statusOf(one))}`);
  await complete(t, one.metadata.name, 30, true, 'no line lost or repeated', name);
});

t.test(
  'an unreadable setting, an unknown key: the pod runs, and its annotation says what is wrong',
  { skip },
  async (t) => {
    const annotations = { ...PATHS, 'sidetail.dev/formt': 'json', 'sidetail.dev/format': 'jsno' };
    const said = await applyAll(
      pod('typo', NS, template('typo', annotations, { lines: 10, pod: { restartPolicy: 'Never' } })),
    );
    t.match(said, /Warning: sidetail\.dev\/formt="json": unknown key\. Did you mean sidetail\.dev\/format\?/);
    const one = await get('pod', 'typo', '-n', NS);
    t.match(statusOf(one).warnings?.join(), /jsno/);
    await complete(t, 'typo', 10, true);
  },
);
