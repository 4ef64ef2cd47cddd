import {
  AdmissionregistrationV1Api,
  ApiException,
  CoreV1Api,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';

/** The one file that speaks to the API server: its client costs 50 MiB, and what it is used for is listed here. */

/** A Secret's values, decoded, and the version that a replacement must name. */
export interface StoredSecret {
  readonly version: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Kube {
  /** The Secret; undefined when there is none. Rejects with an Error that says what was asked for. */
  readSecret(namespace: string, name: string): Promise<StoredSecret | undefined>;
  /** Puts all values in the place of a version; false when it is another one by now: somebody was quicker. */
  replaceSecret(namespace: string, name: string, secret: StoredSecret): Promise<boolean>;
  /**
   * Has all entries of a MutatingWebhookConfiguration trust the CAs (PEM), by server-side apply with a field manager of our own: whoever
   * manages the other fields sees no drift. Answers whether anything had to be changed.
   */
  applyCaBundle(configuration: string, bundle: string): Promise<boolean>;
  /** The CAs (PEM) that the entries of a MutatingWebhookConfiguration trust now. */
  caBundle(configuration: string): Promise<string>;
  /** Tells all namespaces, then each change, until it is stopped. Goes on by itself when the connection breaks; `failed` says so. */
  watchNamespaces(changed: (all: readonly Namespace[]) => void, failed: (error: Error) => void): () => void;
}

const FIELD_MANAGER = 'sidetail-webhook';
/** How long an answer may take, ms: one that hangs must not stop the looks after it. */
const ANSWER_MS = 10_000;
/** How long to wait before a watch is begun again, ms. */
const AGAIN_MS = 2000;

/** A client with the rights of the pod's service account, or those of `KUBECONFIG`. */
export function connect(): Kube {
  const config = new KubeConfig();
  config.loadFromDefault();
  const core = config.makeApiClient(CoreV1Api);
  const admission = config.makeApiClient(AdmissionregistrationV1Api);
  return {
    async readSecret(namespace, name) {
      const secret = await asked(
        `get secret ${namespace}/${name}`,
        core.readNamespacedSecret({ namespace, name }),
        404,
      );
      if (secret === undefined) return undefined;
      const data = Object.entries(secret.data ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value, 'base64').toString(),
      ]);
      return { version: secret.metadata?.resourceVersion ?? '', data: Object.fromEntries(data) };
    },
    async replaceSecret(namespace, name, { version, data }) {
      const values = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
      const found = await asked(`get secret ${namespace}/${name}`, core.readNamespacedSecret({ namespace, name }), 404);
      if (found === undefined || found.metadata?.resourceVersion !== version) return false;
      const next = { ...found, data: Object.fromEntries(values) };
      const put = core.replaceNamespacedSecret({ namespace, name, body: next });
      return (await asked(`update secret ${namespace}/${name}`, put, 409)) !== undefined;
    },
    async applyCaBundle(name, bundle) {
      const what = `mutatingwebhookconfiguration ${name}`;
      const found = await asked(`get ${what}`, admission.readMutatingWebhookConfiguration({ name }));
      const caBundle = Buffer.from(bundle).toString('base64');
      const entries = found?.webhooks ?? [];
      if (entries.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) return false;
      const body = {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name },
        webhooks: entries.map((entry) => ({ name: entry.name, clientConfig: { caBundle } })),
      } as never;
      const patch = admission.patchMutatingWebhookConfiguration(
        { name, body, fieldManager: FIELD_MANAGER, force: true },
        setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
      );
      await asked(`patch ${what}`, patch);
      return true;
    },
    async caBundle(name) {
      const what = `get mutatingwebhookconfiguration ${name}`;
      const found = await asked(what, admission.readMutatingWebhookConfiguration({ name }));
      return Buffer.from(found?.webhooks?.[0]?.clientConfig.caBundle ?? '', 'base64').toString();
    },
    watchNamespaces(changed, failed) {
      let [stopped, listed] = [false, false];
      // The informer's `start` resolves also when its list failed: only the list itself tells.
      const informer = makeInformer(config, '/api/v1/namespaces', async () => {
        listed = false;
        const all = await core.listNamespace();
        listed = true;
        return all;
      });
      let telling = false;
      // Events come one for each namespace, also of a list: told once, when all of them are in.
      const tell = (): void => {
        if (!listed || telling) return;
        telling = true;
        setImmediate(() => {
          telling = false;
          const all = informer.list().map(({ metadata }) => ({
            name: metadata?.name ?? '',
            labels: metadata?.labels ?? {},
          }));
          changed(all);
        });
      };
      const start = (): void => {
        if (stopped) return;
        informer.start().then(tell, (error: Error) => again(error));
      };
      const again = (error: Error): void => {
        if (stopped) return;
        failed(new Error(`watch namespaces: ${reason(error)}`));
        setTimeout(start, AGAIN_MS).unref();
      };
      informer.on('add', tell);
      informer.on('update', tell);
      informer.on('delete', tell);
      informer.on('error', again);
      start();
      return () => {
        stopped = true;
        void informer.stop();
      };
    },
  };
}

/** The answer; undefined for the one status that is no error to the caller. Else an Error that says what was asked for. */
async function asked<T>(what: string, answer: Promise<T>, expected?: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    if (error instanceof ApiException && error.code === expected) return undefined;
    throw new Error(`${what}: ${reason(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** What the API server says, without the headers and bodies that the client's error holds. */
function reason(error: unknown): string {
  if (!(error instanceof ApiException)) return (error as Error).message;
  try {
    const { message } = JSON.parse(String(error.body)) as { message?: string };
    return `HTTP ${error.code}: ${message}`;
  } catch {
    return `HTTP ${error.code}`;
  }
}
