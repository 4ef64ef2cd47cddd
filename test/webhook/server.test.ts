import pino from 'pino';
import t from 'tap';
import { issueCertificates } from '../../webhook/certs/issue.ts';
import { startServer } from '../../webhook/server.ts';
import { createTelemetry } from '../../webhook/telemetry.ts';
import { pod, settings } from './fixtures.ts';
import { fetchTls } from './process.ts';

t.test('a bug of ours admits the pod, with a warning, counted', async (t) => {
  const { ca, cert, key } = await issueCertificates({ hosts: ['127.0.0.1'] });
  const telemetry = createTelemetry();
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    certificate: { cert, key },
    settings: () => settings(),
    log: pino({ level: 'silent' }),
    telemetry,
    admit: () => {
      throw new Error('a bug');
    },
  });
  t.teardown(() => server.close());
  const request = { uid: 'u', operation: 'CREATE', kind: { group: '', version: 'v1', kind: 'Pod' }, object: pod({}) };
  const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
  const { status, text } = await fetchTls(server.port, ca, '/mutate', body);
  t.equal(status, 200);
  t.strictSame(JSON.parse(text).response, {
    uid: 'u',
    allowed: true,
    warnings: ['sidetail: the webhook failed, the pod is not injected; see its log'],
  });
  t.match(
    await telemetry.registry.metrics(),
    'sidetail_webhook_injections_total{result="error",reason="InternalError"} 1',
  );
});

t.test('bug: from SIGTERM on new connections were refused, while nodes still sent them', async (t) => {
  const { ca, cert, key } = await issueCertificates({ hosts: ['127.0.0.1'] });
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    certificate: { cert, key },
    settings: () => settings(),
    log: pino({ level: 'silent' }),
    telemetry: createTelemetry(),
  });
  const closing = server.close(2000);
  t.equal((await fetchTls(server.port, ca, '/readyz')).status, 503, 'not ready');
  const request = { uid: 'u', operation: 'CREATE', kind: { group: '', version: 'v1', kind: 'Pod' }, object: pod({}) };
  const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
  t.equal((await fetchTls(server.port, ca, '/mutate', body)).status, 200, 'but answering');
  await closing;
  await t.rejects(fetchTls(server.port, ca, '/readyz'), 'in the end it is gone');
});

t.test('bug: a pod of an enabled namespace that was not known yet was passed over', async (t) => {
  const { ca, cert, key } = await issueCertificates({ hosts: ['127.0.0.1'] });
  const labels = new Map([['off', { 'sidetail.dev/injection': 'disabled' }]]);
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    certificate: { cert, key },
    settings: () => settings({ defaultProfile: 'lines' }),
    labelsOf: (name) => labels.get(name),
    log: pino({ level: 'silent' }),
    telemetry: createTelemetry(),
  });
  t.teardown(() => server.close());
  const patched = async (path: string, namespace: string): Promise<boolean> => {
    const kind = { group: '', version: 'v1', kind: 'Pod' };
    const request = { uid: 'u', operation: 'CREATE', kind, namespace, object: pod({}) };
    const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
    return JSON.parse((await fetchTls(server.port, ca, path, body)).text).response.patch !== undefined;
  };
  t.equal(await patched('/mutate/namespace', 'new'), true, 'the API server has matched its label');
  t.equal(await patched('/mutate', 'new'), false);
  t.equal(await patched('/mutate/namespace', 'off'), false, 'what is known counts');
});
