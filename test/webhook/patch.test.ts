import t from 'tap';
import { apply, diff } from '../../webhook/patch.ts';
import type { Pod } from '../../webhook/pod.ts';

const pod = (...names: string[]): Pod => ({
  spec: { containers: [{ name: 'app' }], initContainers: names.map((name) => ({ name, image: name })) },
});
const same = (t: { same(a: unknown, b: unknown): boolean }, before: Pod, after: Pod) =>
  t.same(apply(before, diff(before, after)), after);

t.test('a container put in front is one operation', async (t) => {
  t.same(diff(pod('a', 'b'), pod('new', 'a', 'b')), [
    { op: 'add', path: '/spec/initContainers/0', value: { name: 'new', image: 'new' } },
  ]);
});

t.test('any change can be applied', async (t) => {
  same(t, pod('a', 'b'), pod('new', 'b'));
  same(t, pod('a', 'new'), pod('new', 'a'));
  same(t, pod(), pod('new'));
  same(t, pod('a'), { spec: { containers: [{ name: 'app' }] } });
  same(t, { spec: { containers: [] } }, { metadata: { annotations: { 'a/b~c': '1' } }, spec: { containers: [] } });
  t.same(diff(pod('a'), pod('a')), []);
});
