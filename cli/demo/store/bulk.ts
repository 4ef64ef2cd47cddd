import { randomBytes } from 'node:crypto';
import { type Indices, nameProblem } from './indices.ts';

/** One action of a bulk body. */
export interface Action {
  readonly op: 'create' | 'index';
  readonly index: string;
  readonly id: string | undefined;
  readonly text: string;
}

/** What a fault makes of one item instead of indexing it. */
export interface ItemFault {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
}

/** Why a whole request is refused (HTTP 400), in Elasticsearch's words. */
export interface Refusal {
  readonly type: 'illegal_argument_exception' | 'action_request_validation_exception';
  readonly reason: string;
}

/** Longest `_id`, bytes (Elasticsearch, "_id field"). */
const MAX_ID = 512;

/** Parses a bulk body, or says why it is refused. */
export function parseBulk(body: string, defaultIndex: string | undefined): Action[] | Refusal {
  const malformed = (reason: string): Refusal => ({ type: 'illegal_argument_exception', reason });
  const invalid = (item: number, reason: string): Refusal => ({
    type: 'action_request_validation_exception',
    reason: `Validation Failed: ${item}: ${reason};`,
  });
  if (!body.endsWith('\n')) return malformed('The bulk request must be terminated by a newline [\\n]');
  const lines = body.split('\n');
  const actions: Action[] = [];
  for (let i = 0; i < lines.length - 1; i += 2) {
    let action: Record<string, { _index?: string; _id?: string }>;
    try {
      action = JSON.parse(lines[i]!);
    } catch {
      return malformed(`Malformed action/metadata line [${i + 1}], expected START_OBJECT`);
    }
    const [op] = Object.keys(action);
    if (op !== 'create' && op !== 'index')
      return malformed(
        `Malformed action/metadata line [${i + 1}], expected one of [create, delete, index, update] but found [${op}]`,
      );
    const index = action[op]!._index ?? defaultIndex;
    if (index === undefined) return invalid(i / 2 + 1, 'index is missing');
    if (lines[i + 1] === undefined || (i + 1 === lines.length - 1 && lines[i + 1] === ''))
      return invalid(1, 'no requests added');
    const id = action[op]!._id;
    if (id !== undefined && Buffer.byteLength(id) > MAX_ID) {
      return invalid(
        i / 2 + 1,
        `id [${id}] is too long, must be no longer than ${MAX_ID} bytes but was: ${Buffer.byteLength(id)}`,
      );
    }
    actions.push({ op, index, id, text: lines[i + 1]! });
  }
  return actions.length === 0 ? invalid(1, 'no requests added') : actions;
}

type Item = Record<string, unknown>;

/** Applies an action; the item of the answer. */
export function applyAction(
  indices: Indices,
  { op, index, id, text }: Action,
  fault: ItemFault | undefined,
): { item: Item; status: number } {
  const answer = (status: number, more: Item): { item: Item; status: number } => ({
    item: { [op]: { _index: index, _id: id, ...more, status } },
    status,
  });
  const refuse = (status: number, type: string, reason: string) => answer(status, { error: { type, reason } });
  if (fault) return refuse(fault.status, fault.type, fault.reason);
  const bad = nameProblem(index);
  if (bad) return refuse(400, 'invalid_index_name_exception', `Invalid index name [${index}], ${bad}`);
  let doc: unknown;
  try {
    doc = JSON.parse(text);
  } catch {
    doc = undefined;
  }
  if (typeof doc !== 'object' || doc === null || Array.isArray(doc))
    return refuse(400, 'document_parsing_exception', '[1:1] failed to parse');
  const key = id ?? randomBytes(15).toString('base64url');
  const result = indices.put(index, key, text, op === 'create');
  if (result === 'conflict')
    return refuse(
      409,
      'version_conflict_engine_exception',
      `[${id}]: version conflict, document already exists (current version [1])`,
    );
  return answer(result === 'created' ? 201 : 200, { _id: key, _version: 1, result });
}
