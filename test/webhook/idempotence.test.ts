import fc from 'fast-check';
import t from 'tap';
import { ANNOTATIONS } from '../../contract/annotations/keys.ts';
import { decodeConfig } from '../../contract/config/load.ts';
import { admit } from '../../webhook/admit.ts';
import { apply } from '../../webhook/patch.ts';
import type { Container, Mount, Pod } from '../../webhook/pod.ts';
import { request, settings } from './fixtures.ts';

/** Pods as the API server accepts them: unique names and mount paths, every mount of a volume that exists. */
const NAMES = ['app', 'web', 'istio-proxy', 'worker'];
const FOLDERS = ['/data', '/data/log', '/var/log/app', '/var/log', '/cfg', '/opt/', '/data/log/deep'];
const VOLUMES = [
  { name: 'empty', emptyDir: {} },
  { name: 'claim', persistentVolumeClaim: { claimName: 'c' } },
  { name: 'config', configMap: { name: 'c' } },
];
const mount = fc.record(
  {
    name: fc.constantFrom('empty', 'claim', 'config'),
    mountPath: fc.constantFrom(...FOLDERS),
    subPath: fc.constantFrom('a', 'a/b'),
    subPathExpr: fc.constant('$(POD)'),
    readOnly: fc.boolean(),
  },
  { requiredKeys: ['name', 'mountPath'] },
);
const container = fc.record(
  {
    name: fc.constantFrom(...NAMES),
    volumeMounts: fc.uniqueArray(mount, { selector: (m) => m.mountPath, maxLength: 4 }),
    ports: fc.constant([{ containerPort: 9808 }]),
    securityContext: fc.record({ runAsUser: fc.constantFrom(0, 1000, 7) }),
    unknownField: fc.jsonValue(),
  },
  { requiredKeys: ['name'] },
);
const containers = fc.uniqueArray(container, { selector: (c) => c.name, minLength: 1, maxLength: 4 });
const path = fc.constantFrom(
  '/data/log/*.log',
  '/var/log/**/*.log',
  '/var/log/app/a.log',
  '/cfg/x/y.log',
  '/opt/gc.log',
  '/new/a/*.log',
  '/new/**',
  '/data/*.log',
  '/etc/x',
  'rel',
  '',
);
const entry = fc
  .tuple(fc.constantFrom('', 'app=', 'web=', 'nope='), fc.array(path, { minLength: 1, maxLength: 3 }))
  .map(([c, p]) => c + p.join());
const pathsValue = fc.oneof(
  { weight: 6, arbitrary: fc.array(entry, { minLength: 1, maxLength: 3 }).map((e) => e.join(';')) },
  fc.string(),
);
const value = fc.oneof(
  fc.constantFrom('true', 'false', 'json', 'es', 'es,out', 'lines', 'a-{namespace}', 'k=v,l=w'),
  fc.string({ unit: 'binary' }),
);
// `inject` and `profile` rarely, or hardly a pod would be injected.
const key = fc.constantFrom(...Object.keys(ANNOTATIONS).filter((k) => k !== 'inject' && k !== 'profile'), 'x');
const decisive = fc
  .oneof({ weight: 8, arbitrary: key }, fc.constantFrom('inject', 'profile'))
  .map((k) => `sidetail.dev/${k}`);
const others = fc.dictionary(decisive, value, { maxKeys: 4 });
const annotations = fc
  .tuple(others, fc.option(pathsValue))
  .map(([o, p]) => (p === null ? o : { ...o, 'sidetail.dev/paths': p }));
