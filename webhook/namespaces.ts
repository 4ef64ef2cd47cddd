import type { Logger } from 'pino';
import type { Kube } from './kube.ts';
import type { Strings } from './pod.ts';

export interface Namespaces {
  /** Labels of a namespace; undefined while they are not known. */
  labelsOf(name: string): Strings | undefined;
  /** Whether all namespaces were told once. */
  readonly known: boolean;
  stop(): void;
}

/** How often a watch that fails is told, ms. */
const REMIND_MS = 300_000;

/** The labels of all namespaces, live, so that no request waits for the API server. What was known stays while the connection is broken. */
export function watchNamespaces(kube: Kube, log: Logger): Namespaces {
  let labels = new Map<string, Strings>();
  let known = false;
  let told = 0;
  const stop = kube.watchNamespaces(
    (all) => {
      labels = new Map(all.map((one) => [one.name, one.labels]));
      if (!known || told > 0) log.info({ namespaces: all.length }, 'namespaces are known');
      known = true;
      told = 0;
    },
    (error) => {
      if (Date.now() - told < REMIND_MS) return;
      told = Date.now();
      log.warn({ error: error.message }, 'namespaces cannot be watched: what was known of them is used');
    },
  );
  return {
    labelsOf: (name) => labels.get(name),
    get known() {
      return known;
    },
    stop,
  };
}
