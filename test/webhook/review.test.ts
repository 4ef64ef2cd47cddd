import t from 'tap';
import { decodeReview, formatReviewProblems, respond } from '../../webhook/review.ts';

const line = (body: unknown): string => {
  const decoded = decodeReview(typeof body === 'string' ? body : JSON.stringify(body));
  return decoded.ok ? 'ok' : formatReviewProblems(decoded.problems);
};
const good = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u',
    operation: 'CREATE',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    namespace: 'n',
    object: { a: 1 },
  },
};

t.test('a review', async (t) => {
  t.same(decodeReview(JSON.stringify(good)), {
    ok: true,
    request: {
      uid: 'u',
      kind: '/v1/Pod',
      operation: 'CREATE',
      subResource: '',
      namespace: 'n',
      name: '',
      object: { a: 1 },
    },
  });
});

t.test('what is none, with the exact message', async (t) => {
  t.match(line('{'), /^not an AdmissionReview v1: body: not JSON: .*, got "\{"\. Send an AdmissionReview as JSON\.$/);
  t.equal(line(''), 'not an AdmissionReview v1: body: the body is empty, got "". Send an AdmissionReview as JSON.');
  t.equal(line([]), 'not an AdmissionReview v1: body: not an object, got []. Send an AdmissionReview as JSON.');
  t.equal(
    line({ ...good, apiVersion: 'admission.k8s.io/v1beta1' }),
    'not an AdmissionReview v1: apiVersion: expected "admission.k8s.io/v1", got "admission.k8s.io/v1beta1". Send "admission.k8s.io/v1".',
  );
  t.equal(
    line({ ...good, kind: 'Pod', request: undefined }),
    'not an AdmissionReview v1: kind: expected "AdmissionReview", got "Pod". Send "AdmissionReview". request: expected an object, got nothing. Give the request to review.',
  );
  t.match(
    line({ ...good, request: { ...good.request, uid: 7 } }),
    'request.uid: expected a string, got 7. Give one such as',
  );
});

t.test('an answer', async (t) => {
  const patch = [{ op: 'add' as const, path: '/a', value: 'ü' }];
  t.match(respond('u', [], []), {
    response: { uid: 'u', allowed: true, patch: undefined, patchType: undefined, warnings: undefined },
  });
  const { response } = respond('u', patch, ['w']) as {
    response: { patch: string; patchType: string; warnings: string[] };
  };
  t.same([response.patchType, response.warnings], ['JSONPatch', ['w']]);
  t.same(JSON.parse(Buffer.from(response.patch, 'base64').toString()), patch);
});
