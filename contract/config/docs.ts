/** Writes `docs/configuration.md` and `docs/configuration.schema.json` from the schema; `--check` only says whether they are fresh. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { configurationSchema } from './json-schema.ts';
import type { Field, Node } from './node.ts';
import { configuration } from './schema.ts';

const INTRO = `# Configuration of the sidecar

<!-- Generated from contract/config/schema.ts by \`npm run docs\`: change it there. -->

A file in YAML or JSON, named by \`SIDETAIL_CONFIG\`. In a pod the webhook writes it (annotation \`sidetail.dev/resolved\`). It is watched: a valid
new version takes effect within two seconds, an invalid one is reported and the old one stays. Unknown keys are errors. Sizes take
\`KiB MiB GiB KB MB GB\` or a number of bytes, durations \`ms s m h\`. Keys and values marked *later* are refused as "not supported yet".

\`\`\`yaml
inputs:
  - paths: [/var/log/app/*.log]
outputs:
  es: { type: elasticsearch, url: "https://es:9200", auth: { apiKeyFile: /etc/es/key } }
\`\`\`

Names of indices and data streams are templates: \`{namespace} {pod} {container} {node} {cluster} {input} {label:app} {annotation:x} {field:team}
{env:NAME} {+yyyy.MM.dd}\`. A missing value is \`unknown\`; what the backend forbids in a name is replaced by \`-\`.

| key | value | default | meaning |
|---|---|---|---|
`;

/** A table row for the field and one for each below it. */
function rows(path: string, field: Field<unknown>): string[] {
  const { node, presence, doc } = field;
  const value =
    presence === 'required' ? 'required' : field.default === undefined ? '' : `\`${JSON.stringify(field.default)}\``;
  const meaning = presence === 'later' ? `*later* ${doc}` : doc;
  const own = `| \`${path}\` | ${kindOf(node)} | ${presence === 'later' ? '' : value} | ${meaning} |`;
  return [own.replaceAll('\n', ' '), ...below(path, node)];
}

function below(path: string, node: Node<unknown>): string[] {
  switch (node.kind) {
    case 'never':
    case 'object':
      return Object.entries(node.fields ?? {}).flatMap(([key, field]) =>
        rows(path === '' ? key : `${path}.${key}`, field),
      );
    case 'list':
      return below(`${path}[]`, node.item!);
    case 'map':
      return below(`${path}.NAME`, node.item!);
    case 'oneOf':
      return node.options!.flatMap((option) => below(path, option));
    case 'variant':
      return Object.entries({ ...node.variants, ...node.laterVariants }).flatMap(([name, variant]) =>
        below(`${path} (${name})`, variant),
      );
    default:
      return [];
  }
}

function kindOf(node: Node<unknown>): string {
  switch (node.kind) {
    case 'enum':
      return [...node.values!.map((v) => `\`${v}\``), ...(node.later ?? []).map((v) => `*later* \`${v}\``)].join(', ');
    case 'list':
      return `list of ${kindOf(node.item!)}`;
    case 'map':
      return `map of ${kindOf(node.item!)}`;
    case 'object':
      return 'map';
    case 'variant':
      return [
        ...Object.keys(node.variants!).map((v) => `\`${v}\``),
        ...(node.later ?? []).map((v) => `*later* \`${v}\``),
      ].join(', ');
    case 'oneOf':
      return node.options!.map(kindOf).join(' or ');
    case 'size':
      return 'size';
    case 'duration':
      return 'duration';
    case 'never':
      return '*later*';
    case 'false':
      return '`false`';
    default:
      return node.expected.replace(/^an? /, '');
  }
}

const fresh = {
  'docs/configuration.md': `${INTRO}${below('', configuration).join('\n')}\n`,
  'docs/configuration.schema.json': `${JSON.stringify(configurationSchema(), null, 2)}\n`,
};
const check = process.argv.includes('--check');
mkdirSync('docs', { recursive: true });
for (const [path, text] of Object.entries(fresh)) {
  if (!check) writeFileSync(path, text);
  else if (read(path) !== text) {
    process.stderr.write(`${path} is stale: run \`npm run docs\`\n`);
    process.exitCode = 1;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
