import { INJECT, NAMESPACE_SWITCH, PREFIX } from '../injection.ts';
import { nearest } from '../nearest.ts';
import { ANNOTATIONS, fullKey, type Key, NAMESPACE_LABELS, POD_LABELS, USER_KEYS } from './keys.ts';
import { type PathRequest, parsePaths } from './paths.ts';
import type { AnnotationProblem } from './problem.ts';
import {
  type Parsed,
  parseFields,
  parseFormat,
  parseName,
  parseNames,
  parseSecretName,
  parseSwitch,
  parseTemplateValue,
} from './values.ts';

type Map = Readonly<Record<string, string>>;

/** What a pod's labels and annotations ask for. A key is absent where it was not given or its value is of no use (then see `problems`). */
export interface Wishes {
  /** `invalid`: a switch was given, but it is none: the pod must not be injected. */
  readonly inject?: boolean | 'invalid';
  /** Absent without the annotation; empty where no entry of it is valid. */
  readonly paths?: readonly PathRequest[];
  readonly profile?: string;
  readonly outputs?: readonly string[];
  readonly index?: string;
  readonly dataStream?: string;
  readonly format?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly secret?: string;
  readonly problems: readonly AnnotationProblem[];
}

/** Reads a pod's labels and annotations. Never throws; keys of others are not looked at. */
export function parseWishes(labels: Map, annotations: Map): Wishes {
  const problems: AnnotationProblem[] = [];
  const read = <T>(key: Key, parser: (key: Key, value: string) => Parsed<T>): T | undefined => {
    const value = own(annotations, fullKey(key));
    if (value === undefined) return undefined;
    const parsed = parser(key, value);
    problems.push(...parsed.problems);
    return parsed.value;
  };
  const inject = readSwitch(labels, annotations, problems);
  const paths = read('paths', (_, value) => ({ ...parsePaths(value), value: parsePaths(value).paths }));
  const profile = read('profile', parseName);
  const outputs = read('output', parseNames);
  const format = read('format', (_, value) => parseFormat(value));
  const fields = read('fields', (_, value) => parseFields(value));
  const secret = read('secret', parseSecretName);
  const target = readTarget(read('index', parseTemplateValue), read('data-stream', parseTemplateValue), problems);
  for (const key of Object.keys(annotations)) problems.push(...checkAnnotation(key, annotations[key]!));
  for (const key of Object.keys(labels)) problems.push(...checkLabel(key, labels[key]!));
  return {
    ...(inject === undefined ? {} : { inject }),
    ...(paths === undefined ? {} : { paths }),
    ...(profile === undefined ? {} : { profile }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(format === undefined ? {} : { format }),
    ...(fields === undefined ? {} : { fields }),
    ...(secret === undefined ? {} : { secret }),
    ...target,
    problems,
  };
}

function readSwitch(labels: Map, annotations: Map, problems: AnnotationProblem[]): boolean | 'invalid' | undefined {
  const given = [
    { key: `label ${INJECT}`, value: own(labels, INJECT) },
    { key: INJECT, value: own(annotations, INJECT) },
  ].flatMap(({ key, value }) => (value === undefined ? [] : [{ key, value, on: parseSwitch(value) }]));
  for (const { key, value, on } of given) {
    if (on === undefined)
      problems.push({ key, value, problem: 'neither true nor false', fix: 'Use "true" or "false".' });
  }
  const first = given[0]; // the label, where there is one
  return first && (first.on ?? 'invalid');
}

function readTarget(index: string | undefined, dataStream: string | undefined, problems: AnnotationProblem[]) {
  if (index !== undefined && dataStream !== undefined) {
    problems.push({
      key: fullKey('index'),
      value: index,
      problem: 'data-stream is given too: neither is used',
      fix: 'Remove one.',
    });
    return {};
  }
  return { ...(index === undefined ? {} : { index }), ...(dataStream === undefined ? {} : { dataStream }) };
}

function checkAnnotation(key: string, value: string): AnnotationProblem[] {
  if (!key.startsWith(PREFIX)) return [];
  const short = key.slice(PREFIX.length);
  const state = Object.hasOwn(ANNOTATIONS, short) ? ANNOTATIONS[short as Key] : undefined;
  if (state === 'later') return [{ key, value, problem: 'not supported yet', fix: 'Remove it.' }];
  if (state !== undefined) return [];
  if (key === NAMESPACE_SWITCH)
    return [{ key, value, problem: 'a label of namespaces', fix: `On a pod, use ${INJECT}.` }];
  return [{ key, value, problem: 'unknown key', fix: suggestion(key) }];
}

function checkLabel(key: string, value: string): AnnotationProblem[] {
  if (!key.startsWith(PREFIX) || POD_LABELS.includes(key)) return [];
  const label = `label ${key}`;
  if (USER_KEYS.includes(key)) return [{ key: label, value, problem: 'not a label', fix: 'Make it an annotation.' }];
  if (NAMESPACE_LABELS.includes(key)) {
    return [{ key: label, value, problem: 'a label of namespaces', fix: `On a pod, use ${INJECT}.` }];
  }
  return [{ key: label, value, problem: 'unknown key', fix: suggestion(key) }];
}

/** The nearest key, compared without the prefix: it would make every key look alike. */
function suggestion(key: string): string {
  const meant = nearest(
    key.slice(PREFIX.length),
    USER_KEYS.map((k) => k.slice(PREFIX.length)),
  );
  return meant ? `Did you mean ${PREFIX}${meant}?` : 'Remove it, or see the list of annotations.';
}

function own(map: Map, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
