import { isRuntimeError } from '../../errors/index.ts';
import type { RuntimeError } from '../../errors/index.ts';

/** Reads the responses of one call, and keeps what the decoder says of one that it refuses. */
export interface Decoding<R> {
  readonly decode: (bytes: Buffer) => R;
  /** The coded error that the decoder threw. */
  failure(): RuntimeError | undefined;
}

/** grpc-js ends a call whose response cannot be read with INTERNAL, whatever was thrown: a code of ours would be lost. */
export function decoding<R>(deserialize: (bytes: Buffer) => R): Decoding<R> {
  let failure: RuntimeError | undefined;
  return {
    decode(bytes) {
      try {
        return deserialize(bytes);
      } catch (error) {
        if (isRuntimeError(error)) failure ??= error;
        throw error;
      }
    },
    failure: () => failure,
  };
}
