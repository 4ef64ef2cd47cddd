import type { AnnotationProblem } from '../contract/annotations/problem.ts';
import { WARNING_LENGTH } from '../contract/annotations/problem.ts';
import { mutate } from './mutate.ts';
import { diff, type Operation } from './patch.ts';
import { asPod, type Strings } from './pod.ts';
import { REASONS, type Reason, type Result } from './reasons.ts';
import type { AdmissionRequest } from './review.ts';
import type { Settings } from './settings.ts';
import { warningsOf } from './status.ts';

/** The answer to a request, before it is written down. */
export interface Admission {
  readonly result: Result;
  readonly reason: Reason;
  readonly optedIn: boolean;
  readonly patch: readonly Operation[];
  /** Shown to whoever created the pod; at most 120 characters each. */
  readonly warnings: readonly string[];
  readonly problems: readonly AnnotationProblem[];
}

/** The API server cuts the sum of all warnings at 4 KiB; the status annotation has more of them. */
const MOST_WARNINGS = 8;

/** Judges a request. Pure; throws only on a bug. */
export function admit(request: AdmissionRequest, settings: Settings, namespaceLabels?: Strings): Admission {
  if (request.kind !== '/v1/Pod') return untouched('NotAPod');
  if (request.operation !== 'CREATE' || request.subResource !== '') return untouched('NotCreate');
  const pod = asPod(request.object);
  if (!pod) return untouched('MalformedPod');
  const namespace = request.namespace || pod.metadata?.namespace || 'default';
  const mutation = mutate(pod, { namespace, settings, ...(namespaceLabels ? { namespaceLabels } : {}) });
  const { result, reason, optedIn, problems } = mutation;
  const wanted =
    result === 'skipped' && optedIn ? [`sidetail: not injected: ${REASONS[reason]}`.slice(0, WARNING_LENGTH)] : [];
  const warnings = [...wanted, ...warningsOf(problems, MOST_WARNINGS)];
  return { result, reason, optedIn, patch: diff(pod, mutation.pod), warnings, problems };
}

function untouched(reason: Reason): Admission {
  return { result: 'skipped', reason, optedIn: false, patch: [], warnings: [], problems: [] };
}
