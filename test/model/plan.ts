import fc from 'fast-check';

/** What a backend does wrong, until the next fault or none. */
export const FAULTS = [
  'none',
  '503',
  '429',
  'items', // some records of each request are refused for now
  'reset', // before anything is indexed
  'apply-then-reset', // all is indexed, the answer is lost
  'cut', // all is indexed, half of the answer arrives
  'html', // a proxy's page
  'hang', // no answer for a while, then the connection is cut
  'refuse', // nobody listens
] as const;
export type FaultName = (typeof FAULTS)[number];

/** Names that a rotation gives. */
const NAMES = ['shift', 'date', 'dateext'] as const;

/** One thing that happens to a log, its sidecar or the backend. */
export type Step =
  /** The application appends lines. */
  | { readonly do: 'write'; readonly lines: number; readonly bytes: number }
  /** The beginning of a line, which the next write finishes. */
  | { readonly do: 'part' }
  /** The log is renamed (`app.log.1`, `app-2026-11-21.log`, `app.log-20261121`) and made anew. */
  | { readonly do: 'rename'; readonly name: (typeof NAMES)[number] }
  /** The log is copied under such a name and truncated. */
  | { readonly do: 'copytruncate'; readonly name: (typeof NAMES)[number] }
  /** An application that has not noticed goes on writing to the file that was renamed last. */
  | { readonly do: 'late'; readonly lines: number }
  | { readonly do: 'truncate' }
  /** The log is deleted and made anew. */
  | { readonly do: 'delete' }
  /** The file that was put aside last is compressed: a `.gz` of it stays. */
  | { readonly do: 'gzip' }
  /** The folder is renamed and another one made in its place. */
  | { readonly do: 'folder' }
  /** SIGKILL. */
  | { readonly do: 'kill' }
  /** SIGTERM, and the drain to its end. */
  | { readonly do: 'stop' }
  | { readonly do: 'start' }
  /** A new configuration takes effect. */
  | { readonly do: 'reload'; readonly maxEvents: number }
  | { readonly do: 'fault'; readonly fault: FaultName }
  /** The disk with the state is full, or no longer. */
  | { readonly do: 'disk'; readonly full: boolean }
  | { readonly do: 'wait'; readonly ms: number };

/** A random life, as data: what happens, in order. */
export interface Plan {
  readonly paths: string;
  readonly steps: readonly Step[];
}

const lines = fc.integer({ min: 1, max: 300 });
const name = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ do: fc.constant('write' as const), lines, bytes: fc.integer({ min: 0, max: 200 }) }),
  },
  { weight: 8, arbitrary: fc.constant({ do: 'part' as const }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('rename' as const), name }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('copytruncate' as const), name }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('late' as const), lines }) },
  { weight: 4, arbitrary: fc.constant({ do: 'truncate' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'delete' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'gzip' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'folder' as const }) },
  { weight: 8, arbitrary: fc.constant({ do: 'kill' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'stop' as const }) },
  { weight: 10, arbitrary: fc.constant({ do: 'start' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('reload' as const), maxEvents: fc.integer({ min: 1, max: 400 }) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('fault' as const), fault: fc.constantFrom(...FAULTS) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('disk' as const), full: fc.boolean() }) },
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1500 }) }),
  },
);

const plan: fc.Arbitrary<Plan> = fc.record({
  paths: fc.constantFrom('app.log', '*.log*', '**/*.log', '**/app*'),
  steps: fc.array(step, { minLength: 10, maxLength: 40 }),
});

/** The life of a seed: the same seed is the same plan. */
export function planOf(seed: number): Plan {
  return fc.sample(plan, { seed, numRuns: 1 })[0]!;
}

/** A plan in a line, to read and to compare. */
export function describe({ paths, steps }: Plan): string {
  return `${paths}: ${steps.map(({ do: what, ...how }) => [what, ...Object.values(how)].join(' ')).join(' · ')}`;
}
