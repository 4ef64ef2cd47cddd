import { condition, LEVEL_NAMES } from './condition.ts';
import * as n from './node.ts';
import { compilePattern } from './pattern.ts';
import type { Problem } from './problem.ts';

const names = n.list(n.string({ expected: 'the name of a field' }), { min: 1 });
const scalar = n.oneOf(n.string(), n.number(), n.boolean());

const pattern = n.string({
  expected: 'a regular expression',
  check: (value) => {
    const compiled = compilePattern(value);
    return 'problem' in compiled ? compiled : undefined;
  },
});

const redact = n.object({
  fields: n.withDefault(
    n.list(n.string()),
    [],
    'Fields whose values are replaced, also where they stand in the message.',
  ),
  patterns: n.withDefault(
    n.list(pattern),
    [],
    'Expressions; what matches is replaced in the message and in all fields.',
  ),
  with: n.withDefault(n.string(), '[redacted]', 'What stands there instead.'),
});

const rateLimit = n.object({
  perSecond: n.required(n.number({ expected: 'a number of records', min: 0.001 }), 'Records a second.'),
  burst: n.optional(
    n.number({ expected: 'a number of records', min: 1 }),
    'Most records at once. Default: those of a second.',
  ),
});

/** One filter: exactly one of the keys, and `when`. */
export const filter = n.object({
  minLevel: n.optional(n.oneOfWords(LEVEL_NAMES), 'Least level that passes; records without a level pass.'),
  keep: n.optional(condition, 'Only records that match.'),
  drop: n.optional(condition, 'No records that match.'),
  redact: n.optional(redact, 'Replaces values.'),
  sample: n.optional(
    n.number({ expected: 'a number from 0 to 1', min: 0, max: 1 }),
    'Part of the records that passes, by a stable hash: the same ones after a restart.',
  ),
  rateLimit: n.optional(rateLimit, 'Most records; those beyond are dropped.'),
  add: n.optional(n.map(scalar), 'Fields to add; one that the record has is replaced.'),
  remove: n.optional(names, 'Fields to remove, also from the text of a JSON line.'),
  rename: n.optional(n.map(n.string({ expected: 'the new name' })), 'Fields to rename: `{ old: new }`.'),
  when: n.optional(condition, 'Only for records that match.'),
});

export type FilterConfig = n.Decoded<typeof filter>;

/** What a filter does. */
export const FILTER_KINDS = [
  'minLevel',
  'keep',
  'drop',
  'redact',
  'sample',
  'rateLimit',
  'add',
  'remove',
  'rename',
] as const;
export type FilterKind = (typeof FILTER_KINDS)[number];

/** What one filter does; each does exactly one thing, so that their order is what it looks like. */
export function kindOf(filter: FilterConfig): FilterKind {
  return FILTER_KINDS.find((kind) => filter[kind] !== undefined)!;
}

export function filterProblems(filters: readonly FilterConfig[], path: string): Problem[] {
  return filters.flatMap((filter, i) => {
    const kinds = FILTER_KINDS.filter((kind) => filter[kind] !== undefined);
    if (kinds.length === 1) return [];
    const problem = kinds.length === 0 ? 'it does nothing' : `it does several things: ${kinds.join(', ')}`;
    const fix =
      kinds.length === 0
        ? `Give one of ${FILTER_KINDS.join(', ')}.`
        : 'Make one filter of each, in the order in which they are to be applied.';
    return [{ path: `${path}[${i}]`, problem, fix }];
  });
}