const pod: fc.Arbitrary<Pod> = fc
  .record({
    metadata: fc.record(
      {
        annotations,
        labels: fc.record(
          {
            'sidetail.dev/inject': fc.constantFrom('true', 'enabled', 'false', 'x'),
            'sidetail.dev/injected': value,
            app: value,
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    containers,
    initContainers: fc.option(containers),
    hostNetwork: fc.boolean(),
  })
  .map(({ metadata, initContainers, ...spec }) => ({
    metadata,
    spec: {
      ...spec,
      ...(initContainers ? { initContainers: initContainers.map((c) => ({ ...c, name: `init-${c.name}` })) } : {}),
      volumes: VOLUMES,
    },
  })) as fc.Arbitrary<Pod>;

const using = settings();
const f = (object: Pod): Pod => apply(object, admit(request(object), using).patch);
const RUNS = { numRuns: Number(process.env.SIDETAIL_FUZZ_RUNS ?? 1500) };

t.test('f(f(pod)) = f(pod), with an empty patch', async (t) => {
  let injected = 0;
  fc.assert(
    fc.property(pod, (given) => {
      const before = JSON.stringify(given); // the input must not be changed
      const once = f(given);
      if (once.spec.initContainers?.some((c) => c.name === 'sidetail')) injected++;
      return JSON.stringify(given) === before && admit(request(once), using).patch.length === 0;
    }),
    RUNS,
  );
  t.ok(injected > RUNS.numRuns / 10, `the generator makes pods that are injected: ${injected}`);
});

t.test('what another injector does between two calls survives, and a third changes nothing', async () => {
  fc.assert(
    fc.property(pod, (given) => {
      const once = structuredClone(f(given)) as {
        spec: { containers: Container[]; volumes: unknown[]; initContainers?: Container[] };
      } & Pod;
      const copied = once.spec.containers.flatMap((c) => c.volumeMounts ?? []);
      const unique = [...new Map(copied.map((m) => [m.mountPath, m])).values()];
      once.spec.containers.push({ name: 'agent', volumeMounts: unique });
      once.spec.initContainers = [{ name: 'agent-init' }, ...(once.spec.initContainers ?? [])];
      once.spec.volumes.push({ name: 'agent', emptyDir: {} });
      const twice = f(once);
      const names = (list: readonly { name: string }[] | undefined) => list?.map((v) => v.name) ?? [];
      return (
        names(twice.spec.containers).includes('agent') &&
        names(twice.spec.initContainers).includes('agent-init') &&
        names(twice.spec.volumes).includes('agent') &&
        acceptable(twice) &&
        admit(request(twice), using).patch.length === 0
      );
    }),
    RUNS,
  );
});

t.test('every result is one that the API server accepts, and everything of the user is still there', async () => {
  fc.assert(
    fc.property(pod, (given) => {
      const after = f(given);
      const config = after.metadata?.annotations?.['sidetail.dev/resolved'];
      const injected = after.spec.initContainers?.[0]?.name === 'sidetail';
      return acceptable(after) && keeps(given, after) && (!injected || decodeConfig(JSON.parse(config!)).ok);
    }),
    RUNS,
  );
});

/** Names and mount paths unique, every mount of a volume of the pod. */
function acceptable({ spec }: Pod): boolean {
  const unique = (list: readonly string[]) => new Set(list).size === list.length;
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const volumes = (spec.volumes ?? []).map((v) => v.name);
  const good = (mounts: readonly Mount[]) =>
    unique(mounts.map((m) => m.mountPath)) && mounts.every((m) => volumes.includes(m.name));
  return unique(all.map((c) => c.name)) && unique(volumes) && all.every((c) => good(c.volumeMounts ?? []));
}

/** Ours set aside, the pod is as it was given. */
function keeps(given: Pod, after: Pod): boolean {
  const bare = (c: Container) => ({
    ...c,
    volumeMounts: (c.volumeMounts ?? []).filter((m) => !m.name.startsWith('sidetail-')),
  });
  const ours = (name: string) => name === 'sidetail' || name.startsWith('sidetail-');
  const rest = ({ spec }: Pod) => ({
    ...spec,
    containers: spec.containers.map(bare),
    initContainers: (spec.initContainers ?? []).filter((c) => !ours(c.name)),
    volumes: (spec.volumes ?? []).filter((v) => !ours(v.name)),
  });
  return JSON.stringify(rest(given)) === JSON.stringify(rest(after));
}
