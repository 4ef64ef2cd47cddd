/** The parts of a pod that we read. Objects stay the raw JSON they came as: what we do not know is kept as it is. */

type Unknown = { readonly [key: string]: unknown };
export type Strings = Readonly<Record<string, string>>;

export interface Mount extends Unknown {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly subPathExpr?: string;
  readonly readOnly?: boolean;
}
export interface Container extends Unknown {
  readonly name: string;
  readonly volumeMounts?: readonly Mount[];
  readonly env?: readonly Unknown[];
  readonly ports?: readonly Unknown[];
  readonly securityContext?: Unknown;
}
export interface Volume extends Unknown {
  readonly name: string;
}
export interface Metadata extends Unknown {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: Strings;
  readonly annotations?: Strings;
}
export interface Spec extends Unknown {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly securityContext?: Unknown;
  readonly nodeSelector?: Unknown;
  readonly os?: Unknown;
  readonly hostNetwork?: boolean;
}
export interface Pod extends Unknown {
  readonly metadata?: Metadata;
  readonly spec: Spec;
}

/** The value as a pod if every part that we read has its type, else undefined. `null` counts as absent, as it does in Kubernetes. */
export function asPod(value: unknown): Pod | undefined {
  if (!isMap(value) || !isMap(value.spec) || !(value.spec.containers ?? undefined)) return undefined;
  const { metadata, spec } = value;
  const good =
    optional(metadata, isMap) &&
    (!isMap(metadata) ||
      (optional(metadata.labels, isStrings) &&
        optional(metadata.annotations, isStrings) &&
        ['name', 'generateName', 'namespace'].every((key) => optional(metadata[key], isString)))) &&
    optional(spec.containers, isContainers) &&
    optional(spec.initContainers, isContainers) &&
    optional(spec.volumes, (v) => isListOf(v, isNamed)) &&
    ['securityContext', 'nodeSelector', 'os'].every((key) => optional(spec[key], isMap));
  return good ? (value as unknown as Pod) : undefined;
}

function isContainers(value: unknown): boolean {
  return isListOf(
    value,
    (c) =>
      isNamed(c) &&
      optional(c.volumeMounts, (v) => isListOf(v, isMount)) &&
      optional(c.env, (v) => isListOf(v, isMap)) &&
      optional(c.ports, (v) => isListOf(v, isMap)) &&
      optional(c.securityContext, isMap),
  );
}

function isMount(value: unknown): boolean {
  return (
    isNamed(value) &&
    isString(value.mountPath) &&
    optional(value.subPath, isString) &&
    optional(value.subPathExpr, isString)
  );
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
const isString = (value: unknown): value is string => typeof value === 'string';
const isNamed = (value: unknown): value is Record<string, unknown> => isMap(value) && isString(value.name);
const isStrings = (value: unknown): boolean => isMap(value) && Object.values(value).every(isString);
const isListOf = (value: unknown, is: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);
const optional = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === undefined || value === null || is(value);
