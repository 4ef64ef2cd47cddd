import './reflect.ts';
import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** PEM texts: the CA's certificate, the serving certificate signed by it, and the serving certificate's key (PKCS #8). */
export interface Issued {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 864e5;
/** Clocks of nodes differ: a certificate must not be from the future for any. */
const BACKDATE = 5 * 6e4;

/**
 * Makes a CA and a serving certificate for the hosts (DNS names or IP addresses, at least one), valid for `validityMs` (default a year). The
 * CA's key is forgotten, so nothing else can ever be signed by it.
 */
export async function issueCertificates({
  hosts,
  validityMs = 365 * DAY,
}: {
  hosts: readonly string[];
  validityMs?: number;
}): Promise<Issued> {
  if (hosts.length === 0) throw new Error('issueCertificates: no host is given');
  x509.cryptoProvider.set(crypto);
  const validity = {
    notBefore: new Date(Date.now() - Math.min(BACKDATE, validityMs / 10)),
    notAfter: new Date(Date.now() + validityMs),
  };
  const caKeys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=sidetail webhook CA',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const keys = await newKeys();
  const names = hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  const cert = await x509.X509CertificateGenerator.create({
    subject: 'CN=sidetail-webhook',
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.AuthorityKeyIdentifierExtension.create(ca),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { ca: ca.toString('pem'), cert: cert.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}
