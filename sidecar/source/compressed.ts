/** How compressed files begin (file(1)'s magic numbers). */
const MAGIC: Readonly<Record<string, Buffer>> = {
  gzip: Buffer.from([0x1f, 0x8b]),
  zstd: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
  xz: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
  bzip2: Buffer.from('BZh'),
  zip: Buffer.from('PK\x03\x04', 'latin1'),
};
/** A bzip2 file goes on with a digit and pi. */
const PI = Buffer.from([0x31, 0x41, 0x59, 0x26, 0x53, 0x59]);

/** What a file is compressed with that begins so; undefined: it is not. Its lines were read before it was compressed. */
export function compressionOf(start: Buffer): string | undefined {
  const name = Object.keys(MAGIC).find((one) => start.subarray(0, MAGIC[one]!.length).equals(MAGIC[one]!));
  return name === 'bzip2' && !start.subarray(4, 10).equals(PI) ? undefined : name;
}
