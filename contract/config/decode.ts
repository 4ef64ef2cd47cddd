import { nearest } from '../nearest.ts';
import { parseDuration, parseSize } from '../units.ts';
import type { Field, Node } from './node.ts';
import { keyPath, type Problem, show } from './problem.ts';

export type Decoding<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/**
 * Decodes a plain JSON value as the node describes: defaults filled in, sizes to bytes, durations to milliseconds.
 * Never stops at the first problem: every one is listed, each with its path.
 */
export function decode<T>(node: Node<T>, value: unknown, path = ''): Decoding<T> {
  const problems: Problem[] = [];
  const decoded = walk(node, value, path, problems);
  return problems.length === 0 ? { ok: true, value: decoded as T } : { ok: false, problems };
}

function walk(node: Node<unknown>, value: unknown, path: string, problems: Problem[]): unknown {
  const decoded = byKind(node, value, path, problems);
  if (decoded === undefined) return undefined;
  if (typeof decoded === 'number' && (decoded < (node.min ?? -Infinity) || decoded > (node.max ?? Infinity))) {
    const range = node.max === undefined ? `at least ${node.min}` : `between ${node.min ?? 0} and ${node.max}`;
    problems.push({ path, problem: `${show(value)} is out of range`, fix: `Use ${node.expected}, ${range}.` });
    return undefined;
  }
  const wrong = (node.check as ((v: unknown) => { problem: string; fix: string } | undefined) | undefined)?.(decoded);
  if (wrong) problems.push({ path, ...wrong });
  return decoded;
}

function byKind(node: Node<unknown>, value: unknown, path: string, problems: Problem[]): unknown {
  const mismatch = (): undefined => {
    const got = holdsSecret(node) ? 'another type (value not shown)' : show(value);
    problems.push({ path, problem: `expected ${node.expected}, got ${got}`, fix: `Give ${node.expected}.` });
  };
  switch (node.kind) {
    case 'string':
      return typeof value === 'string' ? value : mismatch();
    case 'integer':
      return Number.isSafeInteger(value) ? value : mismatch();
    case 'number':
      return typeof value === 'number' ? value : mismatch();
    case 'boolean':
      return typeof value === 'boolean' ? value : mismatch();
    case 'false':
      return value === false ? value : mismatch();
    case 'size':
      return parseSize(value) ?? mismatch();
    case 'duration':
      return parseDuration(value) ?? mismatch();
    case 'never':
      problems.push({ path, problem: `not supported yet: ${show(value)}`, fix: 'Remove it.' });
      return undefined;
    case 'enum':
      return word(node, value, path, problems);
    case 'list': {
      if (!Array.isArray(value)) return mismatch();
      if (value.length < (node.min ?? 0)) {
        problems.push({ path, problem: 'the list is empty', fix: `Give at least ${node.min} entry.` });
        return undefined;
      }
      return value.map((item, i) => walk(node.item!, item, `${path}[${i}]`, problems));
    }
    case 'map':
      if (!isMap(value)) return mismatch();
      return Object.fromEntries(
        Object.entries(value).map(([k, v]) => [k, walk(node.item!, v, keyPath(path, k), problems)]),
      );
    case 'object':
      return isMap(value) ? fields(node, value, path, problems) : mismatch();
    case 'variant': {
      if (!isMap(value)) return mismatch();
      const tag = node.tag!;
      const which = word(
        {
          kind: 'enum',
          expected: `one of ${Object.keys(node.variants!).join(', ')}`,
          values: Object.keys(node.variants!),
          later: node.later ?? [],
        },
        value[tag],
        keyPath(path, tag),
        problems,
      );
      return typeof which === 'string' ? fields(node.variants![which]!, value, path, problems) : undefined;
    }
    case 'oneOf': {
      const option = node.options!.find((o) => fits(o, value));
      return option ? walk(option, value, path, problems) : mismatch();
    }
  }
}

/** Whether a secret can be in the value: then none of it is shown, whatever it is in place of. */
function holdsSecret(node: Node<unknown>): boolean {
  if (node.secret) return true;
  const below = [node.item, ...(node.options ?? []), ...Object.values(node.variants ?? {})];
  const fields = Object.values(node.fields ?? {}).map((field) => field.node);
  return [...below, ...fields].some((child) => child !== undefined && holdsSecret(child));
}

/** Whether the value has the JSON type that the node is about; its content may still be wrong. */
function fits(node: Node<unknown>, value: unknown): boolean {
  switch (node.kind) {
    case 'string':
    case 'enum':
      return typeof value === 'string';
    case 'size':
      return typeof value === 'string' || typeof value === 'number';
    case 'duration':
      return typeof value === 'string';
    case 'integer':
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'false':
      return value === false;
    case 'list':
      return Array.isArray(value);
    case 'oneOf':
      return node.options!.some((o) => fits(o, value));
    default:
      return isMap(value);
  }
}

function word(node: Node<unknown>, value: unknown, path: string, problems: Problem[]): unknown {
  const values = node.values!;
  if (typeof value === 'string' && values.includes(value)) return value;
  if (typeof value === 'string' && node.later?.includes(value)) {
    problems.push({ path, problem: `${show(value)} is not supported yet`, fix: `Use ${node.expected}.` });
    return undefined;
  }
  const meant = typeof value === 'string' ? nearest(value, values) : undefined;
  const fix = meant ? `Did you mean ${show(meant)}?` : `Give ${node.expected}.`;
  problems.push({ path, problem: `expected ${node.expected}, got ${show(value)}`, fix });
  return undefined;
}

function fields(node: Node<unknown>, value: Record<string, unknown>, path: string, problems: Problem[]): unknown {
  const known = node.fields!;
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(known, key)) continue;
    const meant = nearest(key, Object.keys(known));
    const fix = meant ? `Did you mean "${meant}"?` : `Known keys: ${Object.keys(known).join(', ')}.`;
    problems.push({ path: keyPath(path, key), problem: `unknown key ${show(key)}`, fix });
  }
  const decoded: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(known)) {
    const result = one(field, value[key], keyPath(path, key), problems);
    if (result !== undefined) decoded[key] = result;
  }
  return decoded;
}

function one(field: Field<unknown>, value: unknown, path: string, problems: Problem[]): unknown {
  if (value === undefined || value === null) {
    if (field.presence === 'required') {
      problems.push({ path, problem: 'the key is missing', fix: `Give ${field.node.expected}.` });
      return undefined;
    }
    return field.default === undefined ? undefined : walk(field.node, field.default, path, problems);
  }
  if (field.presence === 'later') {
    const got = holdsSecret(field.node) ? 'value not shown' : `got ${show(value)}`;
    problems.push({ path, problem: `the key is not supported yet (${got})`, fix: 'Remove it.' });
    return undefined;
  }
  return walk(field.node, value, path, problems);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
