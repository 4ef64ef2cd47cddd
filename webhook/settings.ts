import { type Decoding, decode } from '../contract/config/decode.ts';
import { parseText } from '../contract/config/load.ts';
import * as n from '../contract/config/node.ts';
import { keyPath, type Problem } from '../contract/config/problem.ts';
import { nearest } from '../contract/nearest.ts';
import { checkProfile, type Profile, profileNode, toProfile } from './profile.ts';

/** The webhook's settings, a YAML file. Decoded by the machinery of the sidecar's configuration, so messages and rules are the same. */

const QUANTITY = /^\d+(?:\.\d+)?(?:[eE]\d+|m|k|[KMGTPE]i?)?$/;
const quantity = n.oneOf(
  n.string({
    expected: 'a quantity such as 10m, 0.5 or 64Mi',
    check: (value) =>
      QUANTITY.test(value)
        ? undefined
        : { problem: `"${value}" is not a quantity`, fix: 'Write one as Kubernetes does: 10m, 0.5, 64Mi.' },
  }),
  n.number({ min: 0 }),
);
const quantities = (cpu: string | undefined, memory: string) =>
  n.object({
    cpu: cpu === undefined ? n.optional(quantity, 'CPU.') : n.withDefault(quantity, cpu, 'CPU.'),
    memory: n.withDefault(quantity, memory, 'Memory.'),
    'ephemeral-storage': n.optional(quantity, 'Local disk.'),
  });

const resources = n.object({
  requests: n.withDefault(quantities('10m', '64Mi'), {}, 'What the sidecar is scheduled with.'),
  // No CPU limit by default: it would slow delivery down without protecting anybody that requests do not protect.
  limits: n.withDefault(quantities(undefined, '128Mi'), {}, 'What it may use at most.'),
});

const text = n.string({
  expected: 'a string that is not empty',
  check: (value) => (value.trim() === '' ? { problem: 'the value is empty', fix: 'Give one.' } : undefined),
});

export const settingsNode = n.object({
  listen: n.withDefault(
    n.object({
      host: n.withDefault(n.string(), '0.0.0.0', 'Address to listen on.'),
      port: n.withDefault(
        n.integer({ expected: 'a port from 0 to 65535', min: 0, max: 65535 }),
        8443,
        'Port; 0: any free one, printed in the log line "listening".',
      ),
    }),
    {},
    'Where to listen. A change needs a restart.',
  ),
  tls: n.required(
    n.object({
      mode: n.withDefault(
        n.oneOfWords(['provided', 'cert-manager', 'self']),
        'provided',
        '`self`: the webhook makes its CA and certificate, keeps them in a Secret, and keeps the caBundle; else two files.',
      ),
      certFile: n.optional(text, 'Serving certificate, PEM; read again when it changes.'),
      keyFile: n.optional(text, 'Its key, PEM; read again when it changes.'),
      secret: n.withDefault(text, 'sidetail-webhook-tls', 'Of `self`: the Secret, which must exist.'),
      namespace: n.optional(text, 'Of `self`: its namespace, and that of the Service. Default: $POD_NAMESPACE.'),
      service: n.withDefault(text, 'sidetail-webhook', 'Of `self`: the Service that the API server calls.'),
      webhookConfiguration: n.withDefault(text, 'sidetail', 'Of `self`: where the caBundle is kept.'),
      validity: n.withDefault(
        n.duration({ min: 60_000 }),
        '8760h',
        'Of `self`: life of a certificate; renewed at two thirds.',
      ),
    }),
    "The webhook's certificate.",
  ),
  linger: n.withDefault(
    n.duration(),
    '5s',
    'How long calls are still answered after SIGTERM: until every node knows that this replica is going.',
  ),
  kubernetes: n.withDefault(n.boolean(), false, 'Watch the labels of namespaces (in a cluster).'),
  image: n.required(text, 'Image of the sidecar.'),
  imagePullPolicy: n.optional(
    n.oneOfWords(['Always', 'IfNotPresent', 'Never']),
    "When it is pulled. Default: Kubernetes'.",
  ),
  excludedNamespaces: n.withDefault(
    n.list(text),
    [],
    "Namespaces whose pods are never injected, beside kube-system and its like: the webhook's own.",
  ),
  clusterName: n.optional(text, 'Name of the cluster, for records and templates.'),
  resources: n.withDefault(resources, {}, "The sidecar's requests and limits."),
  defaultProfile: n.optional(text, 'Profile of pods that name none. Default: `default`, if there is one.'),
  profiles: n.required(n.map(profileNode), 'What pods refer to by `sidetail.dev/profile`.'),
});

