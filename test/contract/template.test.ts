import t from 'tap';
import { parseTemplate } from '../../contract/template.ts';

t.test('every placeholder of the contract', (t) => {
  t.same(parseTemplate('a-{namespace}{pod}{container}{node}{cluster}{input}'), {
    parts: [
      { kind: 'text', text: 'a-' },
      ...['namespace', 'pod', 'container', 'node', 'cluster', 'input'].map((name) => ({ kind: 'pod', name })),
    ],
  });
  t.same(parseTemplate('{label:app}-{annotation:a.b/c}-{field:team}-{env:NAME}-{+yyyy.MM.dd}'), {
    parts: [
      { kind: 'label', name: 'app' },
      { kind: 'text', text: '-' },
      { kind: 'annotation', name: 'a.b/c' },
      { kind: 'text', text: '-' },
      { kind: 'field', name: 'team' },
      { kind: 'text', text: '-' },
      { kind: 'env', name: 'NAME' },
      { kind: 'text', text: '-' },
      { kind: 'date', pattern: 'yyyy.MM.dd' },
    ],
  });
  t.same(parseTemplate('{label:a:b}'), { parts: [{ kind: 'label', name: 'a:b' }] }, 'a name may hold a colon');
  t.same(parseTemplate('plain'), { parts: [{ kind: 'text', text: 'plain' }] });
  t.same(parseTemplate(''), { parts: [] });
  t.end();
});

t.test('what is wrong, and how to mend it', (t) => {
  const braces = 'Close each { with one }.';
  t.same(parseTemplate('a-{pod'), { problem: '"{" without "}" in "a-{pod"', fix: braces });
  t.same(parseTemplate('a}-{pod}'), { problem: '"}" without "{" in "a}-{pod}"', fix: braces });
  t.same(parseTemplate('{pod}}'), { problem: '"}" without "{" in "{pod}}"', fix: braces });
  t.same(parseTemplate('{namespce}'), { problem: 'unknown placeholder {namespce}', fix: 'Did you mean {namespace}?' });
  t.same(parseTemplate('{lable:app}'), {
    problem: 'unknown placeholder {lable:app}',
    fix: 'Did you mean {label:NAME}?',
  });
  t.same(parseTemplate('{label:}'), { problem: 'unknown placeholder {label:}', fix: 'Did you mean {label:NAME}?' });
  t.same(parseTemplate('{pod:x}'), { problem: 'unknown placeholder {pod:x}', fix: 'Did you mean {pod}?' });
  t.same(parseTemplate('{zzzzzzzz}'), {
    problem: 'unknown placeholder {zzzzzzzz}',
    fix: 'Known: {namespace} {pod} {container} {node} {cluster} {input} {label:NAME} {annotation:NAME} {field:NAME} {env:NAME} {+yyyy.MM.dd}.',
  });
  t.end();
});

t.test('dates', (t) => {
  for (const pattern of ['yyyy', 'yyyy.MM', 'yyyy-MM-dd_HH', 'yyyyMMddHH'])
    t.same(parseTemplate(`{+${pattern}}`), { parts: [{ kind: 'date', pattern }] }, pattern);
  for (const pattern of ['', 'YYYY.MM.dd', 'yyyy.mm.dd', 'yyyy w', '%Y'])
    t.same(
      parseTemplate(`{+${pattern}}`),
      { problem: `unknown date pattern in {+${pattern}}`, fix: 'Use yyyy, MM, dd and HH, e.g. {+yyyy.MM.dd}.' },
      pattern,
    );
  t.end();
});
