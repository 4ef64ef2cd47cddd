import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { namespace } from './apps.ts';
import { apply, helm, kubectl } from './kubernetes.ts';

/** The installation under test: by Helm, as README says, with values that suit the cluster of the tests. */

export const SYSTEM = 'sidetail-system';
export const CHART = 'manifests/chart';

const image = (name: string): object => {
  const [repository, tag] = name.split(/:(?=[^/:]+$)/) as [string, string];
  return { registry: '', repository, tag };
};

/** Values as YAML: both images, and an Elasticsearch if there is one; `more` over them, by top-level key. */
export function values(more: Record<string, unknown> = {}): string {
  const es = process.env.SIDETAIL_E2E_ES;
  const outputs = es === undefined ? { out: { type: 'stdout' } } : { es: { type: 'elasticsearch', url: es } };
  return stringify({
    image: image(process.env.SIDETAIL_E2E_WEBHOOK ?? 'sidetail-webhook:e2e'),
    sidecar: { image: image(process.env.SIDETAIL_E2E_SIDECAR ?? 'sidetail-sidecar:e2e') },
    clusterName: 'e2e',
    profiles: { default: { outputs }, stdout: { outputs: { out: { type: 'stdout' } } } },
    ...more,
  });
}

/** `helm upgrade --install`, and waits until it is ready. `file` is where the values are written. */
export async function install(file: string, ...more: string[]): Promise<string> {
  const name = ['upgrade', '--install', 'sidetail', CHART, '--namespace', SYSTEM, '--values', file];
  return helm(...name, '--wait', '--timeout', '180s', ...more);
}

/** Installs with the values of all tests, or brings an installation back to them. `folder` is where the values are written. */
export async function installed(folder: string): Promise<void> {
  await apply(namespace(SYSTEM, { 'pod-security.kubernetes.io/enforce': 'restricted' }));
  writeFileSync(`${folder}/values.yaml`, values());
  await install(`${folder}/values.yaml`);
  await kubectl('-n', SYSTEM, 'rollout', 'status', 'deployment/sidetail-webhook', '--timeout=120s');
}
