import { checkPath } from '../contract/annotations/paths.ts';
import { SECRET_NAME } from '../contract/annotations/values.ts';
import { decodeConfig } from '../contract/config/load.ts';
import * as n from '../contract/config/node.ts';
import { keyPath, type Problem } from '../contract/config/problem.ts';
import { configuration } from '../contract/config/schema.ts';
import { MOUNTS } from '../contract/injection.ts';
import { nearest } from '../contract/nearest.ts';

/**
 * A profile: what the platform's engineer sets once and a pod refers to by name. Its values are kept as they were written (`32MiB`), because
 * they go into the sidecar's configuration as they are; decoding them here only proves that the sidecar will accept them.
 */
export interface Profile {
  /** Read where the pod names no paths. */
  readonly paths: readonly string[];
  /** Outputs used where the pod names none. */
  readonly defaultOutputs: readonly string[];
  /** Defaults of every input: `format`, `fields`, `exclude`, ... */
  readonly input: Readonly<Record<string, unknown>>;
  readonly outputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Secret of the pod's own namespace, mounted in the sidecar where the pod names none. */
  readonly secret?: string;
  /** Other top-level keys of the sidecar's configuration: `memoryBudget`, `drainTimeout`, ... */
  readonly rest: Readonly<Record<string, unknown>>;
}

const TOP = configuration.fields!;
const INPUT = TOP.inputs!.node.item!.fields!;
/** Given by the pod and its mounts, not by a profile. */
const NOT_INPUT = ['name', 'paths', 'root', 'container', 'outputs', 'filters'];
const NOT_TOP = ['inputs', 'outputs', 'pod', 'stateDir'];
const pick = (fields: n.Fields, without: readonly string[]): n.Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => !without.includes(key)));
const INPUT_FIELDS = pick(INPUT, NOT_INPUT);
const TOP_FIELDS = pick(TOP, NOT_TOP);

const path = n.string({ expected: 'an absolute path or glob', check: checkPath });

/** The schema of a profile, put together from the sidecar's own. */
export const profileNode = n.object({
  paths: n.withDefault(n.list(path), [], 'Files to read where the pod names none, as the container sees them.'),
  output: n.optional(
    n.list(n.string(), { min: 1 }),
    'Outputs used where the pod names none. Default: all of the profile.',
  ),
  secret: n.optional(
    n.string({
      expected: 'the name of a Secret',
      check: (value) =>
        SECRET_NAME.test(value)
          ? undefined
          : { problem: `"${value}" is not the name of a Secret`, fix: 'Use lower case letters, digits, "-" and ".".' },
    }),
    `Secret of the pod's own namespace; its keys are files in \`${MOUNTS.secret}\`, for \`passwordFile\` and its like. It may be missing: delivery starts when it appears.`,
  ),
  ...INPUT_FIELDS,
  ...TOP_FIELDS,
  outputs: TOP.outputs as n.Field<Record<string, unknown>>,
});

/** Sorts a profile that fits `profileNode` into its parts. */
export function toProfile(raw: Readonly<Record<string, unknown>>): Profile {
  const outputs = new Map(Object.entries(raw.outputs as Record<string, Record<string, unknown>>));
  const chosen = (fields: n.Fields) =>
    Object.fromEntries(Object.keys(fields).flatMap((key) => ((raw[key] ?? null) === null ? [] : [[key, raw[key]]])));
  return {
    paths: (raw.paths as string[] | null | undefined) ?? [],
    defaultOutputs: (raw.output as string[] | null | undefined) ?? [...outputs.keys()],
    input: chosen(INPUT_FIELDS),
    rest: chosen(TOP_FIELDS),
    outputs,
    ...(typeof raw.secret === 'string' ? { secret: raw.secret } : {}),
  };
}

/** What holds between a profile's keys: the sidecar's own rules, found by decoding a configuration made of it. */
export function checkProfile(profile: Profile, at: string): Problem[] {
  const known = [...profile.outputs.keys()];
  const problems = profile.defaultOutputs.flatMap((name, i): Problem[] => {
    if (known.includes(name)) return [];
    const meant = nearest(name, known);
    const fix = meant ? `Did you mean "${meant}"?` : `Known outputs: ${known.join(', ')}.`;
    return [{ path: `${at}.output[${i}]`, problem: `there is no output "${name}"`, fix }];
  });
  problems.push(...inlineSecrets(profile, at));
  const sample = {
    ...profile.rest,
    inputs: [{ ...profile.input, paths: ['/logs'] }],
    outputs: Object.fromEntries(profile.outputs),
  };
  const decoded = decodeConfig(sample);
  if (decoded.ok) return problems;
  return problems.concat(
    decoded.problems.map((p) => ({ ...p, path: `${at}.${p.path.replace(/^inputs\[0\]\./, '')}` })),
  );
}

/** What an output has of credentials goes into an annotation of each pod, where everybody who may look at pods can read it. */
function inlineSecrets({ outputs }: Profile, at: string): Problem[] {
  return [...outputs].flatMap(([name, { auth }]) =>
    ['apiKey', 'password'].flatMap((key) => {
      if (typeof auth !== 'object' || auth === null || !Object.hasOwn(auth, key)) return [];
      const path = `${at}.${keyPath('outputs', name)}.auth.${key}`;
      const fix = `Put it into a Secret of the pods' namespace, say \`secret: NAME\` in the profile, and \`${key}File: ${MOUNTS.secret}/KEY\` here.`;
      return [{ path, problem: 'a secret in a profile would stand in annotations of pods (not shown)', fix }];
    }),
  );
}
