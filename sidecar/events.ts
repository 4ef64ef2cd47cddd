import type { Config } from '../contract/config/schema.ts';
import { type Parser, parserOf } from './parse/parse.ts';
import { minLevel, type Rule, rulesOf } from './route/filter.ts';
import type { Frame, Input, Level, LogEvent } from './types.ts';

/** What makes events of the frames of an input: its parser, and the rules that its records pass through. */
interface Stage {
  readonly parser: Parser;
  readonly rules: readonly Rule[];
}

/** Frames become events: parsed, then through the filters of their input and those of all. One for each configuration. */
export class Events {
  readonly #stages = new Map<Input, Stage>();
  readonly #config: Config;
  readonly #live: readonly Rule[];

  /** `least`: what the pod's annotation says now of the level. */
  constructor(config: Config, least: Level | undefined) {
    this.#config = config;
    this.#live =
      least === undefined ? [] : [{ name: 'sidetail.dev/min-level', kind: 'minLevel', apply: minLevel(least) }];
  }

  /** The event that a frame is, or the rule that it does not pass. `now`: the time of reading, ms since the epoch. */
  of(frame: Frame, now: number): { readonly event: LogEvent } | { readonly stoppedBy: Rule } {
    const { parser, rules } = this.#stageOf(frame.file.input);
    let event = parser.parse(frame, now);
    for (const rule of rules) {
      const next = rule.apply(event, now);
      if (next === undefined) return { stoppedBy: rule };
      event = next;
    }
    return { event };
  }

  /** How many records of an input were of which format. */
  formats(input: Input): ReadonlyMap<string, number> {
    return this.#stageOf(input).parser.formats;
  }

  #stageOf(input: Input): Stage {
    let stage = this.#stages.get(input);
    if (stage === undefined) {
      const own = rulesOf(input.filters, `inputs.${input.name}.filters`);
      const rules = [...this.#live, ...own, ...rulesOf(this.#config.filters, 'filters')];
      stage = { parser: parserOf(input), rules };
      this.#stages.set(input, stage);
    }
    return stage;
  }
}
