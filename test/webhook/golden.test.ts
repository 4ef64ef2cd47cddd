import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { parse, stringify } from 'yaml';
import type { Pod } from '../../webhook/pod.ts';
import { call } from './fixtures.ts';

/** `<case>.yaml` is a pod, `<case>.injected.yaml` what becomes of it. `SIDETAIL_GOLDEN=write` writes the latter: review the diff. */
const FOLDER = new URL('./golden/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
const cases = files.filter((name) => !name.endsWith('.injected.yaml'));

/** Our annotations as objects, so that a diff of them can be read. */
function readable(pod: Pod): object {
  const annotations = Object.entries(pod.metadata?.annotations ?? {}).map(([key, value]) =>
    /^sidetail\.dev\/(?:status|resolved)$/.test(key) ? [key, JSON.parse(value)] : [key, value],
  );
  return { ...pod, metadata: { ...pod.metadata, annotations: Object.fromEntries(annotations) } };
}

t.ok(cases.length >= 6, `cases: ${cases.length}`);
for (const name of cases) {
  const golden = name.replace(/\.yaml$/, '.injected.yaml');
  const { pod } = call(parse(read(name)) as Pod);
  const text = stringify(readable(pod), { lineWidth: 120 });
  if (process.env.SIDETAIL_GOLDEN === 'write') writeFileSync(new URL(golden, FOLDER), text);
  t.equal(text, files.includes(golden) || process.env.SIDETAIL_GOLDEN ? read(golden) : 'no golden file', name);
}
const orphans = files.filter(
  (name) => name.endsWith('.injected.yaml') && !cases.includes(name.replace('.injected', '')),
);
t.same(orphans, [], 'every golden file has its case');
