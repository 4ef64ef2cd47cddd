import { type Decoding, decode } from './decode.ts';
import type { Problem } from './problem.ts';
import { rules } from './rules.ts';
import { type Config, configuration } from './schema.ts';

/** Decodes a plain value as the sidecar's configuration: its shape first, then what the schema alone cannot say. */
export function decodeConfig(value: unknown): { ok: true; config: Config } | { ok: false; problems: Problem[] } {
  const decoded = decode(configuration, value);
  if (!decoded.ok) return decoded;
  const problems = rules(decoded.value);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: decoded.value };
}

/**
 * Parses JSON or YAML text into a plain value; syntax errors become problems with line and column.
 * The YAML parser is loaded only for text that is not JSON: what the webhook injects is, and the sidecar stays smaller by it.
 */
export async function parseText(text: string): Promise<Decoding<unknown>> {
  const json = parseJson(text);
  if (typeof json === 'object' && json !== null) return { ok: true, value: json };
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true, merge: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      path: '',
      problem: `not valid YAML or JSON: ${error.message.split('\n')[0]!.replace(/:$/, '')}`,
      fix: 'Mend the syntax there.',
    }));
    return { ok: false, problems };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Aliases are resolved only now: `[*.gz]` is one that nothing defines.
    const problem = `not valid YAML or JSON: ${(error as Error).message}`;
    return { ok: false, problems: [{ path: '', problem, fix: 'Put quotes around a text that begins with *.' }] };
  }
  if (typeof value === 'object' && value !== null) return { ok: true, value };
  const problem = value === null ? 'the file is empty' : 'the file is not a map of keys';
  return { ok: false, problems: [{ path: '', problem, fix: 'Give at least `inputs` and `outputs`.' }] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // then it is YAML, whose parser has the better message
  }
}

/** Text of a configuration file (JSON or YAML) to the configuration, or every problem in it. */
export async function decodeText(text: string): Promise<ReturnType<typeof decodeConfig>> {
  const parsed = await parseText(text);
  return parsed.ok ? decodeConfig(parsed.value) : parsed;
}
