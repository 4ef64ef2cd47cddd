import fc from 'fast-check';
import t from 'tap';
import { Ledger } from '../../../sidecar/deliver/ledger.ts';
import { logFile } from '../fixtures.ts';

t.test('acked moves only over settled bytes without a gap', (t) => {
  const [ledger, file] = [new Ledger(), logFile()];
  ledger.open(file, { es: 100 });
  t.equal(ledger.acked(file), 100, 'where it began');
  ledger.settle('es', file, 120, 130);
  ledger.settle('es', file, 110, 120);
  t.equal(ledger.acked(file), 100, 'there is a gap');
  ledger.settle('es', file, 100, 110);
  t.equal(ledger.acked(file), 130, 'it is filled');
  t.end();
});

t.test('the slowest output counts', (t) => {
  const [ledger, file] = [new Ledger(), logFile()];
  ledger.open(file, { es: 0, out: 0 });
  ledger.settle('out', file, 0, 50);
  t.equal(ledger.acked(file), 0);
  ledger.settle('es', file, 0, 20);
  t.equal(ledger.acked(file), 20);
  t.same(ledger.watermarks(file), { es: 20, out: 50 });
  t.end();
});

t.test('bytes that were settled, of open files and closed ones', (t) => {
  const [ledger, file] = [new Ledger(), logFile()];
  ledger.open(file, { es: 0, out: 0 });
  ledger.settle('es', file, 0, 10);
  ledger.close(file);
  ledger.settle('es', file, 10, 15);
  t.same([ledger.bytes('es'), ledger.bytes('out')], [15, 0]);
  t.end();
});

t.test('other outputs from some byte on: each counts for what it was to get', (t) => {
  const [ledger, file] = [new Ledger(), logFile()];
  ledger.open(file, { es: 0 });
  ledger.settle('es', file, 0, 40);
  ledger.route(file, 100, { other: 100 });
  ledger.settle('other', file, 100, 150);
  t.equal(ledger.acked(file), 40, 'what was read for the first one is not settled yet');
  ledger.settle('es', file, 40, 100);
  t.equal(ledger.acked(file), 150, 'and then it does not count any more');
  ledger.route(file, 150, { es: 150, other: 150 });
  t.equal(ledger.acked(file), 150, 'what it did not get in between is no business of it');
  ledger.settle('es', file, 150, 160);
  ledger.settle('other', file, 150, 170);
  t.equal(ledger.acked(file), 160);
  t.end();
});

t.test('an output that is no more counts for nothing', (t) => {
  const [ledger, file] = [new Ledger(), logFile()];
  ledger.open(file, { es: 0, out: 0 });
  ledger.settle('out', file, 0, 50);
  ledger.settle('es', file, 0, 10);
  ledger.forget('es');
  t.same([ledger.acked(file), ledger.bytes('es')], [50, 0]);
  t.end();
});

t.test('bug: ranges beyond the watermark were kept one by one while one request was behind', (t) => {
  const [ledger, file] = [new Ledger(), logFile()];
  ledger.open(file, { es: 0 });
  for (let at = 10; at < 5000; at += 10) ledger.settle('es', file, at, at + 10);
  for (let at = 9000; at > 5000; at -= 10) ledger.settle('es', file, at, at + 10);
  t.equal(ledger.gaps('es', file), 2);
  ledger.settle('es', file, 5000, 5010);
  t.equal(ledger.gaps('es', file), 1);
  ledger.settle('es', file, 0, 10);
  t.same([ledger.acked(file), ledger.gaps('es', file)], [9010, 0]);
  t.end();
});

t.test('files and outputs that it does not know are ignored', (t) => {
  const [ledger, file] = [new Ledger(), logFile()];
  ledger.settle('es', file, 0, 10);
  t.equal(ledger.acked(file), 0);
  t.same(ledger.watermarks(file), {});
  ledger.open(file, { es: 0 });
  ledger.settle('other', file, 0, 10);
  t.equal(ledger.acked(file), 0);
  ledger.close(file);
  ledger.settle('es', file, 0, 10);
  t.equal(ledger.acked(file), 0);
  ledger.open(file, {});
  t.equal(ledger.acked(file), 0, 'no output wants it');
  t.end();
});

t.test('two files with the same path are two files', (t) => {
  const [ledger, a, b] = [new Ledger(), logFile(), logFile()];
  ledger.open(a, { es: 0 });
  ledger.open(b, { es: 0 });
  ledger.settle('es', a, 0, 10);
  t.same([ledger.acked(a), ledger.acked(b)], [10, 0]);
  t.end();
});

t.test('bug: bytes cut into other ranges than before a reload never moved the checkpoint again', (t) => {
  const [ledger, file] = [new Ledger(), logFile()];
  ledger.open(file, { es: 100 });
  ledger.settle('es', file, 0, 90);
  t.equal(ledger.acked(file), 100, 'nothing of it is new');
  ledger.settle('es', file, 90, 200);
  ledger.settle('es', file, 200, 250);
  t.equal(ledger.acked(file), 250);
  t.end();
});

t.test('property: of ranges that overlap, acked is the end of what they cover without a gap', (t) => {
  const ranges = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 })), { maxLength: 25 });
  fc.assert(
    fc.property(ranges, (ranges) => {
      const [ledger, file] = [new Ledger(), logFile()];
      ledger.open(file, { es: 0 });
      const covered = new Set<number>();
      return ranges.every(([start, bytes]) => {
        ledger.settle('es', file, start, start + bytes);
        for (let i = start; i < start + bytes; i++) covered.add(i);
        let end = 0;
        while (covered.has(end)) end += 1;
        return ledger.acked(file) === end;
      });
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('property: in whatever order, acked is the end of the settled prefix', (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.nat()), (bytes, order) => {
      const ranges: { start: number; end: number }[] = [];
      for (const size of bytes) {
        const start = ranges.at(-1)?.end ?? 0;
        ranges.push({ start, end: start + size });
      }
      const [ledger, file] = [new Ledger(), logFile()];
      ledger.open(file, { es: 0 });
      const done = new Set<number>();
      const left = ranges.map((_, i) => i);
      while (left.length > 0) {
        const [i] = left.splice(order.next().value! % left.length, 1) as [number];
        ledger.settle('es', file, ranges[i]!.start, ranges[i]!.end);
        done.add(i);
        const gap = ranges.findIndex((_, at) => !done.has(at));
        if (ledger.acked(file) !== (gap === -1 ? ranges.at(-1)!.end : ranges[gap]!.start)) return false;
      }
      return true;
    }),
  );
  t.end();
});
