import { admit } from '../../webhook/admit.ts';
import { apply } from '../../webhook/patch.ts';
import type { Pod } from '../../webhook/pod.ts';
import type { AdmissionRequest } from '../../webhook/review.ts';
import { decodeSettings, type Settings } from '../../webhook/settings.ts';

/** Settings as a user would write them; `image` is fixed so that golden files do not change with releases. */
export const RAW_SETTINGS = {
  tls: { certFile: 'tls.crt', keyFile: 'tls.key' },
  image: 'sidetail-sidecar:test',
  clusterName: 'test-1',
  profiles: {
    default: {
      memoryBudget: '16MiB',
      fields: { tier: 'web', shard: 3 },
      output: ['es'],
      outputs: {
        es: { type: 'elasticsearch', url: 'http://es:9200', dataStream: 'logs-x-y' },
        out: { type: 'stdout' },
      },
    },
    lines: { paths: ['/var/log/app/*.log'], outputs: { out: { type: 'stdout' } } },
  },
};

export function settings(change: object = {}): Settings {
  const decoded = decodeSettings({ ...RAW_SETTINGS, ...change });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
  return decoded.value;
}

export function request(object: unknown, change: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const base = { uid: 'u-1', kind: '/v1/Pod', operation: 'CREATE', subResource: '', namespace: 'shop', name: '' };
  return { ...base, object, ...change };
}

/** A pod with one container `app`. */
export function pod(annotations: Record<string, string>, spec: object = {}, metadata: object = {}): Pod {
  return { metadata: { annotations, ...metadata }, spec: { containers: [{ name: 'app', image: 'app:1' }], ...spec } };
}

/** The pod as the API server has it after the call, and the call's answer. */
export function call(
  object: Pod,
  change: Partial<AdmissionRequest> = {},
  using = settings(),
  labels?: Record<string, string>,
) {
  const admission = admit(request(object, change), using, labels);
  const after = apply(object, admission.patch);
  const written = (key: string) => {
    const text = after.metadata?.annotations?.[`sidetail.dev/${key}`];
    return text === undefined ? undefined : JSON.parse(text);
  };
  return { ...admission, pod: after, status: written('status'), config: written('resolved') };
}
