import { readFile } from 'node:fs/promises';
import pino from 'pino';
import { formatProblem } from '../contract/config/problem.ts';
import { type Certificate, checkCertificate, watchCertificate } from './certs/files.ts';
import { issueCertificates } from './certs/issue.ts';
import { expiryOf, type Keeper, keepCertificate } from './certs/keeper.ts';
import { lifeOf } from './certs/lifecycle.ts';
import type { Namespaces } from './namespaces.ts';
import { startServer } from './server.ts';
import { decodeSettingsText, type Settings } from './settings.ts';
import { createTelemetry } from './telemetry.ts';
import { watchFiles } from './watch.ts';

/** The webhook's process. Exit codes as the sidecar's: 0 stopped by a signal, 1 bug or address taken, 78 bad settings or certificate. */

const BAD_CONFIG = 78;
/** Labels of namespaces that cannot be had must not keep the webhook from injecting for ever, ms. */
const NAMESPACES_MS = 30_000;
const level = process.env.SIDETAIL_LOG_LEVEL ?? 'info';
const knownLevel = level === 'silent' || Object.hasOwn(pino.levels.values, level);
const log = pino(
  {
    level: knownLevel ? level : 'info',
    base: { name: 'sidetail-webhook' },
    timestamp: pino.stdTimeFunctions.isoTime,
  },
  pino.destination({ fd: 2, sync: true }),
);
if (!knownLevel) {
  const fix = `Use one of ${Object.keys(pino.levels.values).join(', ')}, silent.`;
  log.warn({ key: 'SIDETAIL_LOG_LEVEL', value: level, fix }, 'unknown log level: info is used');
}

function refuse(message: string, details: object = {}): never {
  log.fatal(details, message);
  process.exit(BAD_CONFIG);
}

const file = process.env.SIDETAIL_WEBHOOK_CONFIG;
if (!file) refuse('SIDETAIL_WEBHOOK_CONFIG is not set. Give the path of the settings file.');

const content = await readFile(file, 'utf8').catch((error: Error) => refuse(`settings: ${error.message}`));
const first = await decodeSettingsText(content);
if (!first.ok) {
  for (const problem of first.problems)
    log.error({ file, ...problem }, formatProblem(problem).replace(/^configuration/, 'settings'));
  refuse('the settings are not valid', { file, problems: first.problems.length });
}
let settings: Settings = first.value;
const { tls } = settings;
const self = tls.mode === 'self';
const started = Date.now();

/** The pair that the files hold; with `self` one for the moment, until the Secret's is there. */
async function firstCertificate(): Promise<Certificate> {
  if (self) return issueCertificates({ hosts: ['localhost'] });
  const [cert, key] = await Promise.all(
    [tls.certFile!, tls.keyFile!].map((path) =>
      readFile(path, 'utf8').catch((error: Error) => refuse(`certificate: ${error.message}`)),
    ),
  );
  const pair = { cert: cert!, key: key! };
  try {
    checkCertificate(pair);
  } catch (error) {
    refuse(`certificate: ${(error as Error).message}`, { certFile: tls.certFile, keyFile: tls.keyFile });
  }
  return pair;
}

const certificate = await firstCertificate();
const telemetry = createTelemetry();
let namespaces: Namespaces | undefined;
let keeper: Keeper | undefined;
let served: Certificate | undefined = self ? undefined : certificate;

function notReady(): string[] {
  const waiting = namespaces !== undefined && !namespaces.known && Date.now() - started < NAMESPACES_MS;
  return [
    ...(served === undefined ? ['there is no certificate yet: see the log'] : []),
    ...(served !== undefined && expiryOf(served.cert) * 1000 <= Date.now() ? ['the certificate has expired'] : []),
    ...(keeper?.stale() ? ['the certificate could not be looked after for too long: see the log'] : []),
    ...(waiting ? ['the namespaces are not known yet'] : []),
  ];
}

const server = await startServer({
  listen: settings.listen,
  certificate,
  settings: () => settings,
  labelsOf: (name) => namespaces?.labelsOf(name),
  notReady,
  log,
  telemetry,
}).catch((error: Error) => {
  log.fatal({ err: error, listen: settings.listen }, 'cannot listen');
  process.exit(1);
});

