import fc from 'fast-check';
import t from 'tap';
import { rawDocument, rawLine } from '../../../sidecar/schema/raw.ts';
import { logEvent } from '../fixtures.ts';

t.test('the line as it was', (t) => {
  t.equal(rawLine(logEvent({ text: '{"a":1} ' })), '{"a":1} ');
  t.end();
});

t.test('the time and the text, nothing else', (t) => {
  t.equal(rawDocument(logEvent({ text: 'a "b"' })), '{"@timestamp":"2026-01-02T03:04:05.006Z","message":"a \\"b\\""}');
  t.match(rawDocument(logEvent({ timeText: '2026-01-02T03:04:05.006007Z' })), '"2026-01-02T03:04:05.006007Z"');
  t.end();
});

t.test('property: the document is one line and gives the text back exactly', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const document = rawDocument(logEvent({ text }));
      return !document.includes('\n') && JSON.parse(document).message === text;
    }),
  );
  t.end();
});
