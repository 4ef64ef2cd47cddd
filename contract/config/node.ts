/**
 * The vocabulary in which a configuration is described: nodes are plain data, so that one description gives the TypeScript type,
 * the decoder (`decode.ts`), the JSON Schema (`json-schema.ts`) and the docs table (`docs.ts`).
 */

declare const TYPE: unique symbol;

/** A description of one value; `T` is its decoded type (a size decodes to bytes, a duration to milliseconds). */
export interface Node<T> {
  readonly kind:
    | 'string'
    | 'enum'
    | 'integer'
    | 'number'
    | 'boolean'
    | 'false'
    | 'size'
    | 'duration'
    | 'list'
    | 'map'
    | 'object'
    | 'variant'
    | 'oneOf'
    | 'never';
  /** What a message says was expected, e.g. `a duration such as 15s`. */
  readonly expected: string;
  readonly values?: readonly string[];
  /** Enum values of the contract whose behaviour comes later: refused as "not supported yet". */
  readonly later?: readonly string[];
  readonly item?: Node<unknown>;
  readonly fields?: Fields;
  readonly options?: readonly Node<unknown>[];
  /** `variant`: the key that says which object it is, and the objects. */
  readonly tag?: string;
  readonly variants?: Readonly<Record<string, Node<unknown>>>;
  readonly laterVariants?: Readonly<Record<string, Node<unknown>>>;
  readonly min?: number;
  readonly max?: number;
  /** The value is never printed in a message. */
  readonly secret?: boolean;
  /** A further check of a well-typed value: what is wrong with it and how to mend it. */
  readonly check?: (value: never) => { problem: string; fix: string } | undefined;
  readonly [TYPE]?: T;
}

/** One key of an object. */
export interface Field<T> {
  readonly node: Node<T>;
  readonly doc: string;
  readonly presence: 'required' | 'optional' | 'default' | 'later';
  /** As a user would write it (`32MiB`); decoded like any other value. */
  readonly default?: unknown;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Decoded<N> = N extends Node<infer T> ? T : never;
type FieldType<F> = F extends Field<infer T> ? T : never;
type ObjectType<F extends Fields> = { [K in keyof F]: FieldType<F[K]> };

type Check<T> = (value: T) => { problem: string; fix: string } | undefined;
type Options<T> = { expected?: string; min?: number; max?: number; secret?: boolean; check?: Check<T> };

export const string = (options: Options<string> = {}): Node<string> => ({
  kind: 'string',
  expected: 'a string',
  ...options,
});
export const integer = (options: Options<number> = {}): Node<number> => ({
  kind: 'integer',
  expected: 'a whole number',
  ...options,
});
export const number = (options: Options<number> = {}): Node<number> => ({
  kind: 'number',
  expected: 'a number',
  ...options,
});
export const boolean = (): Node<boolean> => ({ kind: 'boolean', expected: 'true or false' });
/** The literal `false`, where it switches something off. */
export const off = (): Node<false> => ({ kind: 'false', expected: 'false' });
export const size = (options: Options<number> = {}): Node<number> => ({
  kind: 'size',
  expected: 'a size such as 5MiB or a number of bytes',
  min: 1,
  ...options,
});
export const duration = (options: Options<number> = {}): Node<number> => ({
  kind: 'duration',
  expected: 'a duration such as 500ms, 15s, 2m or 1h',
  ...options,
});

/** A value of the contract of which no kind is supported yet; `fields` say what it will hold. */
export const never = (what: string, fields: Fields = {}): Node<never> => ({
  kind: 'never',
  expected: `no ${what} yet`,
  fields,
});

/** One of a closed list of words; `later` are words of the contract that are not supported yet. */
export const oneOfWords = <const V extends string>(values: readonly V[], later: readonly string[] = []): Node<V> => ({
  kind: 'enum',
  expected: `one of ${values.join(', ')}`,
  values,
  later,
});

export const list = <T>(item: Node<T>, options: { min?: number } = {}): Node<T[]> => ({
  kind: 'list',
  expected: 'a list',
  item,
  ...options,
});
export const map = <T>(item: Node<T>): Node<Record<string, T>> => ({ kind: 'map', expected: 'a map', item });
export const object = <F extends Fields>(fields: F): Node<ObjectType<F>> => ({
  kind: 'object',
  expected: 'a map',
  fields,
});
/** An object whose key `tag` says which of the variants it is; `later` are variants of the contract that are not supported yet. */
export const variant = <V extends Record<string, Node<unknown>>>(
  tag: string,
  variants: V,
  later: Readonly<Record<string, Node<unknown>>> = {},
): Node<Decoded<V[keyof V]>> => ({
  kind: 'variant',
  expected: `a map with ${tag}`,
  tag,
  variants,
  later: Object.keys(later),
  laterVariants: later,
});
/** The first option whose JSON type fits the value decodes it. */
export const oneOf = <O extends readonly Node<unknown>[]>(...options: O): Node<Decoded<O[number]>> => ({
  kind: 'oneOf',
  expected: options.map((o) => o.expected).join(', or '),
  options,
});

export const required = <T>(node: Node<T>, doc: string): Field<T> => ({ node, doc, presence: 'required' });
export const optional = <T>(node: Node<T>, doc: string): Field<T | undefined> =>
  ({ node, doc, presence: 'optional' }) as Field<T | undefined>;
export const withDefault = <T>(node: Node<T>, value: unknown, doc: string): Field<T> => ({
  node,
  doc,
  presence: 'default',
  default: value,
});
/** A key of the contract whose behaviour comes later: any value is refused as "not supported yet", none is ignored. */
export const later = <T>(node: Node<T>, doc: string): Field<undefined> =>
  ({ node, doc, presence: 'later' }) as unknown as Field<undefined>;
