import { type Condition, comparison } from '../../contract/config/condition.ts';
import { compilePattern, slashed } from '../../contract/config/pattern.ts';
import { LEVELS, type Level, type LogEvent } from '../types.ts';

/** Whether a record matches. */
export type Matches = (event: LogEvent) => boolean;
type Test = (value: unknown) => boolean;

/** Compiles a condition once; several fields: all of them must match. A record without a field does not match what is said of it. */
export function compileCondition(condition: Condition): Matches {
  const all = Object.entries(condition).map(([field, wanted]) => {
    const tests = (Array.isArray(wanted) ? wanted : [wanted]).map((one) => testOf(field, one));
    return (event: LogEvent): boolean => {
      const value = lookUp(event, field);
      return value !== undefined && tests.some((test) => test(value));
    };
  });
  return (event) => all.every((matches) => matches(event));
}

/** Names of a logger, as different loggers write it. */
const LOGGER = ['logger', 'log.logger', 'logger_name', 'loggerName'];

/**
 * A value by its name: what every record has (`level`, `message`, `input`, `container`, `file.path`, `flags` are its own, whatever fields it
 * has), else its field, with dots for what is nested.
 */
export function lookUp(event: LogEvent, field: string): unknown {
  switch (field) {
    case 'level':
      return event.level;
    case 'message':
      return event.text;
    case 'input':
      return event.file.input.name;
    case 'container':
      return event.file.input.container;
    case 'file.path':
      return event.file.path;
    case 'logger':
      return LOGGER.map((name) => fieldOf(event.fields, name)).find((value) => value !== undefined);
    default:
      return fieldOf(event.fields, field) ?? event.file.input.fields[field];
  }
}

/** A field by its name: as it stands there (`log.level`), or nested (`log: { level }`). */
export function fieldOf(fields: Readonly<Record<string, unknown>> | undefined, name: string): unknown {
  if (fields === undefined) return undefined;
  if (Object.hasOwn(fields, name)) return fields[name];
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const inner = fields[name.slice(0, dot)];
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) continue;
    const found = fieldOf(inner as Record<string, unknown>, name.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function testOf(field: string, wanted: string | number | boolean): Test {
  if (typeof wanted !== 'string') return (value) => value === wanted || String(value) === String(wanted);
  const expression = slashed(wanted);
  if (expression !== undefined && expression.source !== '') {
    const pattern = compilePattern(expression.source, expression.ignoreCase);
    if ('problem' in pattern) throw new Error(pattern.problem); // the configuration's check has taken it
    return (value) => pattern.regex.test(textOf(value));
  }
  const compared = comparison(wanted);
  if (compared === undefined) {
    const level = field === 'level' ? wanted.toLowerCase() : wanted;
    return (value) => value === level || textOf(value) === level;
  }
  const { operator, operand } = compared;
  if (operator === '!=') return (value) => textOf(value) !== (field === 'level' ? operand.toLowerCase() : operand);
  const bound = rankOf(operand, field === 'level');
  return (value) => {
    const rank = rankOf(value, field === 'level');
    if (Number.isNaN(rank) || Number.isNaN(bound)) return false;
    return operator === '>='
      ? rank >= bound
      : operator === '<='
        ? rank <= bound
        : operator === '>'
          ? rank > bound
          : rank < bound;
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** What is compared: a level by its place among them, anything else as a number. */
function rankOf(value: unknown, isLevel: boolean): number {
  if (isLevel) {
    const at = LEVELS.indexOf(String(value).toLowerCase() as Level);
    return at === -1 ? Number.NaN : at;
  }
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
