import { eventually } from './kubernetes.ts';

/** The Elasticsearch that pods ship to, or why there is none. */
export const URL_OF_STORE = process.env.SIDETAIL_E2E_ES;
export const NO_STORE = 'no Elasticsearch (Java and Maven, or SIDETAIL_E2E_ES)';

/** How many documents match, and some of their messages. */
export async function search(query: string, size: number): Promise<{ total: number; messages: string[] }> {
  const body = { query: { query_string: { query } }, size, track_total_hits: true };
  await fetch(`${URL_OF_STORE}/logs-*/_refresh`, { method: 'POST' });
  const answer = await fetch(`${URL_OF_STORE}/logs-*/_search?ignore_unavailable=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  const { hits } = (await answer.json()) as {
    hits: { total: { value: number }; hits: { _source: { message: string } }[] };
  };
  return { total: hits.total.value, messages: hits.hits.map(({ _source }) => _source.message) };
}

const queryOf = (namespace: string, pod: string): string =>
  `kubernetes.namespace:"${namespace}" AND kubernetes.pod.name:"${pod}"`;

/** Number of a pod's documents. */
export async function count(namespace: string, pod: string): Promise<number> {
  return (await search(queryOf(namespace, pod), 0)).total;
}

/** What is missing or there twice of a pod's lines once `lines` documents arrived; `last`: the line that it writes at its end is one of them. */
export async function delivered(
  namespace: string,
  pod: string,
  lines: number,
  last: boolean,
): Promise<{ lost: string[]; repeated: number }> {
  const expected = Array.from({ length: lines }, (_, i) => `${pod} line ${i}`);
  if (last) expected.push(`${pod} last`);
  await eventually(
    async () => (await count(namespace, pod)) >= expected.length,
    `${expected.length} lines of ${pod} are there`,
  );
  const { messages } = await search(queryOf(namespace, pod), 10_000);
  const texts = messages.map((message) => message.split(' - ')[1]!);
  const have = new Set(texts);
  return { lost: expected.filter((line) => !have.has(line)).slice(0, 5), repeated: texts.length - have.size };
}
