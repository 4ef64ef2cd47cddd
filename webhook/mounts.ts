import { posix } from 'node:path';
import { directoryOf, isPlain, within } from '../contract/annotations/glob.ts';
import { type Container, isMap, type Mount, type Pod } from './pod.ts';
import { isReservedVolume } from './strip.ts';

/** Kinds of volumes that cannot hold logs: an app cannot write there. */
const NOT_FOR_LOGS = ['configMap', 'secret', 'projected', 'downwardAPI', 'image'] as const;

/** A mount path as the runtime sees it: absolute, without a slash at the end or double ones. */
export function mountPathOf(mount: Mount): string {
  const path = posix.normalize(`/${mount.mountPath}`);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/**
 * The mount in which the path's files are: the longest mount path that holds the folder (or, for a single file, is the file).
 * Mounts of volumes with our names are left out: those are copies, made by other injectors, of what an earlier call of ours added.
 */
export function coveringMount(container: Container, path: string): Mount | undefined {
  const folder = isPlain(path) ? path : directoryOf(path);
  let best: Mount | undefined;
  for (const mount of container.volumeMounts ?? []) {
    const at = mountPathOf(mount);
    if (at === '/' || isReservedVolume(mount.name) || !within(folder, at)) continue;
    if (!best || at.length > mountPathOf(best).length) best = mount;
  }
  return best;
}

/** Why the files below a mount cannot be read by the sidecar, if they cannot. */
export function refusal(pod: Pod, mount: Mount, path: string): { problem: string; fix: string } | undefined {
  const volume = pod.spec.volumes?.find((v) => v.name === mount.name);
  const kind = volume && NOT_FOR_LOGS.find((k) => isMap(volume[k]));
  if (kind) return { problem: `its folder is a ${kind} volume`, fix: 'Log to another folder.' };
  if (mount.subPathExpr) return { problem: 'its mount has subPathExpr, not supported yet', fix: 'Use subPath.' };
  if (!mount.subPath && mountPathOf(mount) === path) {
    return { problem: 'a folder, not a file', fix: 'Name its files, e.g. with /*.log at the end.' };
  }
  return undefined;
}

/** Mounts of the container strictly below a folder that the sidecar can read as well. */
export function mountsBelow(pod: Pod, container: Container, folder: string): Mount[] {
  return (container.volumeMounts ?? []).filter((mount) => {
    const at = mountPathOf(mount);
    return at !== folder && within(at, folder) && !isReservedVolume(mount.name) && !refusal(pod, mount, '');
  });
}

/** Where in its volume a path of the container is: the same for two containers exactly when they see the same files. */
export function placeInVolume(mount: Mount, path: string): string {
  return `${mount.name}:${posix.join('/', mount.subPath ?? '', path.slice(mountPathOf(mount).length))}`;
}
