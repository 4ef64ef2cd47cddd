import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { NAMESPACE_SWITCH } from '../contract/injection.ts';
import { type Admission, admit } from './admit.ts';
import type { Certificate } from './certs/files.ts';
import type { Strings } from './pod.ts';
import { type AdmissionRequest, decodeReview, formatReviewProblems, respond } from './review.ts';
import type { Settings } from './settings.ts';
import type { Telemetry } from './telemetry.ts';

export interface ServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly certificate: Certificate;
  /** The settings in force. */
  readonly settings: () => Settings;
  /** Labels of a namespace, where they are known. */
  readonly labelsOf?: ((namespace: string) => Strings | undefined) | undefined;
  /** What is missing before the webhook can do its work; empty: nothing. */
  readonly notReady?: () => readonly string[];
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Replaced by tests that need a bug. */
  readonly admit?: typeof admit;
}

export interface WebhookServer {
  readonly host: string;
  readonly port: number;
  /** New connections get the new certificate; open ones are not disturbed. */
  setCertificate(certificate: Certificate): void;
  /**
   * Not ready from now on, but answering for `lingerMs`: new connections come until every node knows that we are going. Then answers what is
   * under way, closes idle connections, and resolves when all are gone.
   */
  close(lingerMs?: number): Promise<void>;
}

const BODY_LIMIT = 4 * 2 ** 20;
const ROUTES = 'POST /mutate, POST /mutate/namespace, GET /livez, GET /readyz, GET /metrics';
const INTERNAL: Admission = {
  result: 'error',
  reason: 'InternalError',
  optedIn: true,
  patch: [],
  warnings: ['sidetail: the webhook failed, the pod is not injected; see its log'],
  problems: [],
};

/** Listens; rejects when the address is taken or not ours. */
export async function startServer(options: ServerOptions): Promise<WebhookServer> {
  const { telemetry, log } = options;
  let closing = false;
  const https = { cert: options.certificate.cert, key: options.certificate.key, minVersion: 'TLSv1.2' as const };
  const app = Fastify({ https, bodyLimit: BODY_LIMIT, logger: false, forceCloseConnections: 'idle' });
  // Any content type, as text: what is wrong with a body is said by us, with its key and the way to mend it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  const mutate = async (request: FastifyRequest, reply: FastifyReply, labelsOf: ServerOptions['labelsOf']) => {
    const end = telemetry.duration.startTimer();
    const review = decodeReview(typeof request.body === 'string' ? request.body : '');
    if (!review.ok) {
      const error = formatReviewProblems(review.problems);
      telemetry.refused.inc();
      log.warn({ problems: review.problems }, error);
      return reply.code(400).send({ error, problems: review.problems });
    }
    const admission = judge(review.request, { ...options, labelsOf });
    end();
    if (closing) reply.header('connection', 'close');
    return respond(review.request.uid, admission.patch, admission.warnings);
  };
  app.post('/mutate', (request, reply) => mutate(request, reply, options.labelsOf));
  // The API server has matched the namespace's label, and may know of it before we do.
  app.post('/mutate/namespace', (request, reply) =>
    mutate(request, reply, (name) => options.labelsOf?.(name) ?? { [NAMESPACE_SWITCH]: 'enabled' }),
  );
  app.get('/livez', async () => 'ok\n');
  app.get('/readyz', async (_request, reply) => {
    const missing = closing ? ['closing'] : (options.notReady?.() ?? []);
    return missing.length > 0 ? reply.code(503).send(`${missing.join('\n')}\n`) : 'ok\n';
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(telemetry.registry.contentType).send(await telemetry.registry.metrics()),
  );
  app.setNotFoundHandler((request, reply) => {
    return reply.code(404).send({ error: `no such route: ${request.method} ${request.url}. There are ${ROUTES}.` });
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const code = error.statusCode ?? 500;
    log.warn({ err: error }, 'request failed');
    const hint = code === 413 ? ` The limit is ${BODY_LIMIT} bytes.` : '';
    return reply.code(code).send({ error: `${error.message}.${hint}` });
  });
  await app.listen(options.listen);
  const server = app.server as unknown as Server;
  const { address: host, port } = server.address() as AddressInfo;
  return {
    host,
    port,
    setCertificate: ({ cert, key }) => server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
    close: async (lingerMs = 0) => {
      closing = true;
      await sleep(lingerMs);
      await app.close();
    },
  };
}

/** The admission, counted and logged; a bug of ours becomes an admission that changes nothing. */
function judge(
  request: AdmissionRequest,
  { settings, labelsOf, telemetry, log, admit: by = admit }: ServerOptions,
): Admission {
  const { uid, namespace, name } = request;
  let admission: Admission;
  try {
    admission = by(request, settings(), labelsOf?.(namespace));
  } catch (error) {
    log.error({ err: error, uid, namespace, pod: name }, 'internal error: the pod is admitted unchanged');
    admission = INTERNAL;
  }
  const { result, reason, optedIn, warnings, patch } = admission;
  telemetry.injections.inc({ result, reason });
  const level = optedIn ? 'info' : 'debug';
  log[level]({ result, reason, uid, namespace, pod: name, operations: patch.length, warnings }, result);
  return admission;
}
