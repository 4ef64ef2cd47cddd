import t from 'tap';
import { nearest } from '../../contract/nearest.ts';

const KEYS = ['paths', 'exclude', 'format', 'maxLineBytes', 'onLongLine', 'fields', 'filters', 'outputs'];

t.test('finds the word that was meant', (t) => {
  for (const [typed, meant] of [
    ['formt', 'format'],
    ['fromat', 'format'],
    ['path', 'paths'],
    ['max-line-bytes', 'maxLineBytes'],
    ['MAX_LINE_BYTES', 'maxLineBytes'],
    ['output', 'outputs'],
    ['field', 'fields'],
  ] as const)
    t.equal(nearest(typed, KEYS), meant, typed);
  t.end();
});

t.test('suggests nothing when nothing is near', (t) => {
  t.equal(nearest('kubernetes', KEYS), undefined);
  t.equal(nearest('xyz', KEYS), undefined);
  t.equal(nearest('anything', []), undefined);
  t.end();
});

t.test('of several near words it takes the nearest, whatever their order', (t) => {
  t.equal(nearest('filter', ['fields', 'filters']), 'filters');
  t.equal(nearest('filter', ['filters', 'fields']), 'filters');
  t.end();
});

t.test('a swap of neighbours is one mistake, not two', (t) => {
  t.equal(nearest('ab', ['ba']), 'ba');
  t.equal(nearest('ab', ['cd']), undefined);
  t.end();
});
