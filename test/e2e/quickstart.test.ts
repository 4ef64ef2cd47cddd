import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { installed, SYSTEM } from './installation.ts';
import { eventually, kubectl, run } from './kubernetes.ts';

/** README's way into a cluster, word by word, but for the images, which this cluster has instead of a registry; and the manifest without Helm. */

const own = process.env.SIDETAIL_E2E_OWN === '1';
const skip = own ? false : 'the images are in no registry that is known here';

const folder = t.testdir({});

t.teardown(async () => {
  await kubectl('delete', '-f', 'manifests/examples/quickstart.yaml', '--ignore-not-found', '--wait=false');
  await installed(t.testdir());
});

async function sees(text: RegExp): Promise<boolean> {
  const { stdout } = await run('kubectl', ['logs', 'deployment/quickstart', '-c', 'sidetail', '--tail=20']);
  return text.test(stdout);
}

t.test("README's quick start", { skip }, async (t) => {
  await run('helm', ['uninstall', 'sidetail', '--namespace', SYSTEM, '--wait']);
  const block = /## In a cluster[^`]*```sh\n([^`]*)```/.exec(readFileSync('README.md', 'utf8'))![1]!;
  const commands = block
    .split('\n')
    .filter((line) => line !== '' && !/docker build|--follow|^export REGISTRY/.test(line));
  t.equal(commands.length, 3, commands.join('\n'));
  const { code, stdout, stderr } = await run('bash', [
    '-euo',
    'pipefail',
    '-c',
    `REGISTRY=localhost\n${commands.join('\n')}`,
  ]);
  t.equal(code, 0, `${stdout}${stderr}`);
  await eventually(() => sees(/INFO {2}order \d+ was placed/), 'the lines are on the standard output of the sidecar');
});

t.test('the manifest without Helm', { skip }, async (t) => {
  await run('helm', ['uninstall', 'sidetail', '--namespace', SYSTEM, '--wait']);
  await kubectl('delete', '-f', 'manifests/examples/quickstart.yaml', '--wait');
  const file = `${folder}/install.yaml`;
  writeFileSync(
    file,
    readFileSync('manifests/install.yaml', 'utf8').replaceAll('image: sidetail-', 'image: localhost/sidetail-'),
  );
  await kubectl('apply', '--server-side', '-f', file);
  await kubectl('-n', SYSTEM, 'rollout', 'status', 'deployment/sidetail-webhook', '--timeout=120s');
  const arrived = await eventually(async () => {
    await run('kubectl', ['delete', '-f', 'manifests/examples/quickstart.yaml', '--wait']);
    await kubectl('apply', '-f', 'manifests/examples/quickstart.yaml');
    await kubectl('rollout', 'status', 'deployment/quickstart', '--timeout=120s');
    return sees(/INFO {2}order \d+ was placed/);
  }, 'a pod is injected');
  t.ok(arrived, 'lines arrive');
  await kubectl('apply', '--server-side', '-f', file); // a second time: nothing is in the way
  await kubectl('delete', '-f', file, '--wait');
});
