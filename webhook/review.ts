import { show } from '../contract/config/problem.ts';
import type { Operation } from './patch.ts';
import { isMap } from './pod.ts';

/** What we read of an AdmissionReview v1 (admission.k8s.io). */
export interface AdmissionRequest {
  readonly uid: string;
  /** `group/version/Kind`, the group empty for core: `/v1/Pod`. */
  readonly kind: string;
  readonly operation: string;
  readonly subResource: string;
  readonly namespace: string;
  /** Empty where the API server makes the name up. */
  readonly name: string;
  readonly object: unknown;
}

export interface ReviewProblem {
  readonly key: string;
  readonly value: string;
  readonly problem: string;
  readonly fix: string;
}

export type DecodedReview =
  | { readonly ok: true; readonly request: AdmissionRequest }
  | { readonly ok: false; readonly problems: readonly ReviewProblem[] };

const API_VERSION = 'admission.k8s.io/v1';

/** Decodes a request's body; all problems are listed. Whether its object is a pod is not judged here. */
export function decodeReview(text: string): DecodedReview {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const problem = text === '' ? 'the body is empty' : `not JSON: ${(error as Error).message}`;
    return {
      ok: false,
      problems: [{ key: 'body', value: show(text), problem, fix: 'Send an AdmissionReview as JSON.' }],
    };
  }
  if (!isMap(body)) {
    const fix = 'Send an AdmissionReview as JSON.';
    return { ok: false, problems: [{ key: 'body', value: show(body), problem: 'not an object', fix }] };
  }
  const request = isMap(body.request) ? body.request : {};
  const kind = isMap(request.kind) ? request.kind : {};
  const problems: ReviewProblem[] = [];
  const expect = (key: string, value: unknown, good: boolean, problem: string, fix: string) => {
    if (!good) problems.push({ key, value: show(value), problem, fix });
  };
  const literal = (key: string, value: unknown, wanted: string) =>
    expect(key, value, value === wanted, `expected ${show(wanted)}`, `Send ${show(wanted)}.`);
  const text1 = (key: string, value: unknown, example: string) =>
    expect(
      key,
      value,
      typeof value === 'string' && value !== '',
      'expected a string',
      `Give one such as ${show(example)}.`,
    );
  literal('apiVersion', body.apiVersion, API_VERSION);
  literal('kind', body.kind, 'AdmissionReview');
  if (!isMap(body.request)) expect('request', body.request, false, 'expected an object', 'Give the request to review.');
  else {
    text1('request.uid', request.uid, '705ab4f5-6393-11e8-b7cc-42010a800002');
    text1('request.operation', request.operation, 'CREATE');
    text1('request.kind.version', kind.version, 'v1');
    text1('request.kind.kind', kind.kind, 'Pod');
  }
  if (problems.length > 0) return { ok: false, problems };
  const string = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    ok: true,
    request: {
      uid: string(request.uid),
      kind: `${string(kind.group)}/${string(kind.version)}/${string(kind.kind)}`,
      operation: string(request.operation),
      subResource: string(request.subResource),
      namespace: string(request.namespace),
      name: string(request.name),
      object: request.object,
    },
  };
}

/** One line for the log and the `error` key of the 400: every problem with key, value and fix. */
export function formatReviewProblems(problems: readonly ReviewProblem[]): string {
  const lines = problems.map(({ key, value, problem, fix }) => `${key}: ${problem}, got ${value}. ${fix}`);
  return `not an AdmissionReview v1: ${lines.join(' ')}`;
}

/** The answer. It always allows: a log shipper is no reason to keep an app from running. */
export function respond(uid: string, patch: readonly Operation[], warnings: readonly string[]): object {
  const patched =
    patch.length === 0 ? {} : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
  const response = { uid, allowed: true, ...patched, ...(warnings.length > 0 ? { warnings } : {}) };
  return { apiVersion: API_VERSION, kind: 'AdmissionReview', response };
}
