import { nearest } from './nearest.ts';

/**
 * Templates of index, data stream, log group and log stream names:
 * `{namespace} {pod} {container} {node} {cluster} {input} {label:app} {annotation:x} {field:team} {env:NAME} {+yyyy.MM.dd}`.
 */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pod'; readonly name: PodValue }
  | { readonly kind: 'label' | 'annotation' | 'field' | 'env'; readonly name: string }
  /** The record's UTC date; the pattern is made of `yyyy MM dd HH` and separators. */
  | { readonly kind: 'date'; readonly pattern: string };

const POD_VALUES = ['namespace', 'pod', 'container', 'node', 'cluster', 'input'] as const;
export type PodValue = (typeof POD_VALUES)[number];
const KEYED = ['label', 'annotation', 'field', 'env'] as const;
const DATE = /^(?:yyyy|MM|dd|HH|[^A-Za-z{}])+$/;

/** Parses a template, or says what is wrong with it and how to mend it. */
export function parseTemplate(template: string): { parts: TemplatePart[] } | { problem: string; fix: string } {
  const parts: TemplatePart[] = [];
  let rest = template;
  while (rest !== '') {
    const open = rest.indexOf('{');
    const text = open === -1 ? rest : rest.slice(0, open);
    if (text.includes('}')) return { problem: `"}" without "{" in "${template}"`, fix: 'Close each { with one }.' };
    if (text !== '') parts.push({ kind: 'text', text });
    if (open === -1) break;
    const close = rest.indexOf('}', open);
    if (close === -1) return { problem: `"{" without "}" in "${template}"`, fix: 'Close each { with one }.' };
    const part = placeholder(rest.slice(open + 1, close));
    if ('problem' in part) return part;
    parts.push(part);
    rest = rest.slice(close + 1);
  }
  return { parts };
}

function placeholder(inside: string): TemplatePart | { problem: string; fix: string } {
  if (inside.startsWith('+')) {
    const pattern = inside.slice(1);
    if (DATE.test(pattern)) return { kind: 'date', pattern };
    return { problem: `unknown date pattern in {${inside}}`, fix: 'Use yyyy, MM, dd and HH, e.g. {+yyyy.MM.dd}.' };
  }
  const [kind, ...name] = inside.split(':');
  const keyed = KEYED.find((k) => k === kind);
  if (keyed && name.join(':') !== '') return { kind: keyed, name: name.join(':') };
  const pod = POD_VALUES.find((v) => v === inside);
  if (pod) return { kind: 'pod', name: pod };
  const known = [...POD_VALUES, ...KEYED.map((k) => `${k}:NAME`), '+yyyy.MM.dd'];
  const meant = nearest(kind!, [...POD_VALUES, ...KEYED]);
  return {
    problem: `unknown placeholder {${inside}}`,
    fix: meant
      ? `Did you mean {${meant}${(KEYED as readonly string[]).includes(meant) ? ':NAME' : ''}}?`
      : `Known: {${known.join('} {')}}.`,
  };
}