type Decoded = n.Decoded<typeof settingsNode>;
export type Settings = Omit<Decoded, 'profiles'> & { readonly profiles: ReadonlyMap<string, Profile> };

/** Decodes a plain value; all problems are listed, each with its path: `profiles.default.outputs.es.url`. */
export function decodeSettings(value: unknown): Decoding<Settings> {
  const decoded = decode(settingsNode, value);
  if (!decoded.ok) return decoded;
  const raw = (value as { profiles: Record<string, Record<string, unknown>> }).profiles;
  const profiles = new Map(Object.entries(raw).map(([name, profile]) => [name, toProfile(structuredClone(profile))]));
  const problems = [...profiles].flatMap(([name, profile]) => checkProfile(profile, keyPath('profiles', name)));
  problems.push(...checkTls(decoded.value.tls), ...checkResources(decoded.value.resources));
  problems.push(...checkDefault(decoded.value.defaultProfile, [...profiles.keys()]));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { ...decoded.value, profiles } };
}

/** Text of a settings file to settings, or every problem in it. */
export async function decodeSettingsText(content: string): Promise<Decoding<Settings>> {
  const parsed = await parseText(content);
  if (parsed.ok) return decodeSettings(parsed.value);
  const fix = 'Give at least `tls`, `image` and `profiles`.';
  return { ok: false, problems: parsed.problems.map((p) => (p.problem.startsWith('the file is') ? { ...p, fix } : p)) };
}

const FACTORS: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity as a number: `10m` is 0.01, `64Mi` 67108864, `1e3` 1000. */
function amountOf(quantity: string | number): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?(?:[eE]\d+)?)([a-zA-Z]*)$/.exec(String(quantity))!;
  return Number(digits) * (unit === '' ? 1 : FACTORS[unit!]!);
}

/** The API server refuses a pod whose container requests more than its limit: every injected one. */
function checkResources({ requests, limits }: Decoded['resources']): Problem[] {
  return Object.entries(limits).flatMap(([name, limit]) => {
    const request = requests[name as keyof typeof requests];
    if (limit === undefined || request === undefined || amountOf(request) <= amountOf(limit)) return [];
    const problem = `the request ${request} is more than the limit ${limit}`;
    return [{ path: `resources.limits.${name}`, problem, fix: `Give a limit of at least ${request}.` }];
  });
}

function checkTls(tls: Decoded['tls']): Problem[] {
  if (tls.mode === 'self') return [];
  return (['certFile', 'keyFile'] as const).flatMap((key) =>
    tls[key] === undefined
      ? [{ path: `tls.${key}`, problem: 'the key is missing', fix: 'Give a string that is not empty.' }]
      : [],
  );
}

function checkDefault(name: string | undefined, known: readonly string[]): Problem[] {
  if (known.length === 0) {
    return [{ path: 'profiles', problem: 'no profile is given', fix: 'Give at least one, best named `default`.' }];
  }
  if (name === undefined || known.includes(name)) return [];
  const meant = nearest(name, known);
  const fix = meant ? `Did you mean "${meant}"?` : `Known profiles: ${known.join(', ')}.`;
  return [{ path: 'defaultProfile', problem: `there is no profile "${name}"`, fix }];
}
