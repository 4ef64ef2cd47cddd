import { retryAfter } from '../../deliver/backoff.ts';
import { FLAGS, type LogEvent, type Outcome, type Reason, type SendResult } from '../../types.ts';

/**
 * The action line of a record. `create` works for data streams and indices alike. The id is the file's prefix and the offset: no two
 * records share one, and it is the same in every attempt. A part of a line, and what may be a record of several lines, has its end in it, too:
 * after a kill it may be cut otherwise (it was finished meanwhile, or the configuration is another one), and that is another record.
 */
export function actionLine(index: string, event: LogEvent, idempotent: boolean): string {
  if (index !== lastIndex) {
    lastIndex = index;
    lastJson = JSON.stringify(index);
  }
  const target = `{"create":{"_index":${lastJson}`;
  if (!idempotent) return `${target}}}`;
  const open = event.file.input.records !== undefined || event.flags & (FLAGS.partial | FLAGS.truncated);
  const part = open ? `-${event.end.toString(36)}` : '';
  return `${target},"_id":"${event.file.id}${event.start.toString(36)}${part}"}}`;
}

/** Records of one file go to one index, mostly: its name is escaped once. */
let lastIndex = '';
let lastJson = '""';

/** The part of the answer that is looked at: less to send and to parse. */
export const FILTER_PATH = 'errors,items.*.status,items.*.error.type,items.*.error.reason';

interface BulkItem {
  readonly status: number;
  readonly error?: { readonly type?: string; readonly reason?: string };
}

/** Reads the answer to a `_bulk` of `count` records: HTTP status, the Retry-After header and the body. */
export function readBulkAnswer(
  status: number,
  retryAfterHeader: string | string[] | undefined,
  body: string,
  count: number,
  now: number,
): SendResult {
  if (status >= 200 && status < 300) return readItems(body, count);
  const message = `HTTP ${status}: ${reasonOf(body)}`;
  if (status === 413) return { kind: 'split', message };
  if (status === 401) return { kind: 'hold', reason: 'unauthorized', message };
  if (status === 403) return { kind: 'hold', reason: 'forbidden', message };
  if (status === 404) return { kind: 'hold', reason: 'not_found', message };
  const after = retryAfter(retryAfterHeader, now);
  const reason: Reason = status === 429 ? 'throttled' : status >= 500 ? 'unavailable' : 'bad_answer';
  return { kind: 'retry', reason, message, ...(after === undefined ? {} : { retryAfterMs: after }) };
}

/** What an error's body says of the reason: Elasticsearch's type and reason, else its beginning. */
function reasonOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { type?: string; reason?: string } };
    if (typeof error?.reason === 'string') return `${error.type}: ${withoutContent(error.reason)}`.slice(0, 300);
  } catch {
    // not JSON: a proxy's page
  }
  return body.slice(0, 300).replace(/\s+/g, ' ');
}

/** How an answer begins that needs no look at its items but their number; without spaces, as servers write it. */
const ALL_WELL = '{"errors":false,';

function occurrences(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}

function readItems(body: string, count: number): SendResult {
  const bad = (what: string): SendResult => ({
    kind: 'retry',
    reason: 'bad_answer',
    message: `${what}: ${body.slice(0, 200).replace(/\s+/g, ' ')}`,
  });
  if (body.startsWith(ALL_WELL) && occurrences(body, '"status":') === count) return { kind: 'delivered', repeated: 0 };
  let answer: { errors?: unknown; items?: (Record<string, BulkItem> | null)[] };
  try {
    answer = JSON.parse(body);
  } catch {
    return bad('the answer is not JSON');
  }
  const items = answer?.items;
  if (!Array.isArray(items) || items.length !== count) return bad(`the answer has not ${count} items`);
  if (answer.errors === false) return { kind: 'delivered', repeated: 0 };
  let repeated = 0;
  const outcomes = items.map((item): Outcome => {
    const result = Object.values(item ?? {})[0];
    if (result?.status === 409) repeated += 1;
    return outcomeOf(result);
  });
  return { kind: 'items', outcomes, repeated };
}

function outcomeOf(item: BulkItem | undefined): Outcome {
  const status = item?.status;
  if (item === undefined || typeof status !== 'number')
    return { kind: 'retry', reason: 'bad_answer', message: 'an item without a status' };
  if ((status >= 200 && status < 300) || status === 409) return { kind: 'delivered' };
  const type = item.error?.type ?? 'unknown';
  const detail = `${status} ${type}: ${item.error?.reason ?? ''}`.slice(0, 500);
  const message = withoutContent(detail);
  if (status === 429) return { kind: 'retry', reason: 'throttled', message };
  if (status >= 500) return { kind: 'retry', reason: 'unavailable', message };
  if (status === 401) return { kind: 'retry', reason: 'unauthorized', message };
  // 403 is a lack of privileges, or an index that is blocked for writing (a full disk): both are mended on the server.
  if (status === 403) return { kind: 'retry', reason: 'forbidden', message };
  if (status === 404) return { kind: 'retry', reason: 'not_found', message };
  if (status === 413) return { kind: 'rejected', reason: 'too_large', message, detail };
  if (status < 400 || status === 408) return { kind: 'retry', reason: 'bad_answer', message };
  return { kind: 'rejected', reason: 'rejected', message, detail };
}

/**
 * A server's reason without what it quotes of the document, which may be a secret: `Preview of field's value: '…'`, the immense term's
 * first bytes, a JSON parser's `Source`, quoted strings, a date that is none.
 */
export function withoutContent(reason: string): string {
  return reason
    .replace(/[.,;:]? (?:Preview of field|The prefix of the first immense term|at \[Source).*$/s, '')
    .replace(/date field \[.*?\](?= with format|$)/s, 'date field […]')
    .replace(/(['"`])(?:(?!\1).)*(?:\1|$)/gs, '$1…$1')
    .trimEnd();
}
