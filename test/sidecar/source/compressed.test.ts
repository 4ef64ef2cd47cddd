import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { compressionOf } from '../../../sidecar/source/compressed.ts';

t.test('what compressed files begin with', (t) => {
  t.equal(compressionOf(gzipSync('text')), 'gzip');
  t.equal(compressionOf(zstdCompressSync('text')), 'zstd');
  t.equal(compressionOf(Buffer.from('BZh91AY&SY\x0f', 'latin1')), 'bzip2');
  t.equal(compressionOf(Buffer.from('\xfd7zXZ\x00\x00', 'latin1')), 'xz');
  t.equal(compressionOf(Buffer.from('PK\x03\x04 ', 'latin1')), 'zip');
  t.end();
});

t.test('text is none', (t) => {
  for (const text of ['', 'P', 'PK in a line', 'BZh', 'BZhello world', '\ufeffwith a mark', '\0\0'])
    t.equal(compressionOf(Buffer.from(text)), undefined, JSON.stringify(text));
  t.equal(compressionOf(brotliCompressSync('text')), undefined, 'brotli has no magic number');
  t.end();
});
