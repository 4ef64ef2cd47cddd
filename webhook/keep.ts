import { within } from '../contract/annotations/glob.ts';
import { MOUNTS } from '../contract/injection.ts';
import { type Container, isMap, type Volume } from './pod.ts';

/**
 * Our container with what others made of the one of an earlier call: the API server calls a webhook again when another one changed the pod
 * after it, and a LimitRange's defaults, an image's mirror, a proxy's variables, a token's mount must not be undone by that. `same`: the
 * earlier call had the same settings and wishes, so what differs is the work of others; else only what we say nothing of is kept. What the
 * sidecar may do (user, privileges, command) is always ours.
 */
export function keepOthers(built: Container, existing: Container, same: boolean): Container {
  const ours = [MOUNTS.state, MOUNTS.podinfo, MOUNTS.secret, MOUNTS.logs];
  const isOurs = (path: string): boolean => ours.some((folder) => within(path, folder));
  const env = existing.env ?? [];
  const kept = Object.fromEntries(KEPT.flatMap((key) => (existing[key] === undefined ? [] : [[key, existing[key]]])));
  return {
    ...(same ? { ...built, ...kept } : { ...kept, ...built }),
    resources: resources(built.resources, existing.resources, same),
    env: [...env, ...(built.env ?? []).filter(({ name }) => !env.some((other) => other.name === name))],
    volumeMounts: [
      ...(built.volumeMounts ?? []),
      ...(existing.volumeMounts ?? []).filter(({ mountPath }) => !isOurs(mountPath)),
    ],
  };
}

/** Fields that others may set: a registry's mirror, the API server's own defaults. */
const KEPT = ['image', 'imagePullPolicy', 'terminationMessagePath'] as const;

type Amounts = Readonly<Record<string, Readonly<Record<string, string>>>>;

function resources(built: unknown, existing: unknown, same: boolean): Amounts {
  const [mine, theirs] = [built, existing].map((one) => (isMap(one) ? one : {}) as Amounts) as [Amounts, Amounts];
  const [below, above] = same ? [mine, theirs] : [theirs, mine];
  return Object.fromEntries(
    [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].map((key) => [key, { ...below[key], ...above[key] }]),
  );
}

/** Our volume of an earlier call, if it is what is wanted now; it may say more (defaults of the API server). */
export function keepVolume(wanted: Volume, existing: Volume | undefined): Volume {
  return existing !== undefined && covers(existing, wanted) ? existing : wanted;
}

/** Whether all that `part` says stands in `whole`. */
function covers(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return whole === part;
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole) !== Array.isArray(part)) return false;
  return Object.entries(part).every(([key, value]) => covers((whole as Record<string, unknown>)[key], value));
}
