import type { Found } from './found.ts';

/** The JSON object that the text is, or undefined. The text must be one whole line: no raw line break can be in it. */
export function json(text: string): Found | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { fields: value as Record<string, unknown>, isJson: true }
      : undefined;
  } catch {
    return undefined;
  }
}
