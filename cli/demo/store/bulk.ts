import { type Refusal, refusal } from './answer.ts';

/** One action of a bulk body. */
export interface Action {
  readonly op: 'create' | 'index';
  readonly index: string;
  /** Undefined: the server makes one. */
  readonly id: string | undefined;
  /** The document as it was sent. */
  readonly text: string;
}

/** Longest `_id`, bytes of UTF-8 (Elasticsearch, "_id field"). */
const MAX_ID = 512;

/** Parameters of an action line that change nothing here. */
const IGNORED = ['routing', 'pipeline', 'require_alias', 'require_data_stream', 'dynamic_templates'];

/**
 * Parses a bulk body, or says why the whole request is refused. As in Elasticsearch, blank lines between actions are skipped, and a last
 * action without a document is dropped without a word.
 */
export function parseBulk(body: string, defaultIndex: string | undefined): Action[] | Refusal {
  if (body === '') return refusal(400, 'parse_exception', 'request body is required');
  const lines = body.split('\n');
  const last = lines.pop();
  const actions: Action[] = [];
  const problems: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] === '' || lines[i] === '\r') continue;
    const action = parseAction(lines[i]!, i + 1);
    if ('error' in action) return action;
    const text = lines[++i];
    if (text === undefined) break;
    const { op, index = defaultIndex, id } = action;
    if (index === undefined) problems.push('index is missing');
    const bytes = id === undefined ? 0 : Buffer.byteLength(id);
    if (bytes > MAX_ID) problems.push(`id [${id}] is too long, must be no longer than ${MAX_ID} bytes but was: ${bytes}`);
    actions.push({ op, index: index ?? '', id, text });
  }
  if (last !== '')
    return refusal(400, 'illegal_argument_exception', 'The bulk request must be terminated by a newline [\\n]');
  if (actions.length === 0) problems.push('no requests added');
  if (problems.length === 0) return actions;
  const list = problems.map((problem, i) => `${i + 1}: ${problem};`).join('');
  return refusal(400, 'action_request_validation_exception', `Validation Failed: ${list}`);
}

interface Head {
  readonly op: Action['op'];
  readonly index: string | undefined;
  readonly id: string | undefined;
}

/** Reads an action line; `n` is its number in the body, from 1. */
function parseAction(line: string, n: number): Head | Refusal {
  const malformed = (what: string): Refusal =>
    refusal(400, 'illegal_argument_exception', `Malformed action/metadata line [${n}], ${what}`);
  let head: unknown;
  try {
    head = JSON.parse(line);
  } catch (error) {
    return syntaxProblem(line, error as Error);
  }
  if (token(head) !== 'START_OBJECT') return malformed(`expected START_OBJECT but found [${token(head)}]`);
  const [first, second] = Object.entries(head as object);
  if (first === undefined) return malformed('expected FIELD_NAME but found [END_OBJECT]');
  const [op, parameters] = first;
  if (op === 'delete' || op === 'update')
    return malformed(`the embedded store takes create and index only but found [${op}]`);
  if (op !== 'create' && op !== 'index')
    return malformed(`expected field [create], [delete], [index] or [update] but found [${op}]`);
  if (token(parameters) !== 'START_OBJECT')
    return malformed(`expected START_OBJECT or END_OBJECT but found [${token(parameters)}]`);
  const known: Record<string, string | undefined> = {};
  for (const [key, value] of Object.entries(parameters as object)) {
    if (typeof value === 'object' && value !== null)
      return malformed(`expected a simple value for field [${key}] but found [${token(value)}]`);
    if (key === '_index' || key === '_id') known[key] = value === null ? undefined : String(value);
    else if (!IGNORED.includes(key))
      return refusal(
        400,
        'illegal_argument_exception',
        `Action/metadata line [${n}] contains an unknown parameter [${key}]`,
      );
  }
  if (second !== undefined) return malformed('expected END_OBJECT but found [FIELD_NAME]');
  return { op, index: known._index, id: known._id };
}

/** JSON that ends too early is told from JSON that is wrong. */
function syntaxProblem(line: string, error: Error): Refusal {
  const at = /position (\d+)/.exec(error.message)?.[1];
  const early = /Unexpected end|Unterminated/.test(error.message) || (at !== undefined && Number(at) >= line.length);
  return refusal(
    400,
    early ? 'x_content_e_o_f_exception' : 'x_content_parse_exception',
    early ? `[1:${line.length + 1}] Unexpected end of file` : error.message,
  );
}

/** How Elasticsearch's parser calls what a JSON value begins with. */
function token(value: unknown): string {
  if (Array.isArray(value)) return 'START_ARRAY';
  if (value === null) return 'VALUE_NULL';
  if (typeof value === 'object') return 'START_OBJECT';
  return typeof value === 'boolean' ? 'VALUE_BOOLEAN' : `VALUE_${(typeof value).toUpperCase()}`;
}
