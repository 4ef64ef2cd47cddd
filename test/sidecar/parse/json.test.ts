import fc from 'fast-check';
import t from 'tap';
import { json } from '../../../sidecar/parse/json.ts';

t.test('an object is one, and nothing else', (t) => {
  t.match(json('{"a":1}'), { fields: { a: 1 }, isJson: true, exact: undefined });
  for (const text of ['[1]', '1', '"x"', 'null', '{"a":1', 'a', '']) t.equal(json(text), undefined, text);
  t.end();
});

t.test('bug: two fields of one name had the document refused; the last one counts, with every digit', (t) => {
  const found = json('{"msg":"once","n":12345678901234567890,"a":[{"b":1,"b":2}],"msg":"twice"}')!;
  t.equal(JSON.stringify(found.exact), '{"msg":"twice","n":12345678901234567890,"a":[{"b":2}]}');
  t.equal(json('{"a\\u0062":1,"ab":2}')!.exact?.ab, 2, 'also where one is written otherwise');
  t.end();
});

t.test('property: what has no name twice is left as it was written', (t) => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      (value) => json(JSON.stringify(value))!.exact === undefined,
    ),
    { numRuns: 2000 },
  );
  t.end();
});
