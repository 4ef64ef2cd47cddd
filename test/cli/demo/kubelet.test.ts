import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { Kubelet } from '../../../cli/demo/kubelet.ts';

t.test('volumes are shared, mounts lead to them, the Downward API has its files and values', (t) => {
  const field = (fieldPath: string) => ({ fieldRef: { fieldPath } });
  const pod = {
    metadata: {
      name: 'p',
      namespace: 'ns',
      uid: 'u',
      labels: { a: 'b"c' },
      annotations: { 'sidetail.dev/resolved': '{"x":1}' },
    },
    spec: {
      containers: [{ name: 'app', volumeMounts: [{ name: 'logs', mountPath: '/var/log/app', subPath: 'sub' }] }],
      initContainers: [
        {
          name: 'sidetail',
          env: [
            { name: 'FIXED', value: '1' },
            { name: 'POD_NAME', valueFrom: field('metadata.name') },
          ],
          volumeMounts: [
            { name: 'logs', mountPath: '/logs/app/var/log/app', subPath: 'sub' },
            { name: 'info', mountPath: '/etc/sidetail/podinfo' },
          ],
        },
      ],
      volumes: [
        { name: 'logs' },
        {
          name: 'info',
          downwardAPI: {
            items: [
              { path: 'labels', ...field('metadata.labels') },
              { path: 'config', ...field("metadata.annotations['sidetail.dev/resolved']") },
            ],
          },
        },
      ],
    },
  };
  const kubelet = new Kubelet(pod, t.testdir());
  writeFileSync(kubelet.locate('app', '/var/log/app/x.log'), 'hello');
  t.equal(readFileSync(kubelet.locate('sidetail', '/logs/app/var/log/app/x.log'), 'utf8'), 'hello');
  t.equal(readFileSync(kubelet.locate('sidetail', '/etc/sidetail/podinfo/labels'), 'utf8'), 'a="b\\"c"');
  t.equal(readFileSync(kubelet.locate('sidetail', '/etc/sidetail/podinfo/config'), 'utf8'), '{"x":1}');
  t.same(kubelet.environment('sidetail'), { FIXED: '1', POD_NAME: 'p' });
  t.end();
});
