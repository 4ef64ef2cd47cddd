import jsonPatch, { type Operation } from 'fast-json-patch';
import type { Container, Pod } from './pod.ts';

export type { Operation };

/** The RFC 6902 patch that makes `before` into `after`; empty where they are equal. */
export function diff(before: Pod, after: Pod): Operation[] {
  if (before === after) return [];
  const { operations, aligned } = alignFront(before, after);
  return [...operations, ...jsonPatch.compare(aligned, after)];
}

/** The pod with the patch applied, for tests, the command line and the demo. The given pod is not changed. */
export function apply(pod: Pod, patch: readonly Operation[]): Pod {
  return jsonPatch.applyPatch(structuredClone(pod), patch, true).newDocument;
}

/**
 * Lists are compared by position, so a container put in front would rewrite every init container behind it: unreadable, and a conflict with
 * other injectors' eyes. Insert it first, then compare the rest.
 */
function alignFront(before: Pod, after: Pod): { operations: Operation[]; aligned: Pod } {
  const old: readonly Container[] = before.spec.initContainers ?? [];
  const first = after.spec.initContainers?.[0];
  if (!first || old.length === 0 || old.some((c) => c.name === first.name)) return { operations: [], aligned: before };
  const spec = { ...before.spec, initContainers: [first, ...old] };
  return { operations: [{ op: 'add', path: '/spec/initContainers/0', value: first }], aligned: { ...before, spec } };
}
