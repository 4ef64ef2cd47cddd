import type { Logger } from 'pino';
import type { Kube, StoredSecret } from '../kube.ts';
import type { Certificate } from './files.ts';
import { issueCertificates } from './issue.ts';
import { certificates, lifeOf, nextStep, type Step, type Stored } from './lifecycle.ts';

export interface KeeperOptions {
  readonly kube: Kube;
  readonly namespace: string;
  /** Name of the Secret; it must exist, so that we need no right to make one. */
  readonly secret: string;
  readonly webhookConfiguration: string;
  readonly hosts: readonly string[];
  /** Life of a new certificate, ms; asked for each time. */
  readonly validityMs: () => number;
  readonly log: Logger;
  /** Told what is to be served, whenever that changes. */
  readonly serve: (certificate: Certificate) => void;
  /** Told what became of each step. */
  readonly counted: (step: string, result: 'ok' | 'failed') => void;
}

/** Longest time between two looks, ms; a short life is looked at more often. */
const LOOK_MS = 10_000;
/** CAs that are kept when a lost certificate is made anew. */
const MOST_OLD = 3;
/** How often a trouble that goes on is told again, ms. */
const REMIND_MS = 300_000;

/**
 * Keeps the certificate of `tls.mode: self`: in a Secret that all replicas share, of whom the one that writes first wins; and its CAs in the
 * webhook configuration. `stop` ends it.
 */
export function keepCertificate(options: KeeperOptions): Keeper {
  const { log } = options;
  const lookMs = (): number => Math.min(LOOK_MS, options.validityMs() / 60);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let served = '';
  /** The pair that the Secret holds, as far as we saw: since when is measured here, so that clocks need not agree. */
  let servedBy = '';
  let trusted: { bundle: string; since: number } | undefined;
  let [servedSince, lookedAt] = [0, Date.now()];
  let trouble = { message: '', at: 0 };

  async function look(): Promise<void> {
    const { kube, namespace, secret, hosts } = options;
    const found = await kube.readSecret(namespace, secret);
    if (found === undefined) throw new Error(`there is no Secret ${namespace}/${secret}: the chart makes it, empty`);
    let stored = decode(found);
    const since = trusted?.bundle === stored.bundle ? trusted.since : undefined;
    if (servedBy !== stored.cert) {
      servedBy = stored.cert;
      servedSince = Date.now();
    }
    const step = nextStep(
      stored,
      Date.now(),
      { trustedSince: since, storedSince: servedSince },
      {
        hosts,
        validityMs: options.validityMs(),
        overlapMs: 3 * lookMs(),
      },
    );
    if (step.kind !== 'keep') {
      const next = await carryOut(step, stored, options);
      const won = await kube.replaceSecret(namespace, secret, { version: found.version, data: encode(next) });
      if (won) options.counted(step.kind, 'ok');
      log.info({ step: step.kind, won, ...('why' in step ? { why: step.why } : {}) }, 'certificate');
      if (!won) return; // another replica was quicker: the next look has what it wrote
      stored = next;
    }
    const changed = await kube.applyCaBundle(options.webhookConfiguration, stored.bundle);
    if (changed) log.info({ cas: certificates(stored.bundle).length }, 'the webhook configuration trusts our CAs');
    if (changed || trusted?.bundle !== stored.bundle) trusted = { bundle: stored.bundle, since: Date.now() };
    if (served !== stored.cert) {
      options.serve({ cert: stored.cert, key: stored.key });
      served = stored.cert;
    }
    lookedAt = Date.now();
    if (trouble.message !== '') log.info('the certificate is kept again');
    trouble = { message: '', at: 0 };
  }

  async function turn(): Promise<void> {
    try {
      await look();
    } catch (error) {
      const { message } = error as Error;
      options.counted('look', 'failed');
      if (message !== trouble.message || Date.now() - trouble.at > REMIND_MS) {
        trouble = { message, at: Date.now() };
        log.error({ error: message }, 'the certificate cannot be kept: tried again');
      }
    }
    // A little apart from the other replicas. Before there is a certificate nothing can be done: then soon.
    const pause = (served === '' ? Math.min(1000, lookMs()) : lookMs()) * (0.9 + Math.random() * 0.2);
    if (!stopped) timer = setTimeout(() => void turn(), pause);
  }
  void turn();
  return {
    // Less than the two overlaps after which an old CA is given up; and only when a renewal is due, for else nothing changes while the API
    // server cannot be reached.
    stale() {
      if (served === '' || Date.now() - lookedAt <= 5 * lookMs()) return false;
      const { from, to } = lifeOf(served);
      return Date.now() >= from + ((to - from) * 2) / 3;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

export interface Keeper {
  /** Whether so long passed since the last good look that the others may have renewed what is served here, and given up its CA. */
  stale(): boolean;
  stop(): void;
}

/** What the Secret is to hold after a step. */
async function carryOut(
  step: Exclude<Step, { kind: 'keep' }>,
  stored: Stored,
  options: KeeperOptions,
): Promise<Stored> {
  const { hosts, validityMs } = options;
  if (step.kind === 'prune') return { ...stored, bundle: step.bundle };
  if (step.kind === 'promote') {
    return { ...stored, cert: stored.nextCert, key: stored.nextKey, nextCert: '', nextKey: '' };
  }
  const { ca, cert, key } = await issueCertificates({ hosts, validityMs: validityMs() });
  const pem = certificates(ca).join('');
  if (step.kind === 'stage') return { ...stored, bundle: stored.bundle + pem, nextCert: cert, nextKey: key };
  // What is trusted now stays so for a while: other replicas serve what was before until they look.
  const before = certificates(await options.kube.caBundle(options.webhookConfiguration));
  const bundle = [pem, ...before.filter((one) => one !== pem).slice(0, MOST_OLD)].join('');
  return { bundle, cert, key, nextCert: '', nextKey: '' };
}

const KEYS = {
  bundle: 'ca.crt',
  cert: 'tls.crt',
  key: 'tls.key',
  nextCert: 'next.crt',
  nextKey: 'next.key',
} as const satisfies Record<keyof Stored, string>;

function decode({ data }: StoredSecret): Stored {
  const entries = Object.entries(KEYS).map(([field, key]) => [field, data[key] ?? '']);
  const stored = Object.fromEntries(entries) as unknown as Stored;
  return { ...stored, bundle: certificates(stored.bundle).join('') };
}

function encode(stored: Stored): Record<string, string> {
  const entries = Object.entries(KEYS).map(([field, key]) => [key, stored[field as keyof Stored]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

/** When a certificate ends, s since the epoch: for the metric. */
export function expiryOf(cert: string): number {
  return lifeOf(cert).to / 1000;
}
