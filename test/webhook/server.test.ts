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
