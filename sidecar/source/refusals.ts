import type { Telemetry } from '../telemetry.ts';
import type { Refused } from './discovery.ts';

/** What is not read, and why: said once for each path and reason, counted, and shown in `/status`. */
export class Refusals {
  readonly #telemetry: Telemetry;
  readonly #said = new Map<string, string>();
  /** Those of the last scan. */
  now: readonly Refused[] = [];

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  /** The refusals of a scan. */
  set(refused: readonly Refused[]): void {
    this.now = refused;
    for (const one of refused) this.say(one);
  }

  /** Paths of those that hold text which was never read. */
  get missed(): string[] {
    return this.now.filter(({ code }) => !HARMLESS.includes(code)).map(({ path }) => path);
  }

  say({ input, path, code, message }: Refused): void {
    if (this.#said.get(path) === code) return;
    this.#said.set(path, code);
    this.#telemetry.metrics.fileErrors.inc({ input: input.name, code });
    this.#telemetry.log.warn({ input: input.name, path, code, fix: FIXES[code] }, `not read: ${message}`);
  }

  /** The path is read now: should it be refused again, that is said again. */
  forget(path: string): void {
    this.#said.delete(path);
  }
}

/** What is not read because there is no text to read. */
const HARMLESS: readonly string[] = ['compressed', 'EISDIR', 'not_a_file', 'broken_link', 'ENOENT'];

const FIXES: Readonly<Record<string, string>> = {
  EACCES:
    'let the user of the sidecar read it: run both containers as the same user, or give the file group and fsGroup',
  compressed: 'nothing; `exclude: ["*.gz"]` says that it is meant so',
  too_many_files: 'raise the limit of open files (ulimit -n) of the sidecar, or name fewer files in paths',
  bad_name: 'give the file a name in UTF-8',
  EISDIR: 'give the files in it, e.g. with *.log',
  broken_link:
    'nothing, if the application makes its target later; else let the link lead to a folder that is among the paths',
  ENOENT: 'nothing, if the application makes it later; else check the path',
};
