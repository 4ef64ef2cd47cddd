import { createPrivateKey, X509Certificate } from 'node:crypto';

/** What the Secret holds. PEM. Empty strings where a key is absent. */
export interface Stored {
  /** All CAs that are to be trusted: goes into the caBundle. */
  readonly bundle: string;
  readonly cert: string;
  readonly key: string;
  /** The pair that is served next, once all trust its CA. */
  readonly nextCert: string;
  readonly nextKey: string;
}

/** Times that were measured here, ms since the epoch. */
export interface Seen {
  readonly trustedSince: number | undefined;
  readonly storedSince: number;
}

export interface Rules {
  readonly hosts: readonly string[];
  /** Life of a new certificate, ms. */
  readonly validityMs: number;
  /** How long the API server and the other replicas are given to notice a change, ms. */
  readonly overlapMs: number;
}

/**
 * What is to be done next. `issue`: all anew, there is nothing that can be served (`why`). `stage`: a new CA and pair beside the one in use.
 * `promote`: the new pair into use. `prune`: away with CAs that signed nothing in use.
 */
export type Step =
  | { readonly kind: 'keep' }
  | { readonly kind: 'issue'; readonly why: string }
  | { readonly kind: 'stage' }
  | { readonly kind: 'promote' }
  | { readonly kind: 'prune'; readonly bundle: string };

/**
 * The life of a certificate, pure: `now` in ms since the epoch; `seen` is measured by who asks, because clocks of replicas differ:
 * `trustedSince` when all entries of the webhook configuration were seen to trust `stored.bundle`, if they were, `storedSince` when
 * `stored.cert` was seen first. A new pair is made at two thirds of the old one's life, and served only when its CA has been trusted
 * for the overlap; the old CA goes when every replica has had the overlap twice to notice.
 */
export function nextStep(stored: Stored, now: number, { trustedSince, storedSince }: Seen, rules: Rules): Step {
  const wrong = unusable(stored.cert, stored.key, stored.bundle, now, rules.hosts);
  const nextIsGood =
    stored.nextCert !== '' && unusable(stored.nextCert, stored.nextKey, stored.bundle, now, rules.hosts) === undefined;
  if (wrong !== undefined) return nextIsGood ? { kind: 'promote' } : { kind: 'issue', why: wrong };
  const { from, to } = lifeOf(stored.cert);
  const staged = stored.nextCert !== '';
  if (nextIsGood) {
    const trusted = trustedSince !== undefined && now - trustedSince >= rules.overlapMs;
    return trusted ? { kind: 'promote' } : { kind: 'keep' };
  }
  // Or it lives much longer than is wished by now.
  if (now >= from + ((to - from) * 2) / 3 || to - from > 1.5 * rules.validityMs) return { kind: 'stage' };
  const needed = certificates(stored.bundle).filter((ca) => signs(ca, stored.cert));
  const bundle = needed.join('');
  const noticed = now - storedSince >= 2 * rules.overlapMs;
  return bundle !== stored.bundle && noticed && !staged ? { kind: 'prune', bundle } : { kind: 'keep' };
}

/** Why a pair cannot be served, if it cannot: for the log. */
export function unusable(
  cert: string,
  key: string,
  bundle: string,
  now: number,
  hosts: readonly string[],
): string | undefined {
  if (cert === '' || key === '') return 'there is none yet';
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(cert);
    if (!parsed.checkPrivateKey(createPrivateKey(key))) return 'its key is another one';
  } catch {
    return 'it cannot be read';
  }
  if (Date.parse(parsed.validTo) <= now) return `it expired on ${parsed.validTo}`;
  const missing = hosts.find((host) => parsed.checkHost(host) === undefined);
  if (missing !== undefined) return `it is not for ${missing}`;
  if (!certificates(bundle).some((ca) => signs(ca, cert))) return 'its CA is not in the bundle';
  return undefined;
}

/** When a certificate begins and ends, ms since the epoch. */
export function lifeOf(cert: string): { from: number; to: number } {
  const { validFrom, validTo } = new X509Certificate(cert);
  return { from: Date.parse(validFrom), to: Date.parse(validTo) };
}

/** The PEM blocks of a bundle, each with its line end. */
export function certificates(bundle: string): string[] {
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => `${pem}\n`);
}

function signs(ca: string, cert: string): boolean {
  try {
    const issuer = new X509Certificate(ca);
    return new X509Certificate(cert).verify(issuer.publicKey);
  } catch {
    return false; // not a certificate: it signs nothing
  }
}
