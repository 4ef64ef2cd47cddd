/**
 * Why a request was answered as it was: a closed list. The name is the metric label, the log field and the `reason` of the status annotation;
 * the sentence is the status' `message` and the row in the docs.
 */
export const REASONS = {
  Injected: 'The sidecar was injected.',
  NotAPod: 'The object is not a pod: nothing is changed.',
  NotCreate: 'Only the creation of a pod is looked at.',
  MalformedPod: 'The object does not have the shape of a pod: nothing is changed.',
  MirrorPod: 'The pod mirrors a static pod of a node, which cannot be changed.',
  SystemNamespace: 'Pods of system namespaces, and of those that the settings exclude, are never injected.',
  NamespaceDisabled: 'The namespace is labelled sidetail.dev/injection=disabled.',
  OptedOut: 'The pod says sidetail.dev/inject: "false".',
  NotOptedIn: 'The pod has neither sidetail.dev/inject nor sidetail.dev/paths.',
  InvalidValue: 'The value of sidetail.dev/inject is neither true nor false.',
  UnsupportedOS: 'The pod runs on Windows, the sidecar on Linux.',
  NameConflict: 'A container or volume of the pod has a name that is reserved for the sidecar.',
  UnknownProfile: 'There is no profile of that name.',
  NoPaths: 'There is no path that can be read: see the warnings.',
  UnknownContainer: 'Every path names a container that the pod does not have.',
  TooLarge: 'The annotations of the pod would exceed the 256 KiB that Kubernetes allows.',
  InternalError: 'The webhook failed: the pod is admitted unchanged.',
} as const satisfies Record<string, string>;

export type Reason = keyof typeof REASONS;

/** What came of a request; with the reason, the labels of `sidetail_webhook_injections_total`. */
export type Result = 'injected' | 'skipped' | 'error';
