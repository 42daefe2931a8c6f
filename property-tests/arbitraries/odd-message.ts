import { fc } from '@fast-check/vitest';

/** A protobuf message of fields as they come: numbers, types, lengths and contents need not fit together. */
export function oddMessage(): fc.Arbitrary<Buffer> {
  const number = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) },
    fc.constantFrom(0, 15, 16, 2 ** 29 - 1),
  );
  const tag = fc.tuple(number, fc.nat(7)).map(([field, type]) => varint((BigInt(field) << 3n) | BigInt(type)));
  const anyVarint = fc.oneof(
    fc.nat(300).map(BigInt),
    fc.constantFrom(2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n),
  );
  const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
  const content = fc.oneof(
    anyVarint.map(varint),
    bytes.map((array) => Buffer.concat([varint(BigInt(array.length)), array])),
    // A length that is none of its content.
    fc.tuple(anyVarint, bytes).map(([length, array]) => Buffer.concat([varint(length), array])),
    bytes,
    fc.constant(Buffer.alloc(11, 0x80)),
  );
  const field = fc.tuple(tag, content).map((parts) => Buffer.concat(parts));
  return fc.array(field, { maxLength: 5 }).map((fields) => Buffer.concat(fields));
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}
