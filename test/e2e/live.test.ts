import { writeFileSync } from 'node:fs';
import t from 'tap';
import { namespace, PATHS, pod, template, unique } from './apps.ts';
import { count, delivered, NO_STORE, search, URL_OF_STORE } from './elasticsearch.ts';
import { install, installed, values } from './installation.ts';
import { apply, eventually, get, isInjected, kubectl, run } from './kubernetes.ts';

/** What changes while a pod runs: a Secret that appears, a configuration that is edited. */

const skip = URL_OF_STORE === undefined ? NO_STORE : false;
const NS = unique('e2e-live');

t.before(async () => {
  await installed(t.testdir());
  await apply(namespace(NS));
});
t.teardown(() => kubectl('delete', 'namespace', NS, '--wait=false'));

t.test(
  'a Secret that is not there keeps no pod from starting; when it appears, delivery starts',
  { skip },
  async (t) => {
    const folder = t.testdir();
    const es = { type: 'elasticsearch', url: URL_OF_STORE, auth: { apiKeyFile: '/etc/sidetail/secret/api-key' } };
    const profiles = {
      default: { outputs: { es: { type: 'elasticsearch', url: URL_OF_STORE } } },
      keyed: { secret: 'writer', outputs: { es } },
    };
    writeFileSync(
      `${folder}/values.yaml`,
      values({ profiles: { ...profiles, stdout: { outputs: { out: { type: 'stdout' } } } } }),
    );
    await install(`${folder}/values.yaml`);
    await eventually(async () => {
      await kubectl('-n', NS, 'delete', 'pod', 'keyed', '--ignore-not-found', '--wait');
      const keyed = template('keyed', { ...PATHS, 'sidetail.dev/profile': 'keyed' }, { lines: 40, stay: true });
      await apply(pod('keyed', NS, keyed));
      return isInjected(await get('pod', 'keyed', '-n', NS));
    }, 'the profile is known');
    await kubectl('-n', NS, 'wait', '--for=condition=Ready', 'pod/keyed', '--timeout=120s');
    const says = async (text: RegExp): Promise<boolean> =>
      text.test((await run('kubectl', ['-n', NS, 'logs', 'keyed', '-c', 'sidetail'])).stdout);
    await eventually(() => says(/credentials: .*ENOENT.*api-key/), 'the log says what is missing');
    t.equal(await count(NS, 'keyed'), 0);
    await kubectl('-n', NS, 'create', 'secret', 'generic', 'writer', '--from-literal=api-key=hunter2');
    t.same(await delivered(NS, 'keyed', 40, false), { lost: [], repeated: 0 });
    t.notOk(await says(/hunter2/), 'and it is in no log');
    t.notMatch(JSON.stringify(await get('pod', 'keyed', '-n', NS)), /hunter2/, 'nor in the pod');
  },
);

t.test(
  'the configuration in the annotation is edited: the running sidecar takes it, nothing is lost or repeated',
  { skip },
  async (t) => {
    await apply(pod('edited', NS, template('edited', PATHS, { lines: 2000, perSecond: 60, stay: true })));
    await eventually(async () => (await count(NS, 'edited')) > 100, 'it delivers');
    const { annotations } = (await get('pod', 'edited', '-n', NS)).metadata;
    const config = JSON.parse(annotations!['sidetail.dev/resolved']!);
    config.inputs[0].fields = { edited: 'yes' };
    await kubectl(
      '-n',
      NS,
      'annotate',
      '--overwrite',
      'pod',
      'edited',
      `sidetail.dev/resolved=${JSON.stringify(config)}`,
    );
    await eventually(
      async () => (await search(`kubernetes.namespace:"${NS}" AND app.edited:yes`, 0)).total > 0,
      'new records have the field',
    );
    t.same(await delivered(NS, 'edited', 2000, false), { lost: [], repeated: 0 });
    const [sidecar] = (await get('pod', 'edited', '-n', NS)).status.initContainerStatuses!;
    t.equal(sidecar!.restartCount, 0);
  },
);
