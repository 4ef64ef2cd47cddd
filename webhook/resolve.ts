import type { AnnotationProblem } from '../contract/annotations/problem.ts';
import { logsRoot, PREFIX } from '../contract/injection.ts';
import type { Go, Source } from './decide.ts';
import type { Settings } from './settings.ts';
import type { Target } from './targets.ts';

/** The sidecar's configuration, as a user would write it; the layers of its values; what could not be done as asked. */
export interface Resolved {
  readonly config: Readonly<Record<string, unknown>>;
  readonly sources: Readonly<Record<string, Source>>;
  readonly problems: readonly AnnotationProblem[];
}

/** Puts the configuration together: profile below, the pod's wishes on top. `admin` overrides the admin server where the pod's network demands it. */
export function resolve(go: Go, settings: Settings, targets: readonly Target[], admin: unknown): Resolved {
  const { profile, wishes } = go;
  const problems: AnnotationProblem[] = [];
  const names = chooseOutputs(go, problems);
  const outputs = redirect(go, names, problems);
  const input = {
    ...profile.input,
    format: wishes.format ?? profile.input.format ?? 'auto',
    fields: { ...(profile.input.fields as object | undefined), ...wishes.fields },
    outputs: names,
  };
  const containers = [...new Set(targets.map((t) => t.container))];
  const inputs = containers.map((container) => ({
    name: container,
    container,
    root: logsRoot(container),
    paths: targets.filter((t) => t.container === container).map((t) => t.path),
    ...input,
  }));
  const cluster = profile.rest.cluster ?? settings.clusterName;
  const config = {
    ...profile.rest,
    ...(cluster === undefined ? {} : { cluster }),
    ...(admin === undefined ? {} : { admin }),
    inputs,
    outputs,
  };
  return { config, sources: sourcesOf(go), problems };
}

function chooseOutputs({ profile, wishes }: Go, problems: AnnotationProblem[]): readonly string[] {
  const known = [...profile.outputs.keys()];
  const unknown = wishes.outputs?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length === 0) return wishes.outputs ?? profile.defaultOutputs;
  // Part of what was asked for would be a silent loss of the rest.
  const problem = `no such output: ${profile.defaultOutputs.join(', ')} used`;
  problems.push({ key: `${PREFIX}output`, value: unknown.join(','), problem, fix: `Known: ${known.join(', ')}.` });
  return profile.defaultOutputs;
}

/** The chosen outputs, with the pod's index or data stream on those of Elasticsearch. */
function redirect({ profile, wishes }: Go, names: readonly string[], problems: AnnotationProblem[]): object {
  const key = wishes.index === undefined ? 'data-stream' : 'index';
  const wanted = wishes.index ?? wishes.dataStream;
  const chosen = names.map((name) => [name, profile.outputs.get(name)!] as const);
  if (wanted === undefined) return Object.fromEntries(chosen);
  if (!chosen.some(([, output]) => output.type === 'elasticsearch')) {
    problems.push({
      key: PREFIX + key,
      value: wanted,
      problem: 'no output is of type elasticsearch',
      fix: 'Remove it.',
    });
  }
  return Object.fromEntries(
    chosen.map(([name, output]) => {
      if (output.type !== 'elasticsearch') return [name, output];
      const { index: _i, dataStream: _d, ...rest } = output;
      return [name, { ...rest, [key === 'index' ? 'index' : 'dataStream']: wanted }];
    }),
  );
}

function sourcesOf({ profile, wishes, sources }: Go): Record<string, Source> {
  const layer = (pod: unknown, below: unknown): Source =>
    pod !== undefined ? 'pod' : below !== undefined ? 'profile' : 'default';
  return {
    ...sources,
    format: layer(wishes.format, profile.input.format),
    fields: layer(wishes.fields, profile.input.fields),
    output: layer(wishes.outputs?.every((name) => profile.outputs.has(name)) ? true : undefined, true),
    ...(wishes.index === undefined ? {} : { index: 'pod' }),
    ...(wishes.dataStream === undefined ? {} : { 'data-stream': 'pod' }),
    ...(wishes.secret === undefined && profile.secret === undefined ? {} : { secret: layer(wishes.secret, true) }),
  };
}
