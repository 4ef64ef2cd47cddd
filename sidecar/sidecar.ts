import type { Config } from '../contract/config/schema.ts';
import { type AdminServer, startAdmin } from './admin/server.ts';
import { lagOf, notReady, observe, statusOf } from './admin/status.ts';
import type { PodMetadata } from './metadata.ts';
import { Pipeline, type Surroundings } from './pipeline.ts';
import { Checkpoints } from './source/checkpoints.ts';

/** Where the admin server listens while there is no valid configuration that says it. */
const DEFAULT_ADMIN = { host: '0.0.0.0', port: 9808 };

/** The sidecar's life: begins with the first valid configuration, changes with each that follows, ends with a drain. */
export class Sidecar {
  readonly #around: Surroundings;
  readonly #podOf: (config: Config) => PodMetadata;
  readonly #exit: (code: number) => void;
  #config: Config | undefined;
  #pod: PodMetadata | undefined;
  #pipeline: Pipeline | undefined;
  #admin: AdminServer | undefined;
  #adminAddress = '';
  #problems: readonly string[] = [];
  #ending = false;
  /** A change of the configuration that is under way: an end waits for it, for both handle the open files. */
  #changing: Promise<void> = Promise.resolve();

  /** `podOf` reads the pod's metadata anew; `exit` ends the process. */
  constructor(around: Surroundings, podOf: (config: Config) => PodMetadata, exit: (code: number) => void) {
    this.#around = around;
    this.#podOf = podOf;
    this.#exit = exit;
  }

  /** Begins with, or changes to, a valid configuration. One that changes nothing is nothing. */
  configure(config: Config): Promise<void> {
    this.#changing = this.#change(config);
    return this.#changing;
  }

  async #change(config: Config): Promise<void> {
    if (this.#ending) return;
    const { log, metrics } = this.#around.telemetry;
    const pod = this.#podOf(config);
    this.#problems = [];
    if (same(config, this.#config) && same(pod, this.#pod)) return;
    const before = this.#config;
    this.#config = config;
    this.#pod = pod;
    if (this.#pipeline === undefined) {
      const checkpoints = new Checkpoints(config.stateDir, this.#around.telemetry);
      await checkpoints.load();
      this.#pipeline = new Pipeline(config, pod, checkpoints, this.#around);
      this.#begin(this.#pipeline);
      log.info({ inputs: config.inputs.length, outputs: Object.keys(config.outputs) }, 'started');
    } else {
      if (before?.stateDir !== config.stateDir)
        log.warn({ stateDir: config.stateDir }, 'another stateDir takes effect at the next start');
      await this.#pipeline.reload(config, pod);
      this.#watchEnd(this.#pipeline);
      metrics.configReloads.inc({ result: 'applied' });
      log.info(
        { inputs: config.inputs.length, outputs: Object.keys(config.outputs) },
        'the configuration changed and is in effect',
      );
    }
    await this.#serveAdmin(config.admin);
  }

  /** The file holds no valid configuration: the last valid one stays, or we wait for one, not ready. */
  async misconfigured(problems: readonly string[]): Promise<void> {
    this.#problems = problems;
    this.#around.telemetry.metrics.configReloads.inc({ result: 'refused' });
    const kept = this.#pipeline !== undefined;
    this.#around.telemetry.log.warn(
      { problems: problems.length },
      kept ? 'the new configuration is refused: the one before stays in effect' : 'waiting for a valid configuration',
    );
    if (!kept) await this.#serveAdmin(DEFAULT_ADMIN);
  }

  /** The first time: drains and exits 0. The second time: exits at once, what is settled saved. */
  terminate(why: string): void {
    const { log } = this.#around.telemetry;
    if (this.#ending) {
      log.warn({ why }, 'ending at once');
      void this.#changing.then(() => this.#pipeline?.stop()).finally(() => this.#exit(0));
      return;
    }
    this.#ending = true;
    void this.#drain(why);
  }

  async #drain(why: string): Promise<void> {
    const { log } = this.#around.telemetry;
    await this.#changing;
    const pipeline = this.#pipeline;
    if (pipeline === undefined || this.#config === undefined) return this.#exit(0);
    const timeout = this.#config.drainTimeout;
    log.info({ why, timeoutMs: timeout }, 'draining: reading on until the files are quiet');
    const done = await pipeline.drain(AbortSignal.timeout(timeout));
    const unsettled = statusOf(pipeline);
    const lag = lagOf(pipeline);
    await pipeline.stop();
    const notRead = pipeline.source.files.refusals.missed;
    if (done && lag === 0 && notRead.length > 0)
      log.warn({ notRead }, 'drained: everything is delivered but what could not be read');
    else if (done && lag === 0) log.info('drained: everything is delivered');
    else
      log.warn(
        { unsentBytes: lag, ...unsettled },
        'the drain took too long: what is unsent is told here and is read again by the next start',
      );
    this.#admin?.close();
    this.#exit(0);
  }

  #begin(pipeline: Pipeline): void {
    pipeline.start();
    this.#watchEnd(pipeline);
  }

  /** Reading never ends by itself but by a bug, which must not be silent. */
  #watchEnd(pipeline: Pipeline): void {
    pipeline.ended.catch((error: Error) => {
      this.#around.telemetry.log.fatal({ error: error.stack }, 'a bug: please report it');
      this.#exit(1);
    });
  }

  async #serveAdmin(address: Config['admin']): Promise<void> {
    const { telemetry } = this.#around;
    if (this.#adminAddress === JSON.stringify(address)) return;
    this.#admin?.close();
    this.#admin = undefined;
    this.#adminAddress = JSON.stringify(address);
    if (address === false) return;
    try {
      this.#admin = await startAdmin(
        address,
        {
          notReady: () => [
            ...this.#problems,
            ...(this.#pipeline ? notReady(this.#pipeline) : ['no valid configuration yet']),
            ...(this.#ending ? ['draining'] : []),
          ],
          status: () => ({
            ...(this.#pipeline ? statusOf(this.#pipeline) : { files: [], outputs: [] }),
            configurationProblems: this.#problems,
            draining: this.#ending,
          }),
          metrics: () => {
            if (this.#pipeline) observe(this.#pipeline, telemetry.metrics);
            return telemetry.registry.metrics();
          },
          quit: () => {
            if (!this.#ending) this.terminate('POST /quit');
          },
        },
        telemetry.log,
      );
    } catch (error) {
      // An admin port that another program has must not stop the delivery.
      telemetry.log.error(
        { ...address, error: (error as Error).message },
        'the admin server cannot listen: delivery goes on without it',
      );
    }
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
