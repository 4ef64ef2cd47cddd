/** Units of the configuration: byte sizes (`32MiB`) and durations (`15s`). Both directions, so that messages and docs speak as users do. */

const SIZES: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5 };

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text);
  const factor = match && Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined;
  if (!match || factor === undefined) return undefined;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes of a size such as `5MiB`, `64KB` or a plain number of bytes; undefined when it is none. */
export function parseSize(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  return typeof value === 'string' ? parse(value, SIZES) : undefined;
}

/** Milliseconds of a duration such as `250ms`, `15s`, `2m`, `1h`; undefined when it is none (a bare number has no unit and is none). */
export function parseDuration(value: unknown): number | undefined {
  return typeof value === 'string' ? parse(value, DURATIONS) : undefined;
}

/** A size for people: the largest unit that leaves at most one decimal, e.g. `1.5 MiB`. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= factor) return `${Math.round((bytes / factor) * 10) / 10} ${unit}`;
  }
  return `${bytes} B`;
}
