import { formatPath } from '../contract/annotations/paths.ts';
import type { AnnotationProblem } from '../contract/annotations/problem.ts';
import { decodeConfig } from '../contract/config/load.ts';
import { formatProblem } from '../contract/config/problem.ts';
import { CONTAINER, hash8, WRITTEN } from '../contract/injection.ts';
import { adminFor, secretMounts, sidecarContainer, sidecarVolumes } from './container.ts';
import { type Context, decide, type Go, runAsUser, type Skip } from './decide.ts';
import { keepOthers, keepVolume } from './keep.ts';
import type { Container, Mount, Pod, Strings } from './pod.ts';
import type { Reason } from './reasons.ts';
import { resolve } from './resolve.ts';
import { type Assigned, formatStatus, readRecord } from './status.ts';
import { type Stripped, strip } from './strip.ts';
import { assignContainers } from './targets.ts';
import { planVolumes, type VolumePlan } from './volumes.ts';

/** What became of a pod. */
export interface Mutation {
  readonly result: 'injected' | 'skipped';
  readonly reason: Reason;
  /** The given pod itself where nothing is to be changed. */
  readonly pod: Pod;
  readonly optedIn: boolean;
  readonly profile?: string;
  readonly problems: readonly AnnotationProblem[];
}

const MOST_ANNOTATION_BYTES = 256 * 1024;

/**
 * The pod with its sidecar, or with the reason why it has none. Pure, and idempotent: what an earlier call added is taken away first, and then
 * everything is built anew. Throws only on a bug.
 */
export function mutate(pod: Pod, context: Context): Mutation {
  const base = strip(pod);
  const decision = decide(base.pod, context);
  if (!decision.inject) return skipped(pod, base.pod, decision);
  const { targets, problems, unknown, assigned } = assignContainers(base.pod, decision.paths, readRecord(pod).assigned);
  const plan = planVolumes(base.pod, targets);
  const all = [...decision.problems, ...problems, ...plan.problems];
  const skip = (reason: Reason): Mutation =>
    skipped(
      pod,
      base.pod,
      { inject: false, reason, optedIn: true, profile: decision.profileName, problems: all },
      assigned,
    );
  if (plan.targets.length === 0) return skip(unknown === decision.paths.length ? 'UnknownContainer' : 'NoPaths');
  const before = { ...base, revision: pod.metadata?.labels?.[WRITTEN.revision] };
  const injected = inject(before, decision, { ...plan, assigned }, context, all);
  return annotationBytes(injected.pod) > MOST_ANNOTATION_BYTES ? skip('TooLarge') : injected;
}

function skipped(
  given: Pod,
  base: Pod,
  { reason, optedIn, profile, problems }: Skip,
  assigned: Assigned = {},
): Mutation {
  const mutation = {
    result: 'skipped',
    reason,
    optedIn,
    problems,
    ...(profile === undefined ? {} : { profile }),
  } as const;
  if (!optedIn) return { ...mutation, pod: given };
  const nothing = { containers: [], volumes: [], paths: [], sources: {}, assigned };
  const status = formatStatus(
    { result: 'skipped', reason, ...(profile === undefined ? {} : { profile }), ...nothing },
    problems,
  );
  const pod = annotate(base, { [WRITTEN.status]: status }, {});
  return { ...mutation, pod: annotationBytes(pod) > MOST_ANNOTATION_BYTES ? base : pod };
}

function inject(
  base: Stripped & { readonly revision: string | undefined },
  go: Go,
  plan: VolumePlan & { readonly assigned: Assigned },
  { settings }: Context,
  found: readonly AnnotationProblem[],
): Mutation {
  const { pod } = base;
  const admin = adminFor(pod, go.profile.rest.admin);
  const { config, sources, problems } = resolve(go, settings, plan.targets, admin.config);
  const checked = decodeConfig(config);
  if (!checked.ok)
    throw new Error(`resolved configuration is not valid: ${checked.problems.map(formatProblem).join(' ')}`);
  const all = [...found, ...problems];
  const resolved = JSON.stringify(config);
  const revision = hash8(settings.image, resolved, JSON.stringify([settings.resources, settings.imagePullPolicy]));
  const uid = runAsUser(pod, plan.targets[0]!.container);
  const secret = go.wishes.secret ?? go.profile.secret;
  const wanted = [...sidecarVolumes(secret), ...plan.added.map(({ name }) => ({ name, emptyDir: {} }))];
  const ours = wanted.map((volume) => keepVolume(volume, base.volumes.get(volume.name)));
  const built = sidecarContainer(settings, uid, admin.declarePort, [...secretMounts(secret), ...plan.mounts]);
  const sidecar = base.sidecar ? keepOthers(built, base.sidecar, base.revision === revision) : built;
  const status = formatStatus(
    {
      result: 'injected',
      reason: 'Injected',
      mode: 'native',
      revision,
      image: String(sidecar.image),
      profile: go.profileName,
      containers: [CONTAINER],
      volumes: ours.map((v) => v.name),
      paths: plan.targets.map(formatPath),
      sources,
      assigned: plan.assigned,
    },
    all,
  );
  const gone = [...base.volumes.keys()].filter((name) => !ours.some((v) => v.name === name));
  const mountsOf = (c: Container): Container => addMounts(dropMounts(c, gone), plan);
  const rest = (pod.spec.initContainers ?? []).map((c) => dropMounts(c, gone));
  const spec = {
    ...pod.spec,
    containers: pod.spec.containers.map(mountsOf),
    // First, so that it runs before the app's init containers and stops after everything that writes.
    initContainers: [sidecar, ...rest],
    volumes: [...(pod.spec.volumes ?? []), ...ours],
  };
  const annotations = { [WRITTEN.resolved]: resolved, [WRITTEN.status]: status };
  const labels = { [WRITTEN.injected]: 'true', [WRITTEN.revision]: revision };
  const mutated = annotate({ ...pod, spec }, annotations, labels);
  return {
    result: 'injected',
    reason: 'Injected',
    pod: mutated,
    optedIn: true,
    profile: go.profileName,
    problems: all,
  };
}

function addMounts(container: Container, plan: VolumePlan): Container {
  const added: Mount[] = plan.added
    .filter((volume) => volume.container === container.name)
    .map(({ name, mountPath }) => ({ name, mountPath }));
  return added.length === 0 ? container : { ...container, volumeMounts: [...(container.volumeMounts ?? []), ...added] };
}

/** Without mounts of volumes that an earlier call added and this one does not: a pod that mounts a volume it has not is refused. */
function dropMounts(container: Container, gone: readonly string[]): Container {
  if (!container.volumeMounts?.some((m) => gone.includes(m.name))) return container;
  return { ...container, volumeMounts: container.volumeMounts.filter((m) => !gone.includes(m.name)) };
}

function annotate(pod: Pod, annotations: Strings, labels: Strings): Pod {
  const { metadata } = pod;
  const labelled = Object.keys(labels).length === 0 ? {} : { labels: { ...metadata?.labels, ...labels } };
  return { ...pod, metadata: { ...metadata, ...labelled, annotations: { ...metadata?.annotations, ...annotations } } };
}

/** As the API server counts them. */
function annotationBytes(pod: Pod): number {
  return Object.entries(pod.metadata?.annotations ?? {}).reduce(
    (sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v),
    0,
  );
}
