/**
 * node manifests/render.ts [--check]: renders manifests/install.yaml, the chart with its defaults for people without Helm. `--check` says
 * whether the file is what the chart gives now. Needs helm (HELM, else on PATH); without it, it says so and does nothing.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'manifests/install.yaml';
const HEAD = `# sidetail without Helm: kubectl apply --server-side -f manifests/install.yaml
# Rendered from manifests/chart with its defaults by manifests/render.ts: change the chart, not this file. Put your registry before the images.
apiVersion: v1
kind: Namespace
metadata:
  name: sidetail-system
  labels: { pod-security.kubernetes.io/enforce: restricted }
`;

const args = ['template', 'sidetail', 'manifests/chart', '--namespace', 'sidetail-system', '--skip-tests'];
const { error, status, stdout, stderr } = spawnSync(process.env.HELM ?? 'helm', args, { encoding: 'utf8' });
if (error) {
  process.stdout.write('SKIPPED: manifests/install.yaml: there is no helm (put it on PATH, or its path into HELM)\n');
  process.exit(0);
}
if (status !== 0) {
  process.stderr.write(stderr);
  process.exit(1);
}
// Managed by nobody: whoever applies it is not Helm.
const text = HEAD + stdout.replace(/^ +(?:app\.kubernetes\.io\/managed-by|helm\.sh\/chart): .*\n/gm, '');
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  process.stderr.write(`${FILE} is not what the chart gives: run node manifests/render.ts\n`);
  process.exit(1);
}
