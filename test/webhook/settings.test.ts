import { readFile } from 'node:fs/promises';
import t from 'tap';
import { formatProblem } from '../../contract/config/problem.ts';
import { decodeSettings, decodeSettingsText } from '../../webhook/settings.ts';
import { RAW_SETTINGS } from './fixtures.ts';

const problems = (value: unknown): string[] => {
  const decoded = decodeSettings(value);
  return decoded.ok ? [] : decoded.problems.map(formatProblem);
};

t.test('defaults, and profile values kept as they were written', async (t) => {
  const decoded = decodeSettings(RAW_SETTINGS);
  if (!decoded.ok) return t.fail(JSON.stringify(decoded.problems));
  const { value } = decoded;
  t.same(value.listen, { host: '0.0.0.0', port: 8443 });
  t.same(value.resources, { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } });
  t.same(value.profiles.get('default')?.rest, { memoryBudget: '16MiB' });
  t.same(value.profiles.get('default')?.defaultOutputs, ['es']);
  t.same(value.profiles.get('lines')?.defaultOutputs, ['out'], 'all, where none is named');
});

t.test('every problem is listed, with its path', async (t) => {
  const wrong = {
    imgae: 'x',
    tls: { certFile: 'a', mod: 'self' },
    listen: { port: 70000 },
    resources: { limits: { memory: 'much' } },
    profiles: {
      default: {
        formt: 'json',
        paths: ['/etc/x.log'],
        memoryBudget: 'lots',
        outputs: { es: { type: 'elasticsearch' } },
      },
    },
  };
  t.same(problems(wrong).toSorted(), [
    'image: the key is missing. Give a string that is not empty.',
    'imgae: unknown key "imgae". Did you mean "image"?',
    'listen.port: 70000 is out of range. Use a port from 0 to 65535, between 0 and 65535.',
    'profiles.default.formt: unknown key "formt". Did you mean "format"?',
    'profiles.default.memoryBudget: expected a size such as 5MiB or a number of bytes, got "lots". Give a size such as 5MiB or a number of bytes.',
    'profiles.default.outputs.es.url: the key is missing. Give an http:// or https:// URL, or a list.',
    'profiles.default.paths[0]: /etc is not a place for logs. Log to another folder, e.g. /var/log/app.',
    'resources.limits.memory: "much" is not a quantity. Write one as Kubernetes does: 10m, 0.5, 64Mi.',
    'tls.mod: unknown key "mod". Did you mean "mode"?',
  ]);
  t.same(problems({ ...RAW_SETTINGS, tls: { certFile: 'a' } }), [
    'tls.keyFile: the key is missing. Give a string that is not empty.',
  ]);
  t.same(problems({ ...RAW_SETTINGS, tls: { mode: 'self', validity: '1s' } }).length, 1, 'too short a life');
  t.same(problems({ ...RAW_SETTINGS, tls: { mode: 'self' } }), []);
});

t.test('bug: a request above the limit was taken, and every injected pod refused by the API server', async (t) => {
  const of = (requests: object, limits: object) => problems({ ...RAW_SETTINGS, resources: { requests, limits } });
  t.same(of({ memory: '256Mi' }, {}), [
    'resources.limits.memory: the request 256Mi is more than the limit 128Mi. Give a limit of at least 256Mi.',
  ]);
  t.equal(of({}, { cpu: '5m' }).length, 1, 'the default request is 10m');
  t.same(of({ cpu: 1, memory: '1e6' }, { cpu: '1000m', memory: '1M' }), []);
});

t.test('a secret in a profile is refused without showing it: it would stand in annotations of pods', async (t) => {
  const es = { type: 'elasticsearch', url: 'http://es:9200', auth: { username: 'u', password: 'hunter2' } };
  const [problem, ...more] = problems({ ...RAW_SETTINGS, profiles: { default: { outputs: { es } } } });
  t.same(more, []);
  t.match(problem, /^profiles\.default\.outputs\.es\.auth\.password: .*passwordFile: \/etc\/sidetail\/secret\/KEY/);
  t.notMatch(problem, /hunter2/);
  t.same(
    problems({ ...RAW_SETTINGS, profiles: { default: { secret: 'No Secret', outputs: { out: { type: 'stdout' } } } } }),
    ['profiles.default.secret: "No Secret" is not the name of a Secret. Use lower case letters, digits, "-" and ".".'],
  );
});

t.test("rules between keys, the sidecar's own among them", async (t) => {
  const es = { type: 'elasticsearch', url: 'http://es:9200', index: 'a', dataStream: 'b' };
  const profiles = { main: { output: ['ess'], outputs: { es } } };
  t.same(problems({ ...RAW_SETTINGS, defaultProfile: 'mian', profiles }), [
    'profiles.main.output[0]: there is no output "ess". Did you mean "es"?',
    'profiles.main.outputs.es: both dataStream and index are given. Remove one of them.',
    'defaultProfile: there is no profile "mian". Did you mean "main"?',
  ]);
  t.same(problems({ ...RAW_SETTINGS, profiles: {} }), [
    'profiles: no profile is given. Give at least one, best named `default`.',
  ]);
});

t.test('the text of a file', async (t) => {
  const example = await readFile(new URL('../../manifests/examples/webhook.yaml', import.meta.url), 'utf8');
  t.ok((await decodeSettingsText(example)).ok, 'the example');
  const empty = await decodeSettingsText('# nothing\n');
  t.match(empty, {
    ok: false,
    problems: [{ problem: 'the file is empty', fix: 'Give at least `tls`, `image` and `profiles`.' }],
  });
  t.match(await decodeSettingsText('a: [1'), { ok: false, problems: [{ problem: /^not valid YAML or JSON/ }] });
});
