import t from 'tap';
import { decodeConfig } from '../../contract/config/load.ts';
import type { Container, Pod } from '../../webhook/pod.ts';
import { call, pod, settings } from './fixtures.ts';

const P = 'sidetail.dev/';
const sidecar = (p: Pod): Container => p.spec.initContainers![0]!;
const logs = (p: Pod) => sidecar(p).volumeMounts!.slice(2);
const paths = (value: string, more: Record<string, string> = {}) => ({ [`${P}paths`]: value, ...more });
const mount = (name: string, mountPath: string, more: object = {}) => ({ name, mountPath, ...more });

t.test('which container a path belongs to', async (t) => {
  const two = (app: object[], web: object[], kind: object = { emptyDir: {} }) => ({
    containers: [
      { name: 'app', volumeMounts: app },
      { name: 'web', volumeMounts: web },
    ],
    volumes: ['a', 'b'].map((name) => ({ name, ...kind })),
  });
  const files = (answer: ReturnType<typeof call>) => answer.status.paths;
  const p = '/data/log/*.log';
  t.same(files(call(pod(paths(p), two([], [mount('b', '/data')])))), [`web=${p}`], 'the one with a volume there');
  t.same(
    files(call(pod(paths(p), two([mount('a', '/data')], [mount('b', '/data')])))),
    [`app=${p}`, `web=${p}`],
    'all with one',
  );
  t.same(
    files(call(pod(paths(p), two([mount('a', '/data', { readOnly: true })], [mount('a', '/data')])))),
    [`web=${p}`],
    'of twins the writer',
  );
  const guess = call(pod(paths(p), two([], [])));
  t.same(files(guess), [`app=${p}`], 'else the first');
  t.same(guess.status.warnings, [
    `sidetail.dev/paths="${p}": taken to be of container app, the first. Say which: container=/path.`,
  ]);
  t.same(files(call(pod(paths(p, { 'kubectl.kubernetes.io/default-container': 'web' }), two([], [])))), [`web=${p}`]);
  const mesh = { containers: [{ name: 'istio-proxy' }, { name: 'app' }] };
  t.same(call(pod(paths(p), mesh)).status.warnings, [], 'a mesh proxy is no app');
  const part = call(pod(paths(`wbe=${p};app=/l/x/a.log`), two([], [])));
  t.same(files(part), ['app=/l/x/a.log'], 'an unknown container loses only its own');
  t.same(part.status.warnings, [
    `sidetail.dev/paths="wbe=${p}": no such container. Did you mean web? Known: app, web.`,
  ]);
});

t.test('volumes that are there are used, with their subPath', async (t) => {
  const spec = {
    containers: [
      {
        name: 'app',
        volumeMounts: [mount('a', '/data'), mount('b', '/data/log/', { subPath: 'x/y' }), mount('c', '/data/logs')],
      },
    ],
    volumes: [
      { name: 'a', emptyDir: {} },
      { name: 'b', persistentVolumeClaim: { claimName: 'b' } },
      { name: 'c', emptyDir: {} },
    ],
  };
  const { pod: after, status } = call(pod(paths('/data/log/*.log'), spec));
  t.same(
    logs(after),
    [mount('b', '/logs/app/data/log', { subPath: 'x/y', readOnly: true })],
    'the longest, at a boundary',
  );
  t.same(after.spec.containers, spec.containers, 'nothing is added to the app');
  t.same(status.volumes, ['sidetail-state', 'sidetail-podinfo']);
});

t.test('else an emptyDir, in that container only; nested folders share the top one', async (t) => {
  const spec = { containers: [{ name: 'app' }, { name: 'web', volumeMounts: [] }] };
  const { pod: after } = call(pod(paths('app=/v/l/a/x.log,/v/l/*.log,/v/m/*.log'), spec));
  const added = after.spec.containers[0]!.volumeMounts!;
  t.same(
    added.map((m) => m.mountPath),
    ['/v/l', '/v/m'],
  );
  t.ok(added.every((m) => /^sidetail-logs-[0-9a-f]{8}$/.test(m.name) && !m.readOnly));
  t.same(after.spec.containers[1], spec.containers[1], 'the other container is untouched');
  t.same(
    logs(after),
    added.map((m) => mount(m.name, `/logs/app${m.mountPath}`, { readOnly: true })),
  );
  t.same(
    after.spec.volumes!.slice(2),
    added.map((m) => ({ name: m.name, emptyDir: {} })),
  );
});

t.test('a mount inside another one: the outer must be writable for the runtime to make the folder', async (t) => {
  const spec = {
    containers: [{ name: 'app', volumeMounts: [mount('a', '/v/l/app')] }],
    volumes: [{ name: 'a', emptyDir: {} }],
  };
  const { pod: after } = call(pod(paths('/v/l/**/*.log'), spec));
  t.same(
    logs(after).map((m) => [m.mountPath, m.readOnly]),
    [
      ['/logs/app/v/l', undefined],
      ['/logs/app/v/l/app', true],
    ],
  );
  t.same(logs(call(pod(paths('/v/l/*.log'), spec)).pod).length, 1, 'not when no file below can match');
});

