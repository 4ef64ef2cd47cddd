import { isUtf8 } from 'node:buffer';

/** Decoded text, and whether every byte of it made sense. Bytes that made none are U+FFFD. */
export interface Decoded {
  readonly text: string;
  readonly valid: boolean;
}

/** How the bytes of a file are text: where its lines end, and what they say. */
export interface Encoding {
  /** As the WHATWG Encoding Standard names it, e.g. `utf-16le`, `windows-1252`. */
  readonly name: string;
  /** Bytes of a code unit: a line ending is found only at a multiple of it from the beginning of the file. */
  readonly unit: 1 | 2;
  /** Whether bytes below 0x80 are always ASCII characters. */
  readonly ascii: boolean;
  /** Position of the first line feed in `bytes[from..]`, -1 if there is none. `odd`: the bytes begin in the midst of a code unit. */
  lineFeed(bytes: Buffer, from: number, odd: boolean): number;
  /** Position just behind the last line feed, 0 if there is none. */
  afterLast(bytes: Buffer, odd: boolean): number;
  /** Whether a carriage return ends just before `end`. */
  isReturn(bytes: Buffer, end: number): boolean;
  decode(bytes: Buffer): Decoded;
  /** The last position at or before `end` (in `bytes`, at most 7 before it) where no character is cut. */
  boundary(bytes: Buffer, start: number, end: number): number;
}

const LF = 10;
const CR = 13;

const utf8: Encoding = {
  name: 'utf-8',
  unit: 1,
  ascii: true,
  lineFeed: (bytes, from) => bytes.indexOf(LF, from),
  afterLast: (bytes) => bytes.lastIndexOf(LF) + 1,
  isReturn: (bytes, end) => bytes[end - 1] === CR,
  decode: (bytes) => ({ text: bytes.toString('utf8'), valid: isUtf8(bytes) }),
  boundary(bytes, start, end) {
    for (let i = end; i > end - 4 && i > start; i--) if ((bytes[i]! & 0xc0) !== 0x80) return i;
    return end; // not UTF-8 at all
  },
};

/** A byte encoding in which a line feed is the byte 10 and nothing else: all legacy encodings that TextDecoder knows. */
function bytewise(name: string): Encoding {
  const decode = decoder(name);
  return { ...utf8, name, ascii: name !== 'iso-2022-jp', decode, boundary: (...at) => wholeBefore(decode, 1, ...at) };
}

function utf16(name: 'utf-16le' | 'utf-16be'): Encoding {
  const decode = decoder(name);
  const [low, high] = name === 'utf-16le' ? [0, 1] : [1, 0];
  const isAt = (bytes: Buffer, at: number, unit: number): boolean =>
    at >= 0 && bytes[at + low] === unit && bytes[at + high] === 0;
  return {
    name,
    unit: 2,
    ascii: false,
    lineFeed(bytes, from, odd) {
      for (let i = bytes.indexOf(LF, from); i !== -1; i = bytes.indexOf(LF, i + 1)) {
        const at = i - low;
        if (at >= from && at % 2 === Number(odd) && at + 1 < bytes.length && isAt(bytes, at, LF)) return at;
      }
      return -1;
    },
    afterLast(bytes, odd) {
      for (let i = bytes.lastIndexOf(LF); i > -1; i = i === 0 ? -1 : bytes.lastIndexOf(LF, i - 1)) {
        const at = i - low;
        if (at >= 0 && at % 2 === Number(odd) && at + 1 < bytes.length && isAt(bytes, at, LF)) return at + 2;
      }
      return 0;
    },
    isReturn: (bytes, end) => isAt(bytes, end - 2, CR),
    decode,
    boundary: (...at) => wholeBefore(decode, 2, ...at),
  };
}

function decoder(name: string): (bytes: Buffer) => Decoded {
  const strict = new TextDecoder(name, { fatal: true, ignoreBOM: true });
  const lenient = new TextDecoder(name, { ignoreBOM: true });
  return (bytes) => {
    try {
      return { text: strict.decode(bytes), valid: true };
    } catch {
      return { text: lenient.decode(bytes), valid: false };
    }
  };
}

/** A character has at most four bytes: the cut before which all is whole; else (no text of this encoding at all) at the end. */
function wholeBefore(
  decode: (bytes: Buffer) => Decoded,
  unit: number,
  bytes: Buffer,
  start: number,
  end: number,
): number {
  const whole = end - ((end - start) % unit);
  const from = Math.max(start, whole - 4096 * unit);
  for (let at = whole; at > whole - 4 && at > start; at -= unit)
    if (decode(bytes.subarray(from, at)).valid || decode(bytes.subarray(start, at)).valid) return at;
  return whole > start ? whole : end;
}

const known = new Map<string, Encoding>([['utf-8', utf8]]);

/**
 * The encoding with this label, any that TextDecoder knows (`latin1` is `windows-1252`, as on the web).
 * Throws a RangeError for one that it does not know.
 */
export function encodingOf(label: string): Encoding {
  let found = known.get(label);
  if (found === undefined) {
    const { encoding: name } = new TextDecoder(label);
    found = known.get(name) ?? (name === 'utf-16le' || name === 'utf-16be' ? utf16(name) : bytewise(name));
    known.set(name, found).set(label, found);
  }
  return found;
}

/** Byte order marks, which win over what is configured. */
const MARKS = [
  { bytes: Buffer.from([0xef, 0xbb, 0xbf]), name: 'utf-8' },
  { bytes: Buffer.from([0xff, 0xfe]), name: 'utf-16le' },
  { bytes: Buffer.from([0xfe, 0xff]), name: 'utf-16be' },
] as const;

/** The encoding of a file that begins with `head`: what its byte order mark says, else the one with this label. */
export function encodingIn(head: Buffer, label: string): Encoding {
  const mark = MARKS.find(({ bytes }) => head.subarray(0, bytes.length).equals(bytes));
  return encodingOf(mark?.name ?? label);
}

/** U+FEFF, which at the beginning of a file is a mark and no text. */
export const BYTE_ORDER_MARK = '\ufeff';
