import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import jsonpatch from 'fast-json-patch';
import { parse, stringify } from 'yaml';
import { issueCertificates } from '../../webhook/certs/issue.ts';
import type { Backend } from './backend.ts';
import type { Pod } from './kubelet.ts';
import { logged, startProgram } from './processes.ts';

const example = (name: string): string =>
  readFileSync(new URL(`../../manifests/examples/${name}`, import.meta.url), 'utf8');

export interface Webhook {
  readonly url: string;
  readonly ca: string;
  readonly close: () => Promise<void>;
}

/** Starts the real webhook as a process, with the example's settings: only address, certificate and backend are this run's. */
export async function startWebhook(folder: string, backend: Backend): Promise<Webhook> {
  const { ca, cert, key } = await issueCertificates({ hosts: ['localhost', '127.0.0.1'] });
  const [certFile, keyFile, settingsFile] = ['tls.crt', 'tls.key', 'webhook.yaml'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const settings = parse(example('webhook.yaml'));
  settings.listen = { host: '127.0.0.1', port: 0 };
  settings.tls = { certFile, keyFile };
  settings.linger = '0s';
  const { es } = settings.profiles.default.outputs;
  es.url = backend.url;
  es.dataStream = backend.index;
  delete es.auth;
  delete es.tls;
  writeFileSync(settingsFile, stringify(settings));
  const program = startProgram('../../webhook/main.ts', { SIDETAIL_WEBHOOK_CONFIG: settingsFile });
  const { port } = await logged(program, '"listening"');
  return {
    url: `https://127.0.0.1:${port}`,
    ca,
    async close() {
      if (program.child.exitCode !== null) return;
      program.child.kill('SIGTERM');
      await once(program.child, 'exit');
    },
  };
}

/** The pod that the ReplicaSet controller makes of the example Deployment, in namespace `shop`. */
export function examplePod(): Pod {
  const deployment = parse(example('deployment.yaml'));
  const { template, selector: _selector } = deployment.spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    ...template,
    metadata: { generateName: `${deployment.metadata.name}-7d4b9c6f5-`, namespace: 'shop', ...template.metadata },
  };
}

/** Sends the pod as the API server would, applies the patch as it would, and gives the pod the name and UID that it would have. */
export async function admit(webhook: Webhook, pod: Pod): Promise<{ mutated: Pod; warnings: string[] }> {
  const uid = randomUUID();
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: pod,
      oldObject: null,
      dryRun: false,
      options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' },
    },
  };
  const { response } = (await post(`${webhook.url}/mutate`, webhook.ca, review)) as {
    response: { uid: string; allowed: boolean; patch?: string; warnings?: string[] };
  };
  if (response?.uid !== uid || response.allowed !== true || response.patch === undefined)
    throw new Error(`the webhook did not inject: ${JSON.stringify(response)}`);
  const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString('utf8'));
  const mutated = jsonpatch.applyPatch(structuredClone(pod), patch, true).newDocument as Pod;
  const { generateName } = mutated.metadata;
  return {
    mutated: { ...mutated, metadata: { ...mutated.metadata, name: `${generateName}x7k2p`, uid: randomUUID() } },
    warnings: response.warnings ?? [],
  };
}

function post(url: string, ca: string, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', ca, headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`${response.statusCode}: ${text}`)),
      );
    });
    call.on('error', reject).end(JSON.stringify(body));
  });
}
