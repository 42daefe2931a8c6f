import { fc } from '@fast-check/vitest';

/** Changes one thing in some bytes. */
type Edit = (bytes: Buffer) => Buffer;

const ODD_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff];
const LONGEST = 200_000;

/** One of the captures with up to four things changed: bits, bytes, cut, repeated, spliced with another capture. */
export function editedBytes(captures: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const edits = fc.array(editOf(captures), { maxLength: 4 });
  return fc
    .tuple(fc.constantFrom(...captures), edits)
    .map(([capture, changes]) => changes.reduce((bytes, change) => change(bytes), capture).subarray(0, LONGEST));
}

function editOf(captures: readonly Buffer[]): fc.Arbitrary<Edit> {
  // Not a double: those of fast-check are nearly all next to 0.
  const where = fc.nat(10_000).map((share) => share / 10_000);
  const few = fc.oneof({ weight: 4, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(300) });
  const put = fc.oneof(
    fc.constantFrom(...ODD_BYTES).map((byte) => Buffer.of(byte)),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  );
  return fc.oneof(
    fc.tuple(where, fc.nat(7)).map(
      ([at, bit]) =>
        (old: Buffer) =>
          flipped(old, at, bit),
    ),
    fc.tuple(where, few, put).map(
      ([at, length, more]) =>
        (old: Buffer) =>
          replaced(old, at, length, more),
    ),
    fc.tuple(where, few, fc.integer({ min: 2, max: 40 })).map(
      ([at, length, times]) =>
        (old: Buffer) =>
          repeated(old, at, length, times),
    ),
    where.map((at) => (old: Buffer) => old.subarray(0, indexAt(old, at))),
    put.map((more) => (old: Buffer) => Buffer.concat([old, more])),
    fc.tuple(where, where, fc.constantFrom(...captures)).map(
      ([at, from, other]) =>
        (old: Buffer) =>
          Buffer.concat([old.subarray(0, indexAt(old, at)), other.subarray(indexAt(other, from))]),
    ),
  );
}

function indexAt({ length }: Buffer, at: number): number {
  return Math.floor(at * length);
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = Math.min(copy.length - 1, indexAt(copy, at));
  if (index >= 0) copy[index] = (copy[index] ?? 0) ^ (1 << bit);
  return copy;
}

function replaced(bytes: Buffer, at: number, length: number, put: Buffer): Buffer {
  const start = indexAt(bytes, at);
  return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + length)]);
}

function repeated(bytes: Buffer, at: number, length: number, times: number): Buffer {
  const start = indexAt(bytes, at);
  const part = bytes.subarray(start, start + length);
  return Buffer.concat([bytes.subarray(0, start), ...Array.from({ length: times }, () => part), bytes.subarray(start)]);
}
