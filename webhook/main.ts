import { readFile } from 'node:fs/promises';
import pino from 'pino';
import { formatProblem } from '../contract/config/problem.ts';
import { checkCertificate, watchCertificate } from './certs/files.ts';
import { startServer } from './server.ts';
import { decodeSettingsText, type Settings } from './settings.ts';
import { createTelemetry } from './telemetry.ts';
import { watchFiles } from './watch.ts';

/** The webhook's process. Exit codes as the sidecar's: 0 stopped by a signal, 1 bug or address taken, 78 bad settings or certificate. */

const BAD_CONFIG = 78;
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
const [cert, key] = await Promise.all(
  [tls.certFile, tls.keyFile].map((path) =>
    readFile(path, 'utf8').catch((error: Error) => refuse(`certificate: ${error.message}`)),
  ),
);
const certificate = { cert: cert!, key: key! };
try {
  checkCertificate(certificate);
} catch (error) {
  refuse(`certificate: ${(error as Error).message}`, { ...tls });
}

const telemetry = createTelemetry();
const server = await startServer({
  listen: settings.listen,
  certificate,
  settings: () => settings,
  log,
  telemetry,
}).catch((error: Error) => {
  log.fatal({ err: error, listen: settings.listen }, 'cannot listen');
  process.exit(1);
});

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
    const { listen } = settings;
    const moved = next.value.listen.host !== listen.host || next.value.listen.port !== listen.port;
    settings = next.value;
    log.info({ file, profiles: [...settings.profiles.keys()] }, 'settings reloaded');
    if (moved) log.warn({ key: 'listen' }, 'the new address takes effect at the next start');
  },
  (error) => log.error({ file, err: error }, 'the settings cannot be read: the old ones stay'),
);
let served = certificate;
const certificateWatch = watchCertificate(
  () => settings.tls,
  (next) => {
    if (next.cert === served.cert && next.key === served.key) return;
    server.setCertificate(next);
    served = next;
    telemetry.reloads.inc({ what: 'certificate', result: 'ok' });
    log.info(checkCertificate(next), 'certificate reloaded');
  },
  (error) => {
    telemetry.reloads.inc({ what: 'certificate', result: 'invalid' });
    log.error({ err: error, ...settings.tls }, 'the certificate cannot be used: the old one stays');
  },
);

let stopping = false;
async function stop(signal: string): Promise<void> {
  if (stopping) process.exit(0); // asked a second time: at once
  stopping = true;
  log.info({ signal }, 'stopping');
  settingsWatch.stop();
  certificateWatch.stop();
  await server.close();
  log.info('stopped');
  process.exit(0);
}
process.on('SIGTERM', () => void stop('SIGTERM'));
process.on('SIGINT', () => void stop('SIGINT'));

const { host, port } = server;
log.info({ host, port, ...checkCertificate(certificate), profiles: [...settings.profiles.keys()] }, 'listening');
