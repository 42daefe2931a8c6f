import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { decoding } from '../../../src/transport/grpc/decoding.ts';

describe('decoding', () => {
  it('keeps the first coded error of the decoder, and lets it through', () => {
    const errors = [new RuntimeError('EVENT_PROTOCOL_VIOLATION', 'no'), new RuntimeError('INTERNAL', 'nor this')];
    const { decode, failure } = decoding<never>((bytes) => {
      throw errors[bytes.length] as RuntimeError;
    });

    expect(() => decode(Buffer.alloc(0))).toThrow(errors[0]);
    expect(() => decode(Buffer.alloc(1))).toThrow(errors[1]);
    expect(failure()).toBe(errors[0]);
  });

  it('leaves errors without a code to grpc-js, and has none when all went well', () => {
    const { decode, failure } = decoding((bytes) => {
      if (bytes.length === 0) throw new TypeError('no');
      return bytes.length;
    });

    expect(decode(Buffer.alloc(3))).toBe(3);
    expect(() => decode(Buffer.alloc(0))).toThrow(TypeError);
    expect(failure()).toBeUndefined();
  });
});
