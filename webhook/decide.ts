import { parseWishes, type Wishes } from '../contract/annotations/parse.ts';
import type { PathRequest } from '../contract/annotations/paths.ts';
import type { AnnotationProblem } from '../contract/annotations/problem.ts';
import { CONTAINER, NAMESPACE_SWITCH, PREFIX } from '../contract/injection.ts';
import { nearest } from '../contract/nearest.ts';
import { isMap, type Pod, type Strings } from './pod.ts';
import type { Profile } from './profile.ts';
import type { Reason } from './reasons.ts';
import type { Settings } from './settings.ts';
import { isReservedVolume } from './strip.ts';

export const SYSTEM_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];
const MIRROR = 'kubernetes.io/config.mirror';

/** What is known besides the pod. */
export interface Context {
  /** The request's: the pod's own may be empty at its creation. */
  readonly namespace: string;
  readonly settings: Settings;
  /** Undefined where they are not known. */
  readonly namespaceLabels?: Strings;
}

/** Which layer a value comes from. */
export type Source = 'pod' | 'profile' | 'settings' | 'default';

export interface Skip {
  readonly inject: false;
  readonly reason: Reason;
  /** Whether somebody wanted this pod injected and must learn why it was not. */
  readonly optedIn: boolean;
  readonly profile?: string;
  readonly problems: readonly AnnotationProblem[];
}
export interface Go {
  readonly inject: true;
  readonly wishes: Wishes;
  readonly profileName: string;
  readonly profile: Profile;
  readonly paths: readonly PathRequest[];
  readonly sources: { readonly profile: Source; readonly paths: Source };
  readonly problems: readonly AnnotationProblem[];
}

/** Decides whether a pod (without what an earlier call of ours added) gets a sidecar, and with which profile and paths. Pure. */
export function decide(pod: Pod, { namespace, settings, namespaceLabels }: Context): Skip | Go {
  const annotations = pod.metadata?.annotations ?? {};
  const wishes = parseWishes(pod.metadata?.labels ?? {}, annotations);
  const optedIn = wishes.inject === undefined ? wishes.paths !== undefined : wishes.inject !== false;
  const skip = (reason: Reason, ...more: AnnotationProblem[]): Skip => ({
    inject: false,
    reason,
    optedIn,
    problems: [...more, ...wishes.problems],
    ...(wishes.profile === undefined ? {} : { profile: wishes.profile }),
  });
  const byNamespace = namespaceLabels?.[NAMESPACE_SWITCH];

  if (Object.hasOwn(annotations, MIRROR)) return skip('MirrorPod');
  if (SYSTEM_NAMESPACES.includes(namespace) || settings.excludedNamespaces.includes(namespace))
    return skip('SystemNamespace');
  if (byNamespace === 'disabled') return skip('NamespaceDisabled');
  if (wishes.inject === 'invalid') return skip('InvalidValue');
  if (wishes.inject === false) return skip('OptedOut');
  if (!optedIn && byNamespace !== 'enabled') return skip('NotOptedIn');
  if (isWindows(pod)) return skip('UnsupportedOS');
  const conflict = reservedNames(pod);
  if (conflict) return skip('NameConflict', conflict);

  const { name, source } = profileName(wishes, settings);
  const profile = settings.profiles.get(name);
  if (!profile) return skip('UnknownProfile', unknownProfile(name, [...settings.profiles.keys()]));
  const paths = wishes.paths ?? profile.paths.map((path) => ({ path }));
  if (paths.length === 0) return skip('NoPaths', ...(wishes.paths === undefined ? [noPaths(name)] : []));
  const sources = { profile: source, paths: wishes.paths === undefined ? 'profile' : 'pod' } as const;
  return { inject: true, wishes, profileName: name, profile, paths, sources, problems: wishes.problems };
}

function isWindows({ spec }: Pod): boolean {
  return (spec.os?.name ?? spec.nodeSelector?.['kubernetes.io/os']) === 'windows';
}

/** A container or volume of somebody else that has a name of ours. */
function reservedNames({ spec }: Pod): AnnotationProblem | undefined {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const container = containers.find((c) => c.name === CONTAINER)?.name;
  const name = container ?? spec.volumes?.find((v) => isReservedVolume(v.name))?.name;
  if (name === undefined) return undefined;
  const kind = container === undefined ? 'volume' : 'container';
  return {
    key: kind,
    value: name,
    problem: 'the name is reserved for the injected sidecar',
    fix: `Rename the ${kind}.`,
  };
}

function profileName(wishes: Wishes, settings: Settings): { name: string; source: Source } {
  if (wishes.profile !== undefined) return { name: wishes.profile, source: 'pod' };
  if (settings.defaultProfile !== undefined) return { name: settings.defaultProfile, source: 'settings' };
  return { name: 'default', source: 'default' };
}

function unknownProfile(name: string, known: readonly string[]): AnnotationProblem {
  const meant = nearest(name, known);
  const fix = meant ? `Did you mean "${meant}"?` : `Known: ${known.join(', ')}.`;
  return { key: `${PREFIX}profile`, value: name, problem: 'no such profile', fix };
}

function noPaths(profile: string): AnnotationProblem {
  const fix = 'Give one such as /var/log/app/*.log.';
  return { key: `${PREFIX}paths`, value: '', problem: `neither the pod nor profile "${profile}" has paths`, fix };
}

/** The value as a non-negative integer, such as a user id. */
export function asId(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** The user whose files are read: the first container's own, else the pod's; undefined where neither says. */
export function runAsUser(pod: Pod, container: string): number | undefined {
  const own = pod.spec.containers.find((c) => c.name === container)?.securityContext;
  return asId((isMap(own) ? own : {}).runAsUser) ?? asId(pod.spec.securityContext?.runAsUser);
}
