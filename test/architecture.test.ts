import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';

/** Which folders a file of a folder may import from. The longest matching prefix counts; a folder may always import from itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'contract/': [],
  'sidecar/': ['contract/'],
  // Inside the sidecar a stage knows the nouns, the telemetry and the contract, and beyond that only what is named here.
  'sidecar/framing/': ['sidecar/types.ts', 'contract/'],
  'sidecar/parse/': ['sidecar/types.ts', 'contract/'],
  'sidecar/route/': ['sidecar/types.ts', 'contract/', 'sidecar/parse/exact.ts'],
  'sidecar/schema/': ['sidecar/types.ts', 'sidecar/metadata.ts'],
  'sidecar/source/': [
    'sidecar/types.ts',
    'sidecar/telemetry.ts',
    'sidecar/clock.ts',
    'sidecar/framing/',
    'sidecar/deliver/budget.ts',
  ],
  'sidecar/deliver/': ['contract/', 'sidecar/types.ts', 'sidecar/telemetry.ts', 'sidecar/sinks/sink.ts'],
  'sidecar/sinks/': [
    'contract/',
    'sidecar/types.ts',
    'sidecar/metadata.ts',
    'sidecar/schema/',
    'sidecar/deliver/batcher.ts',
    'sidecar/deliver/backoff.ts',
  ],
  'webhook/': ['contract/'],
  'cli/': ['contract/', 'sidecar/', 'webhook/'],
};

/** Packages that must not reach a program: the sidecar's memory is paid in every pod. */
const FORBIDDEN_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'sidecar/': ['@kubernetes/client-node', 'fastify', '@peculiar/x509', 'fast-json-patch', 'undici'],
  'contract/': ['@kubernetes/client-node', 'fastify', 'undici', 'pino', 'prom-client'],
};

const sources = globSync('{contract,sidecar,webhook,cli}/**/*.ts').filter((file) => !file.endsWith('.d.ts'));
const longest = (file: string, prefixes: readonly string[]): string | undefined =>
  prefixes.filter((prefix) => file.startsWith(prefix)).sort((a, b) => b.length - a.length)[0];

/** Modules that a file imports: paths in the repository, or package names. */
function importsOf(file: string, text = readFileSync(file, 'utf8')): string[] {
  const specifiers = [...text.matchAll(/^(?:import|export)\s(?:[^;]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    (m) => (m[1] ?? m[2])!,
  );
  return specifiers.map((name) => (name.startsWith('.') ? normalize(join(dirname(file), name)) : name));
}

function violations(file: string, imports: readonly string[]): string[] {
  const home = longest(file, Object.keys(ARROWS))!;
  const allowed = [home, ...ARROWS[home]!];
  const inside = imports.filter((name) => /^(?:contract|sidecar|webhook|cli|test|bench)\//.test(name));
  return inside.filter((name) => !allowed.some((prefix) => name.startsWith(prefix)));
}

t.test('one file speaks to the API server', (t) => {
  const users = sources.filter((file) => importsOf(file).includes('@kubernetes/client-node'));
  t.same(users, ['webhook/kube.ts']);
  t.end();
});

t.test('imports follow the arrows', (t) => {
  t.ok(sources.length > 30, 'the sources are found');
  for (const file of sources) t.same(violations(file, importsOf(file)), [], file);
  t.same(
    violations('sidecar/parse/x.ts', importsOf('sidecar/parse/x.ts', "import { a } from '../sinks/http.ts';")),
    ['sidecar/sinks/http.ts'],
    'and the test sees a crossing',
  );
  t.end();
});

t.test('heavy packages stay out', (t) => {
  for (const [prefix, packages] of Object.entries(FORBIDDEN_PACKAGES)) {
    for (const file of sources.filter((source) => source.startsWith(prefix))) {
      t.same(
        importsOf(file).filter((name) => packages.includes(name)),
        [],
        file,
      );
    }
  }
  t.end();
});

t.test('no file is longer than 300 lines, none has a name that says nothing', (t) => {
  const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], { encoding: 'utf8' })
    .trim()
    .split('\n');
  for (const file of tracked) {
    t.ok(readFileSync(file, 'utf8').split('\n').length <= 301, `${file} has at most 300 lines`);
    t.notMatch(file, /(?:^|\/)(?:utils?|helpers?|common|misc|index)(?:\.|\/)/, `${file} says what it is`);
  }
  t.end();
});

t.test('only the composition roots touch the process', (t) => {
  // They say what they need of it as parameters; reading the user's id for a message is no state.
  const roots = ['sidecar/main.ts', 'sidecar/signals.ts', 'webhook/main.ts', 'contract/config/docs.ts'];
  for (const file of sources.filter((source) => !roots.includes(source) && !source.startsWith('cli/'))) {
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    t.notMatch(code, /(?<!['"])\bprocess\.(?!getuid\b)/, file);
  }
  t.end();
});
