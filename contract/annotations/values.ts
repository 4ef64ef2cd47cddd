import type { Node } from '../config/node.ts';
import { configuration } from '../config/schema.ts';
import { nearest } from '../nearest.ts';
import { parseTemplate } from '../template.ts';
import { fullKey, type Key } from './keys.ts';
import type { AnnotationProblem } from './problem.ts';

/** A value, or what is wrong with it; both where a part of a list is kept. */
export interface Parsed<T> {
  readonly value?: T;
  readonly problems: AnnotationProblem[];
}

const bad = <T>(key: Key, value: string, problem: string, fix: string): Parsed<T> => ({
  problems: [{ key: fullKey(key), value, problem, fix }],
});
const EMPTY = ['the value is empty', 'Give one, or remove the annotation.'] as const;

/** The switch: only these words, so that nothing is true by accident. */
const SWITCH: Readonly<Record<string, boolean>> = { true: true, enabled: true, false: false, disabled: false };

/** `true`, `enabled`, `false` or `disabled`. */
export function parseSwitch(value: string): boolean | undefined {
  return Object.hasOwn(SWITCH, value) ? SWITCH[value] : undefined;
}

/** A name, as of a profile. */
export function parseName(key: Key, value: string): Parsed<string> {
  const name = value.trim();
  return name === '' ? bad(key, value, ...EMPTY) : { value: name, problems: [] };
}

/** A name that Kubernetes takes for a Secret (RFC 1123 subdomain). */
export const SECRET_NAME = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** The name of a Secret. One that Kubernetes does not take would have the whole pod refused. */
export function parseSecretName(key: Key, value: string): Parsed<string> {
  const name = value.trim();
  if (name === '') return bad(key, value, ...EMPTY);
  if (SECRET_NAME.test(name)) return { value: name, problems: [] };
  return bad(key, value, 'not the name of a Secret', 'Use lower case letters, digits, "-" and ".".');
}

/** Names with commas between, as of outputs. */
export function parseNames(key: Key, value: string): Parsed<string[]> {
  const names = value.split(',').flatMap((name) => name.trim() || []);
  return names.length === 0 ? bad(key, value, ...EMPTY) : { value: [...new Set(names)], problems: [] };
}

/** A name with placeholders, as of an index. */
export function parseTemplateValue(key: Key, value: string): Parsed<string> {
  const template = value.trim();
  if (template === '') return bad(key, value, ...EMPTY);
  const parsed = parseTemplate(template);
  // The problem repeats the whole template, which the warning shows already.
  if ('problem' in parsed) return bad(key, value, parsed.problem.replace(/ in ".*"$/s, ''), parsed.fix);
  return { value: template, problems: [] };
}

const FORMAT = words(configuration.fields?.inputs?.node.item?.fields?.format?.node);

/** The words of an enum, wherever in the node it stands. A schema without any is a bug, found when the program starts. */
function words(node: Node<unknown> | undefined): { known: readonly string[]; later: readonly string[] } {
  const found = node?.kind === 'oneOf' ? node.options?.find((option) => option.kind === 'enum') : node;
  if (!found?.values) throw new Error('the schema of an input has no list of formats');
  return { known: found.values, later: found.later ?? [] };
}

/** A format of section 2 of the contract, from the same list as the sidecar's configuration. */
export function parseFormat(value: string): Parsed<string> {
  const word = value.trim();
  const { known, later } = FORMAT;
  if (known.includes(word)) return { value: word, problems: [] };
  const use = `Use ${known.join(', ')}.`;
  if (later.includes(word)) return bad('format', value, 'not supported yet', use);
  const meant = nearest(word, known);
  return bad('format', value, 'not a known format', meant ? `Did you mean "${meant}"?` : use);
}

const FIELD_NAME = /^[A-Za-z][\w.-]*$/;

/** `team=payments,env=prod`; a bad entry is a problem, the others are kept. */
export function parseFields(value: string): Parsed<Record<string, string>> {
  const key = fullKey('fields');
  const fields = new Map<string, string>();
  const problems: AnnotationProblem[] = [];
  for (const item of value.split(',').flatMap((part) => part.trim() || [])) {
    const at = item.indexOf('=');
    const name = item.slice(0, at).trim();
    if (at === -1) problems.push({ key, value: item, problem: 'no "="', fix: 'Write name=value,name=value.' });
    else if (!FIELD_NAME.test(name)) {
      problems.push({ key, value: item, problem: 'not a field name', fix: 'Use letters, digits, ".", "_", "-".' });
    } else if (fields.has(name)) problems.push({ key, value: item, problem: 'given twice', fix: 'Keep one of them.' });
    else fields.set(name, item.slice(at + 1).trim());
  }
  if (fields.size === 0) return problems.length > 0 ? { problems } : bad('fields', value, ...EMPTY);
  return { value: Object.fromEntries(fields), problems };
}
