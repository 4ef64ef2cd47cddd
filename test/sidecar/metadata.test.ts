import { join } from 'node:path';
import t from 'tap';
import { decodeConfig } from '../../contract/config/load.ts';
import type { Config } from '../../contract/config/schema.ts';
import { parsePodinfo, readMetadata } from '../../sidecar/metadata.ts';

function config(over: Record<string, unknown> = {}): Config {
  const decoded = decodeConfig({ inputs: [{ paths: ['/a'] }], outputs: { out: { type: 'stdout' } }, ...over });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
  return decoded.config;
}
const ENV = { POD_NAME: 'p', POD_NAMESPACE: 'ns', POD_UID: 'u', POD_IP: '1.2.3.4', NODE_NAME: 'n' };

t.test('from the environment and the podinfo files', (t) => {
  const dir = t.testdir({ labels: 'app="web"\ntier="a\\"b"\n', annotations: 'x.y/z="1"\n' });
  t.same(readMetadata(config({ cluster: 'prod' }), ENV, dir), {
    name: 'p',
    namespace: 'ns',
    uid: 'u',
    ip: '1.2.3.4',
    node: 'n',
    cluster: 'prod',
    labels: { app: 'web', tier: 'a"b' },
    annotations: { 'x.y/z': '1' },
  });
  t.end();
});

t.test('the configuration comes first', (t) => {
  const dir = t.testdir({ labels: 'app="web"\n', annotations: 'a="b"\n' });
  const pod = { name: 'own', namespace: 'o', uid: '7', ip: '::1', node: 'k', labels: { l: 'm' }, annotations: {} };
  t.same(readMetadata(config({ pod }), ENV, dir), { ...pod, cluster: undefined });
  t.end();
});

t.test('outside a cluster nothing is known, and empty variables are nothing', (t) => {
  const none = {
    name: undefined,
    namespace: undefined,
    uid: undefined,
    ip: undefined,
    node: undefined,
    cluster: undefined,
  };
  t.same(readMetadata(config(), { POD_NAME: '' }, join(t.testdir(), 'none')), { ...none, labels: {}, annotations: {} });
  t.end();
});

t.test('annotations that are machinery are left out', (t) => {
  const annotations = {
    'sidetail.dev/resolved': '{}',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
    'kubernetes.io/config.seen': 'x',
    'kubectl.kubernetes.io/restartedAt': 'kept',
    'not-sidetail.dev/x': 'kept',
  };
  t.same(Object.keys(readMetadata(config({ pod: { annotations } }), {}, '/none').annotations), [
    'kubectl.kubernetes.io/restartedAt',
    'not-sidetail.dev/x',
  ]);
  t.end();
});

t.test('values are quoted as Go does', (t) => {
  const text = ['a="x=y"', 'b="line\\nbreak\\ttab\\\\"', 'c="\\x1b[0m\\u00e9"', 'd=""', 'e="\\""', 'f="é 한"', ''].join(
    '\n',
  );
  t.same(parsePodinfo(text), { a: 'x=y', b: 'line\nbreak\ttab\\', c: '\x1b[0mé', d: '', e: '"', f: 'é 한' });
  t.same(parsePodinfo('no equals\n="x"\n'), {});
  t.equal(parsePodinfo('a="\\\\n"').a, '\\n', 'an escaped backslash before an n');
  t.end();
});

t.test('bug: \\U with eight digits was read as \\u with four', (t) => {
  t.equal(parsePodinfo('a="\\U000e0001!"').a, '\u{e0001}!');
  t.end();
});