t.test('volumes that cannot be read cost only their path', async (t) => {
  const containers = (m: object) => [{ name: 'app', volumeMounts: [m] }];
  for (const kind of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const answer = call(
      pod(paths('/c/x/a.log,/l/x/b.log'), {
        containers: containers(mount('a', '/c')),
        volumes: [{ name: 'a', [kind]: {} }],
      }),
    );
    t.same(answer.status.paths, ['app=/l/x/b.log']);
    t.same(answer.status.warnings, [
      `sidetail.dev/paths="/c/x/a.log": its folder is a ${kind} volume. Log to another folder.`,
    ]);
  }
  const expr = call(
    pod(paths('/c/x/a.log'), {
      containers: containers(mount('a', '/c', { subPathExpr: '$(X)' })),
      volumes: [{ name: 'a', emptyDir: {} }],
    }),
  );
  t.equal(expr.reason, 'NoPaths');
  const folder = call(
    pod(paths('/c'.concat('/d')), {
      containers: containers(mount('a', '/c/d')),
      volumes: [{ name: 'a', emptyDir: {} }],
    }),
  );
  t.match(folder.status.warnings, [/a folder, not a file/]);
  t.match(call(pod(paths('/opt/gc.log'))).status.warnings, [/hides the image's files/], 'injected, with a warning');
});

t.test('the container: first, native, restricted, without probes', async (t) => {
  const init = { name: 'migrate', image: 'm:1', restartPolicy: 'Always', newFieldOfKubernetes: { a: [1] } };
  const { pod: after, patch } = call(pod(paths('/v/l/x.log'), { initContainers: [init], futureField: 1 }));
  t.same(
    after.spec.initContainers!.map((c) => c.name),
    ['sidetail', 'migrate'],
  );
  t.same(after.spec.initContainers![1], init);
  t.equal(after.spec.futureField, 1);
  t.same(
    patch.filter((o) => o.path.startsWith('/spec/initContainers')).map((o) => `${o.op} ${o.path}`),
    ['add /spec/initContainers/0'],
  );
  const c = sidecar(after);
  t.equal(c.restartPolicy, 'Always');
  t.same(
    Object.keys(c).filter((key) => /probe|lifecycle/i.test(key)),
    [],
  );
  const user = (spec: object) => sidecar(call(pod(paths('/v/l/x.log'), spec)).pod).securityContext!.runAsUser;
  t.same(user({}), 65532);
  t.same(user({ securityContext: { runAsUser: 1000 } }), 1000);
  t.same(
    user({ securityContext: { runAsUser: 1000 }, containers: [{ name: 'app', securityContext: { runAsUser: 7 } }] }),
    7,
  );
  t.same(
    user({ securityContext: { runAsUser: 1000 }, containers: [{ name: 'app', securityContext: { runAsUser: 0 } }] }),
    65532,
    'root is none',
  );
  const host = call(pod(paths('/v/l/x.log'), { hostNetwork: true }));
  t.same([sidecar(host.pod).ports, host.config.admin], [undefined, false], "the node's ports are not ours");
  const taken = call(pod(paths('/v/l/x.log'), { containers: [{ name: 'app', ports: [{ containerPort: 9808 }] }] }));
  t.same([sidecar(taken.pod).ports, taken.config.admin], [undefined, { port: 0 }]);
});

t.test('the configuration: profile below, pod on top', async (t) => {
  const plain = call(pod(paths('/v/l/x.log', { [`${P}fields`]: 'tier=db,team=a', [`${P}format`]: 'json' })));
  t.ok(decodeConfig(plain.config).ok, 'the sidecar takes it');
  t.same(plain.config, {
    memoryBudget: '16MiB',
    cluster: 'test-1',
    inputs: [
      {
        name: 'app',
        container: 'app',
        root: '/logs/app',
        paths: ['/v/l/x.log'],
        fields: { tier: 'db', shard: 3, team: 'a' },
        format: 'json',
        outputs: ['es'],
      },
    ],
    outputs: { es: { type: 'elasticsearch', url: 'http://es:9200', dataStream: 'logs-x-y' } },
  });
  const output = (more: Record<string, string>) => call(pod(paths('/v/l/x.log', more)));
  t.same(Object.keys(output({ [`${P}output`]: 'out' }).config.outputs), ['out']);
  const index = output({ [`${P}index`]: 'a-{+yyyy}', [`${P}output`]: 'es,out' }).config.outputs;
  t.same(index, { es: { type: 'elasticsearch', url: 'http://es:9200', index: 'a-{+yyyy}' }, out: { type: 'stdout' } });
  const unknown = output({ [`${P}output`]: 'out,cw' });
  t.same(Object.keys(unknown.config.outputs), ['es'], 'the default, so that nothing is lost');
  t.same(unknown.warnings, ['sidetail.dev/output="cw": no such output: es used. Known: es, out.']);
  const bad = output({ [`${P}format`]: 'xml', [`${P}index`]: '{x', [`${P}mode`]: 'native' });
  t.same(
    [bad.reason, bad.config.inputs[0].format, bad.config.outputs.es.dataStream, bad.warnings.length],
    ['Injected', 'auto', 'logs-x-y', 3],
  );
  t.same(output({ [`${P}output`]: 'out', [`${P}index`]: 'x' }).warnings, [
    'sidetail.dev/index="x": no output is of type elasticsearch. Remove it.',
  ]);
});

t.test("the Secret: the pod's, else the profile's; optional, and a bad name costs only itself", async (t) => {
  const using = settings({
    profiles: { default: { secret: 'of-profile', outputs: { out: { type: 'stdout' } } } },
  });
  const secretOf = (annotations: Record<string, string>, own = using) => {
    const { pod: after, warnings } = call(pod(paths('/var/log/app/*.log', annotations)), {}, own);
    const mounts = after.spec.initContainers![0]!.volumeMounts!.filter((m) => m.name === 'sidetail-secret');
    return [after.spec.volumes!.find((v) => v.name === 'sidetail-secret')?.secret, mounts.length, warnings.length];
  };
  t.same(secretOf({}), [{ secretName: 'of-profile', optional: true }, 1, 0]);
  t.same(secretOf({ 'sidetail.dev/secret': 'mine' }), [{ secretName: 'mine', optional: true }, 1, 0]);
  t.same(secretOf({ 'sidetail.dev/secret': 'Not/One' }), [{ secretName: 'of-profile', optional: true }, 1, 1]);
  t.same(secretOf({}, settings()), [undefined, 0, 0]);
});

t.test('values of users only ever end up in JSON', async (t) => {
  const evil = 'a="x"\n  image: evil\n---\n{"outputs":{}}';
  const { config, pod: after } = call(pod(paths('/v/l/x.log', { [`${P}fields`]: `k=${evil}` })));
  t.equal(config.inputs[0].fields.k, evil);
  t.equal(sidecar(after).image, 'sidetail-sidecar:test');
});

t.test('a second call with other settings rebuilds, and takes away what is no longer needed', async (t) => {
  const first = call(pod(paths('/v/l/x.log')));
  const again = call(first.pod, {}, settings({ image: 'sidetail-sidecar:next' }));
  t.equal(sidecar(again.pod).image, 'sidetail-sidecar:next');
  t.not(again.status.revision, first.status.revision);
  t.equal(again.pod.spec.volumes!.length, first.pod.spec.volumes!.length);
  const off = structuredClone(first.pod) as { metadata: { annotations: Record<string, string> } } & Pod;
  off.metadata.annotations[`${P}profile`] = 'none';
  const skipped = call(off);
  t.same([skipped.reason, skipped.pod.spec], ['UnknownProfile', pod({}).spec]);
  t.same(skipped.pod.metadata!.labels, {});
  const copied = structuredClone(first.pod) as Pod & { spec: { containers: Container[] } };
  copied.spec.containers.push({ name: 'agent', volumeMounts: copied.spec.containers[0]!.volumeMounts! });
  const kept = call(copied);
  t.same(kept.status.paths, first.status.paths, 'and the choice of a container stays, though there are two now');
  t.same(kept.pod.spec.containers, copied.spec.containers, "another injector's copy of our mount is kept");
});

t.test('a status that says a container is ours is not believed without its mark', async (t) => {
  const status = JSON.stringify({ containers: ['sidetail', 'app'], volumes: ['data'] });
  const volumes = [{ name: 'data', emptyDir: {} }];
  const containers = [
    { name: 'app', volumeMounts: [mount('data', '/data')] },
    { name: 'sidetail', image: 'theirs' },
  ];
  const forged = call(pod(paths('app=/v/l/x.log', { [`${P}status`]: status }), { containers, volumes }));
  t.same([forged.reason, forged.pod.spec], ['NameConflict', { containers, volumes }]);
  const alone = call(
    pod(paths('/v/l/x.log', { [`${P}status`]: status }), { containers: containers.slice(0, 1), volumes }),
  );
  t.same([alone.reason, alone.pod.spec.volumes![0]], ['Injected', volumes[0]], 'nothing of the user is taken away');
  for (const broken of ['{', '7', '{"assigned":{"/v/l/x.log":{"containers":["gone"]}}}']) {
    t.same(call(pod(paths('/v/l/x.log', { [`${P}status`]: broken }))).status.paths, ['app=/v/l/x.log'], broken);
  }
});
