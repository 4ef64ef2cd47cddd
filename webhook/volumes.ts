import { directoryOf, reachesBelow, within } from '../contract/annotations/glob.ts';
import type { AnnotationProblem } from '../contract/annotations/problem.ts';
import { logsRoot, logsVolume, PREFIX } from '../contract/injection.ts';
import { coveringMount, mountPathOf, mountsBelow, placeInVolume, refusal } from './mounts.ts';
import type { Mount, Pod } from './pod.ts';
import type { Target } from './targets.ts';

/** An emptyDir to add, mounted in the one container that writes there. */
export interface AddedVolume {
  readonly name: string;
  readonly container: string;
  readonly mountPath: string;
}

/** How the sidecar gets to see the files: what is added to the pod, what the sidecar mounts, and the paths that are left. */
export interface VolumePlan {
  readonly added: readonly AddedVolume[];
  readonly mounts: readonly Mount[];
  readonly targets: readonly Target[];
  readonly problems: readonly AnnotationProblem[];
}

/** A folder of one container that the sidecar mounts. */
interface Shared {
  readonly container: string;
  readonly at: string;
  readonly mount: Mount;
}

const KEY = `${PREFIX}paths`;

/** For every path: the volume that its container has there already, or a new emptyDir. Paths that cannot be read are left out, with a problem. */
export function planVolumes(pod: Pod, targets: readonly Target[]): VolumePlan {
  const problems: AnnotationProblem[] = [];
  const { kept, bare } = sortOut(pod, targets, problems);
  const added = topFolders(bare).map(({ container, path }) => {
    const mountPath = directoryOf(path);
    return { name: logsVolume(container, mountPath), container, mountPath };
  });
  for (const { mountPath } of added) {
    if (!hidesImage(mountPath)) continue;
    problems.push({
      key: KEY,
      value: mountPath,
      problem: "the new volume hides the image's files there",
      fix: 'Log to a folder of its own.',
    });
  }
  const shared = new Map<string, Shared>();
  const share = (container: string, mount: Mount) => {
    const at = mountPathOf(mount);
    shared.set(`${container}\0${at}`, { container, at, mount });
  };
  for (const { container, path } of kept) {
    const c = pod.spec.containers.find((candidate) => candidate.name === container)!;
    const own = added.find((a) => a.container === container && within(directoryOf(path), a.mountPath));
    const mount = coveringMount(c, path) ?? own!;
    share(container, mount);
    if (reachesBelow(path)) for (const below of mountsBelow(pod, c, directoryOf(path))) share(container, below);
  }
  return { added, mounts: sidecarMounts([...shared.values()]), targets: kept, problems };
}

/** Leaves out what cannot be read and what is read already; `bare` are the paths without a volume. */
function sortOut(
  pod: Pod,
  targets: readonly Target[],
  problems: AnnotationProblem[],
): { kept: Target[]; bare: Target[] } {
  const kept: Target[] = [];
  const bare: Target[] = [];
  const places = new Map<string, string>();
  for (const target of targets) {
    const { container, path } = target;
    const mount = coveringMount(pod.spec.containers.find((c) => c.name === container)!, path);
    const wrong = mount ? refusal(pod, mount, path) : takenFolder(pod, target);
    const place = mount ? placeInVolume(mount, path) : `${container}\0${path}`;
    const reader = places.get(place);
    if (wrong) problems.push({ key: KEY, value: path, ...wrong });
    else if (reader === container) continue;
    else if (reader !== undefined) {
      const problem = `the same files as in container ${reader}: read once`;
      problems.push({ key: KEY, value: `${container}=${path}`, problem, fix: 'Remove one.' });
    } else {
      places.set(place, container);
      kept.push(target);
      if (!mount) bare.push(target);
    }
  }
  return { kept, bare };
}

/** A mount without which the API server would refuse ours: of a copy that another injector made of a volume of ours, or of the same folder. */
function takenFolder(pod: Pod, { container, path }: Target): { problem: string; fix: string } | undefined {
  const mounts = pod.spec.containers.find((c) => c.name === container)?.volumeMounts ?? [];
  if (!mounts.some((m) => mountPathOf(m) === directoryOf(path))) return undefined;
  return { problem: 'another injector mounted its folder', fix: 'Say container=/path.' };
}

/** One target for each folder of a container that lies in no other one. */
function topFolders(bare: readonly Target[]): Target[] {
  const top: Target[] = [];
  for (const target of bare) {
    const folder = directoryOf(target.path);
    const covers = (a: string, b: string, t: Target) => t.container === target.container && within(a, b);
    if (top.some((t) => covers(folder, directoryOf(t.path), t))) continue;
    const lower = top.filter((t) => covers(directoryOf(t.path), folder, t));
    for (const t of lower) top.splice(top.indexOf(t), 1);
    top.push(target);
  }
  return top;
}

/** Folders in which images have files that apps need; deeper ones are as a rule made for logs. */
function hidesImage(folder: string): boolean {
  return folder.split('/').length === 2 || folder === '/var/log' || folder === '/var/lib';
}

function sidecarMounts(shared: readonly Shared[]): Mount[] {
  const sorted = shared.toSorted((a, b) => compare(a.container, b.container) || compare(a.at, b.at));
  return sorted.map(({ container, at, mount }) => {
    // The runtime makes the folder of a mount that lies in another one, which a read-only one would not let it: the container could not start.
    const holdsOther = sorted.some((s) => s.container === container && s.at !== at && within(s.at, at));
    const readOnly = !holdsOther || mount.readOnly === true;
    return {
      name: mount.name,
      mountPath: `${logsRoot(container)}${at}`,
      ...(mount.subPath ? { subPath: mount.subPath } : {}),
      ...(readOnly ? { readOnly: true } : {}),
    };
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
