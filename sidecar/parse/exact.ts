/** V8's `JSON.rawJSON` and the third argument of a reviver (https://tc39.es/proposal-json-parse-with-source). */
const exactly = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
};

/** The fields of a JSON line with numbers as they were written, which `JSON.stringify` writes again so. */
export function exact(text: string): Record<string, unknown> {
  return exactly.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? exactly.rawJSON(source) : value,
  ) as Record<string, unknown>;
}
