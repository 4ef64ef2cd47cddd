import { readFileSync } from 'node:fs';
import t from 'tap';
import { FLAGS, REASONS } from '../sidecar/types.ts';
import { REASONS as ADMISSION_REASONS } from '../webhook/reasons.ts';

t.test('every reason and flag has its place in docs/operations.md', (t) => {
  const text = readFileSync('docs/operations.md', 'utf8');
  for (const reason of REASONS) t.match(text, `\`${reason}\``, reason);
  for (const flag of Object.keys(FLAGS)) t.match(text, `\`${flag}\``, flag);
  for (const [reason, sentence] of Object.entries(ADMISSION_REASONS))
    t.match(text, `| \`${reason}\` | ${sentence} |`, reason);
  t.end();
});

t.test('the documents that README points to are there', (t) => {
  for (const [, path] of readFileSync('README.md', 'utf8').matchAll(/\]\(([^)]+)\)/g))
    t.ok(readFileSync(path!), `${path} is there`);
  t.end();
});
