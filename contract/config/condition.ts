import { nearest } from '../nearest.ts';
import * as n from './node.ts';
import { compilePattern, slashed } from './pattern.ts';

/** Levels in ascending order. */
export const LEVEL_NAMES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** `>=500`, `<1.5`, `>=error`, `!=GET`. */
const COMPARISON = /^(>=|<=|!=|>|<)\s*(.+)$/s;

/** The parts of a comparison; undefined: a text that is none. */
export function comparison(text: string): { operator: '>=' | '<=' | '>' | '<' | '!='; operand: string } | undefined {
  const match = COMPARISON.exec(text);
  return match === null ? undefined : { operator: match[1] as '>=', operand: match[2]!.trim() };
}

const value = n.string({
  expected: 'a value, a "/regex/" or a comparison such as ">=500"',
  check: (text) => {
    const expression = slashed(text);
    if (expression !== undefined && expression.source !== '') {
      const compiled = compilePattern(expression.source, expression.ignoreCase);
      // A path such as "/healthz/" is no expression that anybody wrote: it would be one, and match as such.
      return 'problem' in compiled ? compiled : undefined;
    }
    const compared = comparison(text);
    if (compared === undefined || compared.operator === '!=') return undefined;
    const { operand } = compared;
    if (operand !== '' && Number.isFinite(Number(operand))) return undefined;
    if ((LEVEL_NAMES as readonly string[]).includes(operand.toLowerCase())) return undefined;
    const meant = nearest(operand, LEVEL_NAMES);
    const fix = meant ? `Did you mean "${compared.operator}${meant}"?` : 'Compare with a number or a level.';
    return { problem: `"${operand}" is neither a number nor a level`, fix };
  },
});

const one = n.oneOf(value, n.number({ expected: 'a number' }), n.boolean());

/** Fields and what they must be; several fields: all of them. */
export const condition = n.map(
  n.oneOf(value, n.number({ expected: 'a number' }), n.boolean(), n.list(one, { min: 1 })),
);

export type Condition = n.Decoded<typeof condition>;
