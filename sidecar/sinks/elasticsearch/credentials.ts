import { readFile } from 'node:fs/promises';
import type { ElasticsearchConfig } from '../../../contract/config/outputs.ts';

/**
 * The Authorization header of each request. Files are read for every request: a rotated Secret takes effect at once, and a missing one
 * (an optional Secret that nobody made yet) is an error of that request only.
 */
export async function authorization(auth: ElasticsearchConfig['auth']): Promise<string | undefined> {
  if (auth === undefined) return undefined;
  if (auth.apiKey !== undefined) return `ApiKey ${auth.apiKey}`;
  if (auth.apiKeyFile !== undefined) return `ApiKey ${await secret(auth.apiKeyFile)}`;
  if (auth.bearerFile !== undefined) return `Bearer ${await secret(auth.bearerFile)}`;
  const password = auth.passwordFile === undefined ? auth.password : await secret(auth.passwordFile);
  return `Basic ${Buffer.from(`${auth.username}:${password}`).toString('base64')}`;
}

async function secret(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}
