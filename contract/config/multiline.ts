import * as n from './node.ts';
import { compilePattern } from './pattern.ts';

/** Languages whose traces and crash reports are known. */
export const PRESETS = ['auto', 'java', 'python', 'go', 'ruby', 'node', 'php', 'dotnet', 'dart', 'rust'] as const;

/** An expression of the user's, that matches in bounded time. */
const pattern = n.string({
  expected: 'a regular expression',
  check: (value) => {
    const compiled = compilePattern(value);
    return 'problem' in compiled ? compiled : undefined;
  },
});

const rules = n.object({
  preset: n.optional(n.oneOfWords(PRESETS), 'A language, or `auto`.'),
  start: n.optional(
    pattern,
    'A matching line begins a record; others join it, unless `continue` or `end` say which. With a preset: begins one whatever the preset says.',
  ),
  continue: n.optional(pattern, 'A matching line joins the one before. With a preset: joins, too.'),
  end: n.optional(pattern, 'A matching line closes the record.'),
  maxLines: n.withDefault(
    n.integer({ min: 2, max: 100_000 }),
    500,
    'Most lines of a record; the rest is the next one, both are flagged `partial`.',
  ),
  maxBytes: n.withDefault(n.size({ min: 1024, max: 16 * 2 ** 20 }), '1MiB', 'Most bytes of a record, likewise.'),
  idleFlush: n.withDefault(
    n.duration({ min: 100, max: 3_600_000 }),
    '2s',
    'A record is complete when its file did not grow for this long.',
  ),
});

/** What `multiline` may be. */
export const multiline = n.oneOf(n.oneOfWords(['none', ...PRESETS]), rules);

export type MultilineConfig = n.Decoded<typeof multiline>;
export type MultilineRules = n.Decoded<typeof rules>;
export const DEFAULTS = { maxLines: 500, maxBytes: 2 ** 20, idleFlush: 2000 } as const;
