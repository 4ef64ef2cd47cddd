import { compilePattern } from '../../contract/config/pattern.ts';
import type { ReadText } from './found.ts';
import { levelOf } from './level.ts';

/** What a group's text becomes; undefined: it is none, and stays a text. */
const TYPES = {
  string: (text: string) => text,
  int: (text: string) => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined),
  float: (text: string) => (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined),
  bool: (text: string) =>
    /^(?:true|yes|on|1)$/i.test(text) ? true : /^(?:false|no|off|0)$/i.test(text) ? false : undefined,
} as const;
export type FieldType = keyof typeof TYPES;

/** The format of a user's expression: its groups are fields, `time` and `level` besides what they say. */
export function regexFormat(source: string, types: Readonly<Record<string, FieldType>>): ReadText {
  const pattern = compilePattern(source);
  if ('problem' in pattern) throw new Error(pattern.problem); // the configuration's check has taken it
  const { regex } = pattern;
  return (text) => {
    const groups = regex.exec(text)?.groups;
    if (groups === undefined) return undefined;
    const fields: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(groups))
      if (value !== undefined) fields[name] = TYPES[types[name] ?? 'string'](value) ?? value;
    return { fields, time: groups.time, level: levelOf(groups.level) };
  };
}
