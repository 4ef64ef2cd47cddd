import { parseArgs } from 'node:util';

/** What the demo was asked for. */
export interface DemoOptions {
  /** How long the app writes, s; undefined: until Ctrl-C. */
  readonly seconds: number | undefined;
  /** A real Elasticsearch to ship to; undefined: the embedded store. */
  readonly es: string | undefined;
}

export const USAGE = `usage: npm run demo -- [options]
  --seconds N   how long the sample app writes (default 10)
  --follow      until Ctrl-C
  --es URL      ship to a real Elasticsearch or OpenSearch instead of the embedded store
`;

/** Parses the demo's arguments; throws an error whose message names what is wrong. */
export function parseOptions(args: string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '10' },
      follow: { type: 'boolean' },
      es: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 3600))
    throw new Error(`--seconds: expected a number from 1 to 3600, got "${values.seconds}"`);
  if (values.es !== undefined && !/^https?:\/\//.test(values.es))
    throw new Error(`--es: expected a URL such as http://127.0.0.1:9200, got "${values.es}"`);
  return { seconds: values.follow ? undefined : seconds, es: values.es?.replace(/\/+$/, '') };
}
