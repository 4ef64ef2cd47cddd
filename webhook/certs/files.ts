import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type Watch, watchFiles } from '../watch.ts';

/** A serving certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Proves that certificate and key can be served together and says until when; throws an Error naming what is wrong. */
export function checkCertificate({ cert, key }: Certificate): { validTo: string; names: string } {
  createSecureContext({ cert, key });
  const parsed = new X509Certificate(cert);
  return { validTo: parsed.validTo, names: parsed.subjectAltName ?? parsed.subject };
}

/**
 * Watches certificate and key. `onChange` gets the pair once it is a pair: between the writing of the two files it is none, then the old one
 * stays, and `onError` says why (once for each version of the files).
 */
export function watchCertificate(
  files: () => { readonly certFile: string; readonly keyFile: string },
  onChange: (certificate: Certificate) => void,
  onError: (error: Error) => void,
): Watch {
  return watchFiles(
    () => [files().certFile, files().keyFile],
    ([cert, key]) => {
      const certificate = { cert: cert!, key: key! };
      checkCertificate(certificate);
      onChange(certificate);
    },
    onError,
  );
}
