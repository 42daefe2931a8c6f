// What host and plugin agree on: kv.proto as functions, as a code generator for grpc-js would write it. By hand, so that
// the example needs no generator: every field is a text, and protobuf writes it as number and type, length, UTF-8.

export interface Pair {
  key: string;
  value: string;
}

const TEXT = 2;

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

/** A message whose fields 1, 2, … have these values; a repeated field has many, an empty one none. */
function encode(...fields: readonly (readonly string[])[]): Buffer {
  const parts = fields.flatMap((values, index) =>
    values.flatMap((value) => {
      const text = Buffer.from(value);
      return [Buffer.of(((index + 1) << 3) | TEXT, ...varint(text.length)), text];
    }),
  );
  return Buffer.concat(parts);
}

/** The values of a field. */
function decode(bytes: Buffer, wanted: number): string[] {
  const values: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const field = (bytes[at++] ?? 0) >> 3;
    let length = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[at++] ?? 0;
      length |= (byte & 127) << shift;
      more = byte > 127;
    }
    if (field === wanted) values.push(bytes.toString('utf8', at, at + length));
    at += length;
  }
  return values;
}

const one = (bytes: Buffer, field: number): string => decode(bytes, field)[0] ?? '';
const encodeEmpty: (message: object) => Buffer = () => encode();
const decodeEmpty: (bytes: Buffer) => object = () => ({});
const unary = { requestStream: false, responseStream: false } as const;

export const KeyValueService = {
  put: {
    path: '/example.KeyValue/Put',
    ...unary,
    requestSerialize: ({ key, value }: Pair) => encode([key], [value]),
    requestDeserialize: (bytes: Buffer): Pair => ({ key: one(bytes, 1), value: one(bytes, 2) }),
    responseSerialize: encodeEmpty,
    responseDeserialize: decodeEmpty,
  },
  get: {
    path: '/example.KeyValue/Get',
    ...unary,
    requestSerialize: ({ key }: Pick<Pair, 'key'>) => encode([key]),
    requestDeserialize: (bytes: Buffer) => ({ key: one(bytes, 1) }),
    responseSerialize: ({ value }: Pick<Pair, 'value'>) => encode([value]),
    responseDeserialize: (bytes: Buffer) => ({ value: one(bytes, 1) }),
  },
  list: {
    path: '/example.KeyValue/List',
    ...unary,
    requestSerialize: encodeEmpty,
    requestDeserialize: decodeEmpty,
    responseSerialize: ({ keys }: { keys: string[] }) => encode(keys),
    responseDeserialize: (bytes: Buffer) => ({ keys: decode(bytes, 1) }),
  },
};
