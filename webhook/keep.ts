import { within } from '../contract/annotations/glob.ts';
import { MOUNTS } from '../contract/injection.ts';
import type { Container, Volume } from './pod.ts';

/**
 * Our container of an earlier call with what others made of it meanwhile: the API server calls a webhook again when another one changed the
 * pod after it, and a LimitRange's defaults, an image's mirror or a policy's security context must not be undone by that. Only what we need
 * and is not there (or was changed by us: mounts in our folders) is put in.
 */
export function keepOthers(built: Container, existing: Container): Container {
  const ours = [MOUNTS.state, MOUNTS.podinfo, MOUNTS.secret, MOUNTS.logs];
  const isOurs = (path: string): boolean => ours.some((folder) => within(path, folder));
  const env = existing.env ?? [];
  return {
    ...built,
    ...existing,
    env: [...env, ...(built.env ?? []).filter(({ name }) => !env.some((other) => other.name === name))],
    volumeMounts: [
      ...(built.volumeMounts ?? []),
      ...(existing.volumeMounts ?? []).filter(({ mountPath }) => !isOurs(mountPath)),
    ],
  };
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
