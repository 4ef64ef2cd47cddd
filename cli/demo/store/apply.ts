import { randomBytes } from 'node:crypto';
import type { Action } from './bulk.ts';
import type { Indices } from './indices.ts';
import { nameProblem } from './names.ts';

/** What a fault makes of one item instead of indexing it. */
export interface ItemFault {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
}

/** An item of the answer: HTTP status of its own, and what Elasticsearch says about it. */
export interface Item {
  readonly status: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

const CONFLICT = 'version_conflict_engine_exception';

/** Applies an action, unless a fault takes its place; `now` is in ms since the epoch. */
export function applyAction(indices: Indices, action: Action, fault: ItemFault | undefined, now: number): Item {
  const { op, index, id, text } = action;
  const refuse = ({ status, type, reason }: ItemFault, _id: string | null = id ?? null): Item => ({
    status,
    answer: { [op]: { _index: index, _id, status, error: { type, reason } } },
  });
  if (fault) return refuse(fault);
  const name = nameProblem(index);
  if (name)
    return refuse({ status: 400, type: 'invalid_index_name_exception', reason: `Invalid index name [${index}], ${name}` });
  if (id === '')
    return refuse({
      status: 400,
      type: 'illegal_argument_exception',
      reason: 'if _id is specified it must not be empty',
    });
  const key = id ?? randomBytes(15).toString('base64url');
  const problem = documentProblem(text);
  if (problem) return refuse({ status: 400, type: 'document_parsing_exception', reason: problem }, key);
  const { result, version, seqNo } = indices.put(index, key, text, op === 'create', now);
  if (result === 'conflict') {
    const reason = `[${key}]: version conflict, document already exists (current version [${version}])`;
    return refuse({ status: 409, type: CONFLICT, reason });
  }
  const status = result === 'created' ? 201 : 200;
  const shards = { total: 1, successful: 1, failed: 0 };
  const about = { _index: index, _id: key, _version: version, result, _shards: shards, _seq_no: seqNo, _primary_term: 1 };
  return { status, answer: { [op]: { ...about, status } } };
}

/** Whether an item is a creation that found its id taken. */
export const isConflict = (item: Item): boolean => item.status === 409;

/** Why a text is no document. There are no mappings here: what contradicts an earlier document is taken, too. */
function documentProblem(text: string): string | undefined {
  if (text === '' || text === '\r') return '[0:0] failed to parse, document is empty';
  try {
    const doc: unknown = JSON.parse(text);
    const object = typeof doc === 'object' && doc !== null && !Array.isArray(doc);
    return object ? undefined : 'Malformed content, must start with an object';
  } catch (error) {
    return `[1:1] failed to parse: ${(error as Error).message}`;
  }
}
