import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { authorization } from '../../../../sidecar/sinks/elasticsearch/credentials.ts';

const header = (auth: Record<string, string>): Promise<string | undefined> => authorization(auth as never);

t.test('the header of each way', async (t) => {
  const dir = t.testdir({ secret: 's3cret\n' });
  const file = join(dir, 'secret');
  t.equal(await authorization(undefined), undefined);
  t.equal(await header({ apiKey: 'abc==' }), 'ApiKey abc==');
  t.equal(await header({ apiKeyFile: file }), 'ApiKey s3cret');
  t.equal(await header({ bearerFile: file }), 'Bearer s3cret');
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  t.equal(await header({ username: 'üser', password: 'p:w' }), basic('üser:p:w'));
  t.equal(await header({ username: 'u', passwordFile: file }), basic('u:s3cret'));
});

t.test('a rotated secret takes effect at once; a missing one is an error of that request', async (t) => {
  const file = join(t.testdir(), 'key');
  await t.rejects(header({ apiKeyFile: file }), { code: 'ENOENT' });
  writeFileSync(file, 'one');
  t.equal(await header({ apiKeyFile: file }), 'ApiKey one');
  writeFileSync(file, 'two');
  t.equal(await header({ apiKeyFile: file }), 'ApiKey two');
});
