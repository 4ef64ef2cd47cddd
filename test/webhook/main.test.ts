import { readFile, writeFile } from 'node:fs/promises';
import t from 'tap';
import { parse } from 'yaml';
import { issueCertificates } from '../../webhook/certs/issue.ts';
import { apply } from '../../webhook/patch.ts';
import type { Pod } from '../../webhook/pod.ts';
import { fetchTls, replace, startWebhook, writeFiles } from './process.ts';

const review = (object: unknown, more: object = {}) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u-7',
      operation: 'CREATE',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      namespace: 'shop',
      object,
      ...more,
    },
  });
const example = parse(await readFile(new URL('../../manifests/examples/deployment.yaml', import.meta.url), 'utf8'));
const pod = { apiVersion: 'v1', kind: 'Pod', ...example.spec.template } as Pod;
type Reply = { response: { uid: string; allowed: boolean; patch?: string; patchType?: string; warnings?: string[] } };

t.test('the real process over HTTPS', async (t) => {
  const { files, ca, settings } = await writeFiles(t);
  const webhook = startWebhook(t, files);
  const { port } = (await webhook.line('listening')) as unknown as { port: number };
  const mutate = async (body: string) => fetchTls(port, ca, '/mutate', body);
  const injected = async () => {
    const { response } = JSON.parse((await mutate(review(pod))).text) as Reply;
    return apply(pod, JSON.parse(Buffer.from(response.patch!, 'base64').toString()));
  };

  await t.test('injects the example', async (t) => {
    const { status, text } = await mutate(review(pod));
    const { response } = JSON.parse(text) as Reply;
    t.same(
      [status, response.uid, response.allowed, response.patchType, response.warnings],
      [200, 'u-7', true, 'JSONPatch', undefined],
    );
    t.equal((await injected()).spec.initContainers?.[0]?.name, 'sidetail');
    t.match(await webhook.line('injected'), { reason: 'Injected', namespace: 'shop', uid: 'u-7' });
  });

  await t.test('says what is wrong with a body', async (t) => {
    const wrong = await mutate('{"kind":"Pod"}');
    t.equal(wrong.status, 400);
    t.match(JSON.parse(wrong.text), {
      error: /^not an AdmissionReview v1: apiVersion: expected "admission\.k8s\.io\/v1", got nothing\. Send /,
      problems: [
        { key: 'apiVersion', value: 'nothing', fix: 'Send "admission.k8s.io/v1".' },
        { key: 'kind' },
        { key: 'request' },
      ],
    });
    const large = await fetchTls(port, ca, '/mutate', Buffer.alloc(4 * 2 ** 20 + 1, 32)).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    // The server answers and hangs up while we still send: either is seen.
    t.ok(
      typeof large === 'string' || (large?.status === 413 && large.text.includes('The limit is 4194304 bytes.')),
      JSON.stringify(large),
    );
    const lost = await fetchTls(port, ca, '/mutat');
    t.match([lost.status, lost.text], [404, /no such route: GET \/mutat\. There are POST \/mutate/]);
  });

  await t.test('probes and metrics', async (t) => {
    t.same([(await fetchTls(port, ca, '/livez')).status, (await fetchTls(port, ca, '/readyz')).status], [200, 200]);
    const { text } = await fetchTls(port, ca, '/metrics');
    t.match(text, /sidetail_webhook_injections_total\{result="injected",reason="Injected"\} [1-9]/);
    t.match(text, /sidetail_webhook_duration_seconds_count [1-9]/);
    t.match(text, 'sidetail_webhook_bad_requests_total 1');
  });

  await t.test('an invalid new version of the settings is reported, a valid one takes effect', async (t) => {
    await replace(files.settings, JSON.stringify({ ...settings, imgae: 'x' }));
    await webhook.line('imgae: unknown key "imgae". Did you mean "image"?');
    await webhook.line('the new settings are not valid: the old ones stay');
    t.equal((await injected()).spec.initContainers?.[0]?.image, 'sidetail-sidecar:test');
    await replace(files.settings, JSON.stringify({ ...settings, image: 'sidetail-sidecar:next' }));
    await webhook.line('settings reloaded');
    t.equal((await injected()).spec.initContainers?.[0]?.image, 'sidetail-sidecar:next');
  });

  await t.test('a new certificate is served once it is whole', async (t) => {
    const before = (await fetchTls(port, ca, '/livez')).served;
    const next = await issueCertificates({ hosts: ['127.0.0.1'] });
    await replace(files.certFile, next.cert);
    await webhook.line('the certificate cannot be used: the old one stays');
    t.equal((await fetchTls(port, ca, '/livez')).served, before);
    await replace(files.keyFile, next.key);
    await webhook.line('certificate reloaded');
    t.not((await fetchTls(port, next.ca, '/livez')).served, before);
    await t.rejects(
      fetchTls(port, ca, '/livez'),
      { code: /CERT|VERIFY|SIGNATURE/ },
      'the old CA does not vouch for it',
    );
  });

  webhook.child.kill('SIGTERM');
  t.equal(await webhook.exited, 0, 'SIGTERM ends it, exit code 0');
});

t.test('does not start on bad settings, and names every problem', async (t) => {
  const { files } = await writeFiles(t, {
    imgae: 'x',
    profiles: { default: { outputs: { es: { type: 'elastic' } } } },
  });
  const webhook = startWebhook(t, files);
  await webhook.line('imgae: unknown key "imgae". Did you mean "image"?');
  t.match(await webhook.line('the settings are not valid'), { problems: 2 });
  t.equal(await webhook.exited, 78);

  await writeFile(
    files.settings,
    JSON.stringify((await writeFiles(t, { tls: { certFile: files.certFile, keyFile: files.certFile } })).settings),
  );
  const keyless = startWebhook(t, files);
  t.equal(await keyless.exited, 78, 'a certificate without its key');

  const unset = startWebhook(t, { ...files, settings: '' });
  await unset.line('SIDETAIL_WEBHOOK_CONFIG is not set. Give the path of the settings file.');
  t.equal(await unset.exited, 78);
});
