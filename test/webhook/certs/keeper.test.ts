import t from 'tap';
import { keepCertificate } from '../../../webhook/certs/keeper.ts';
import { certificates } from '../../../webhook/certs/lifecycle.ts';
import type { Kube, StoredSecret } from '../../../webhook/kube.ts';
import { recordedTelemetry } from '../../sidecar/fixtures.ts';
import { until } from '../../support/until.ts';

/** One Secret and one webhook configuration in memory, with versions as the API server has them. The real one is in test/e2e. */
class Cluster {
  version = 1;
  data: Readonly<Record<string, string>> = {};
  bundle = '';
  exists = true;
  down = false;
  writes = 0;

  get kube(): Kube {
    const check = (): void => {
      if (this.down) throw new Error('connect ECONNREFUSED');
    };
    return {
      readSecret: async () => {
        check();
        return this.exists ? { version: String(this.version), data: this.data } : undefined;
      },
      replaceSecret: async (_namespace: string, _name: string, secret: StoredSecret) => {
        check();
        await new Promise(setImmediate); // so that two replicas get to write at once
        if (secret.version !== String(this.version)) return false;
        this.version += 1;
        this.writes += 1;
        this.data = secret.data;
        return true;
      },
      applyCaBundle: async (_configuration: string, bundle: string) => {
        check();
        const changed = this.bundle !== bundle;
        this.bundle = bundle;
        return changed;
      },
      caBundle: async () => this.bundle,
      watchNamespaces: () => () => undefined,
    };
  }
}

function replica(cluster: Cluster, validityMs = 60_000) {
  const served: string[] = [];
  const { telemetry, logged } = recordedTelemetry();
  const keeper = keepCertificate({
    kube: cluster.kube,
    namespace: 'system',
    secret: 'tls',
    webhookConfiguration: 'sidetail',
    hosts: ['webhook.system.svc'],
    validityMs: () => validityMs,
    log: telemetry.log,
    serve: ({ cert }) => void served.push(cert),
    counted: () => undefined,
  });
  t.teardown(() => keeper.stop());
  return { served, logged, stop: keeper.stop };
}

t.test('two replicas, one certificate: who writes first wins', async (t) => {
  const cluster = new Cluster();
  const [a, b] = [replica(cluster), replica(cluster)];
  await until(() => a.served.length === 1 && b.served.length === 1, 'both serve');
  t.same(a.served, b.served);
  t.equal(cluster.writes, 1);
  t.equal(certificates(cluster.bundle).length, 1);
  a.stop();
  b.stop();
});

t.test('a rotation: never is a certificate served that the bundle does not trust', async (t) => {
  const cluster = new Cluster();
  const [a, b] = [replica(cluster, 3000), replica(cluster, 3000)];
  let wrong = 0;
  await until(() => {
    const { verify } = bundleOf(cluster);
    for (const { served } of [a, b]) if (served.length > 0 && !verify(served.at(-1)!)) wrong += 1;
    return a.served.length >= 4 && b.served.length >= 4;
  }, 'three rotations');
  t.equal(wrong, 0);
  a.stop();
  b.stop();
});

t.test('no Secret, no API server: said, and it goes on when they are there', async (t) => {
  const cluster = new Cluster();
  cluster.exists = false;
  const a = replica(cluster);
  await until(
    () => a.logged.some(({ error }) => /there is no Secret system\/tls/.test(String(error))),
    'the Secret is missed',
  );
  cluster.exists = true;
  cluster.down = true;
  await until(() => a.logged.some(({ error }) => /ECONNREFUSED/.test(String(error))), 'the API server is missed');
  cluster.down = false;
  await until(() => a.served.length === 1, 'it serves');
  t.match(a.logged.at(-1), { msg: 'the certificate is kept again' });
  a.stop();
});

t.test('what was deleted or overwritten is put right', async (t) => {
  const cluster = new Cluster();
  const a = replica(cluster, 60_000);
  await until(() => a.served.length === 1, 'it serves');
  const { bundle } = cluster;
  cluster.bundle = '';
  await until(() => cluster.bundle === bundle, 'the caBundle is back');
  const [old] = a.served;
  cluster.data = { 'tls.crt': 'nonsense' };
  await until(() => a.served.length === 2, 'a new certificate');
  t.ok(bundleOf(cluster).verify(old!), 'what other replicas still serve is trusted');
  await until(() => certificates(cluster.bundle).length === 1, 'and not for ever');
  t.ok(bundleOf(cluster).verify(a.served[1]!));
  t.ok(a.logged.some(({ why }) => why === 'there is none yet' || /cannot be read/.test(String(why))));
  t.notMatch(JSON.stringify(a.logged), /PRIVATE KEY/, 'no key is logged');
  a.stop();
});

/** Whether a certificate is signed by one of the bundle. */
function bundleOf(cluster: Cluster): { verify: (cert: string) => boolean } {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  const cas = certificates(cluster.bundle).map((pem) => new X509Certificate(pem));
  return { verify: (cert) => cas.some((ca) => new X509Certificate(cert).verify(ca.publicKey)) };
}