/** From now on this pair is served: new connections get it, open ones are not disturbed. */
function serve(next: Certificate): void {
  server.setCertificate(next);
  served = next;
  telemetry.reloads.inc({ what: 'certificate', result: 'ok' });
  showLife(next);
  log.info(checkCertificate(next), 'certificate reloaded');
}
if (served) showLife(served);

function showLife({ cert }: Certificate): void {
  const { from, to } = lifeOf(cert);
  telemetry.certificateExpiry.set(to / 1000);
  telemetry.certificateLife.set((to - from) / 1000);
}

const settingsWatch = watchFiles(
  () => [file],
  async ([text]) => {
    const next = await decodeSettingsText(text!);
    if (text === content && settings === first.value) return; // the first look
    telemetry.reloads.inc({ what: 'settings', result: next.ok ? 'ok' : 'invalid' });
    if (!next.ok) {
      for (const problem of next.problems) log.error({ file, ...problem }, formatProblem(problem));
      log.error({ file, problems: next.problems.length }, 'the new settings are not valid: the old ones stay');
      return;
    }
    const changed = (['listen', 'kubernetes'] as const).filter(
      (key) => JSON.stringify(next.value[key]) !== JSON.stringify(settings[key]),
    );
    const rules = next.value.tls.mode !== tls.mode;
    settings = next.value;
    log.info({ file, profiles: [...settings.profiles.keys()] }, 'settings reloaded');
    for (const key of [...changed, ...(rules ? ['tls'] : [])]) log.warn({ key }, 'it takes effect at the next start');
  },
  (error) => log.error({ file, err: error }, 'the settings cannot be read: the old ones stay'),
);

/** What keeps the certificate fresh, and the namespaces known. */
async function startKeeping(): Promise<() => void> {
  const ends: (() => void)[] = [];
  if (!self) {
    const watch = watchCertificate(
      () => ({ certFile: settings.tls.certFile ?? tls.certFile!, keyFile: settings.tls.keyFile ?? tls.keyFile! }),
      (next) => {
        if (next.cert !== served?.cert || next.key !== served.key) serve(next);
      },
      (error) => {
        telemetry.reloads.inc({ what: 'certificate', result: 'invalid' });
        log.error({ err: error, certFile: tls.certFile }, 'the certificate cannot be used: the old one stays');
      },
    );
    ends.push(watch.stop);
  }
  if (!self && !settings.kubernetes) return () => ends.forEach((end) => void end());
  // Only in a cluster: the client costs 50 MiB.
  const [{ connect }, { watchNamespaces }] = await Promise.all([import('./kube.ts'), import('./namespaces.ts')]);
  const kube = connect();
  namespaces = watchNamespaces(kube, log);
  ends.push(namespaces.stop);
  if (self) {
    const namespace = tls.namespace ?? process.env.POD_NAMESPACE ?? refuse('tls.namespace: give it, or $POD_NAMESPACE');
    const name = `${tls.service}.${namespace}.svc`;
    keeper = keepCertificate({
      ...{ kube, namespace, secret: tls.secret, webhookConfiguration: tls.webhookConfiguration, log, serve },
      hosts: [name, `${name}.cluster.local`],
      validityMs: () => settings.tls.validity,
      counted: (step, result) => telemetry.certificateSteps.inc({ step, result }),
    });
    ends.push(keeper.stop);
  }
  return () => ends.forEach((end) => void end());
}
const stopKeeping = await startKeeping();

let stopping = false;
async function stop(signal: string): Promise<void> {
  if (stopping) process.exit(0); // asked a second time: at once
  stopping = true;
  log.info({ signal }, 'stopping');
  settingsWatch.stop();
  stopKeeping();
  await server.close(settings.linger);
  log.info('stopped');
  process.exit(0);
}
process.on('unhandledRejection', (error) => log.error({ err: error }, 'a bug: please report it'));
process.on('SIGTERM', () => void stop('SIGTERM'));
process.on('SIGINT', () => void stop('SIGINT'));

const { host, port } = server;
log.info({ host, port, ...checkCertificate(certificate), profiles: [...settings.profiles.keys()] }, 'listening');
