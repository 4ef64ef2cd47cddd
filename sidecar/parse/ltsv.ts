import type { Found } from './found.ts';

/** Fields of an LTSV line (http://ltsv.org: `label:value`, tabs between); undefined when a part has no label, or it is but one. */
export function ltsv(text: string): Found | undefined {
  const parts = text.split('\t');
  if (parts.length < 2) return undefined;
  const fields: Record<string, unknown> = {};
  for (const part of parts) {
    const colon = part.indexOf(':');
    if (colon < 1 || !LABEL.test(part.slice(0, colon))) return undefined;
    const value = part.slice(colon + 1);
    if (value !== '' && value !== '-') fields[part.slice(0, colon)] = value;
  }
  return { fields };
}

const LABEL = /^[\w.-]+$/;
