import { formatPath, type PathRequest } from '../contract/annotations/paths.ts';
import type { AnnotationProblem } from '../contract/annotations/problem.ts';
import { PREFIX } from '../contract/injection.ts';
import { nearest } from '../contract/nearest.ts';
import { coveringMount, placeInVolume, refusal } from './mounts.ts';
import type { Container, Pod } from './pod.ts';
import type { Assigned } from './status.ts';

/** A path of one container. */
export interface Target {
  readonly container: string;
  readonly path: string;
}

export interface Targets {
  readonly targets: readonly Target[];
  readonly problems: readonly AnnotationProblem[];
  /** How many requests named a container that does not exist. */
  readonly unknown: number;
  /** What was chosen here, for the record. */
  readonly assigned: Assigned;
}

const KEY = `${PREFIX}paths`;
/** Containers that service meshes add: never what a path without a container means. */
const PROXIES: readonly string[] = ['istio-proxy', 'linkerd-proxy'];
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** Gives every path its containers. A path without `container=` goes to the only app container, else to those that have a volume for it, else to the first; `before` is what an earlier call chose. */
export function assignContainers(pod: Pod, paths: readonly PathRequest[], before: Assigned = {}): Targets {
  const containers = pod.spec.containers;
  const targets: Target[] = [];
  const problems: AnnotationProblem[] = [];
  const assigned: Record<string, Assigned[string]> = {};
  let unknown = 0;
  for (const request of paths) {
    const { container, path } = request;
    if (container === undefined) {
      const { containers: chosen, guess } = recall(pod, path, before) ?? choose(pod, path);
      assigned[path] = { containers: chosen, guess };
      targets.push(...chosen.map((name) => ({ container: name, path })));
      const problem = `taken to be of container ${chosen[0]}, the first`;
      if (guess) problems.push({ key: KEY, value: path, problem, fix: 'Say which: container=/path.' });
    } else if (containers.some((c) => c.name === container)) targets.push({ container, path });
    else {
      unknown++;
      problems.push({ key: KEY, value: formatPath(request), ...unknownContainer(pod, container) });
    }
  }
  return { targets, problems, unknown, assigned };
}

/** The choice of an earlier call, as long as its containers are there. */
function recall(pod: Pod, path: string, before: Assigned): Assigned[string] | undefined {
  const known = Object.hasOwn(before, path) ? before[path] : undefined;
  if (!known || known.containers.length === 0) return undefined;
  return known.containers.every((name) => pod.spec.containers.some((c) => c.name === name)) ? known : undefined;
}

function choose(pod: Pod, path: string): Assigned[string] {
  const all = pod.spec.containers;
  const apps = all.filter((c) => !PROXIES.includes(c.name));
  const candidates = apps.length > 0 ? apps : all;
  const chosen = (containers: readonly Container[], guess = false) => ({
    containers: containers.map((c) => c.name),
    guess,
  });
  if (candidates.length === 1) return chosen(candidates);
  const covering = withoutTwins(pod, candidates, path);
  if (covering.length > 0) return chosen(covering);
  const preferred = candidates.find((c) => c.name === pod.metadata?.annotations?.[DEFAULT_CONTAINER]);
  return preferred ? chosen([preferred]) : chosen(candidates.slice(0, 1), true);
}

/** Containers with a usable mount for the path; of those that share one folder only one, the writer, or every line would be read twice. */
function withoutTwins(pod: Pod, containers: readonly Container[], path: string): Container[] {
  const byPlace = new Map<string, { container: Container; writes: boolean }>();
  for (const container of containers) {
    const mount = coveringMount(container, path);
    if (!mount || refusal(pod, mount, path)) continue;
    const place = placeInVolume(mount, path);
    const writes = mount.readOnly !== true;
    const known = byPlace.get(place);
    if (!known || (writes && !known.writes)) byPlace.set(place, { container, writes });
  }
  return [...byPlace.values()].map((entry) => entry.container);
}

function unknownContainer(pod: Pod, name: string): { problem: string; fix: string } {
  if (pod.spec.initContainers?.some((c) => c.name === name)) {
    return { problem: 'an init container: not supported yet', fix: 'Name an app container.' };
  }
  const known = pod.spec.containers.map((c) => c.name);
  const meant = nearest(name, known);
  const fix = meant ? `Did you mean ${meant}? Known: ${known.join(', ')}.` : `Known: ${known.join(', ')}.`;
  return { problem: 'no such container', fix };
}
