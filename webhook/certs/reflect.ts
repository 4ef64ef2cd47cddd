/**
 * The three metadata functions that tsyringe (below @peculiar/x509) calls when it is loaded. Imported for its effect, before x509.
 * The `reflect-metadata` package would do as well; these lines spare a dependency for something that no code of ours uses.
 */
type Key = string | symbol;
interface MetadataFunctions {
  defineMetadata?: (key: Key, value: unknown, target: object) => void;
  getOwnMetadata?: (key: Key, target: object) => unknown;
  getMetadata?: (key: Key, target: object) => unknown;
}

const store = new WeakMap<object, Map<Key, unknown>>();
const own = (key: Key, target: object): unknown => store.get(target)?.get(key);
const reflect = Reflect as MetadataFunctions;

if (!reflect.getMetadata) {
  reflect.defineMetadata = (key, value, target) => {
    store.set(target, (store.get(target) ?? new Map<Key, unknown>()).set(key, value));
  };
  reflect.getOwnMetadata = own;
  reflect.getMetadata = (key, target) => {
    for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
      if (store.get(at)?.has(key)) return own(key, at);
    }
    return undefined;
  };
}
