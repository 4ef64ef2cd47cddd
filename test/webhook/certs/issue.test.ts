import { X509Certificate } from 'node:crypto';
import t from 'tap';
import { checkCertificate } from '../../../webhook/certs/files.ts';
import { issueCertificates } from '../../../webhook/certs/issue.ts';

t.test('a CA and a serving certificate that it signed', async (t) => {
  const { ca, cert, key } = await issueCertificates({
    hosts: ['sidetail-webhook.sidetail-system.svc', '127.0.0.1', '::1'],
  });
  const [root, serving] = [new X509Certificate(ca), new X509Certificate(cert)];
  t.ok(root.ca && !serving.ca);
  t.ok(serving.checkIssued(root) && serving.verify(root.publicKey));
  t.equal(serving.checkHost('sidetail-webhook.sidetail-system.svc'), 'sidetail-webhook.sidetail-system.svc');
  t.same(
    [serving.checkIP('127.0.0.1'), serving.checkIP('::1'), serving.checkIP('127.0.0.2')],
    ['127.0.0.1', '::1', undefined],
  );
  t.ok(
    new Date(serving.validFrom).getTime() < Date.now() &&
      new Date(serving.validTo).getTime() > Date.now() + 360 * 864e5,
  );
  t.doesNotThrow(() => checkCertificate({ cert, key }));
  const other = await issueCertificates({ hosts: ['a'] });
  t.throws(() => checkCertificate({ cert, key: other.key }), /mismatch/);
  await t.rejects(issueCertificates({ hosts: [] }), { message: 'issueCertificates: no host is given' });
});
