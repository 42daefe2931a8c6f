import { RuntimeError } from '../../errors/index.ts';
import type { MethodDescriptor } from '../../ports/plugin-connection.ts';
import { tooLargeText } from '../status.ts';

/** Carries messages as a wire would: encoded on one side, checked for size and decoded on the other. */
export interface MessageCodec {
  request(message: unknown): unknown;
  response(message: unknown): unknown;
}

/**
 * The codec of one method: each side writes and reads by its own description of it, as over a wire. It throws what
 * callers see over gRPC: INTERNAL or RESOURCE_EXHAUSTED, with these texts.
 */
export function codecOf<Q, R>(
  method: MethodDescriptor<Q, R>,
  served: MethodDescriptor,
  maxReceiveBytes: number,
): MessageCodec {
  const check = (bytes: Buffer): Buffer => {
    if (bytes.length <= maxReceiveBytes) return bytes;
    throw new RuntimeError('RESOURCE_EXHAUSTED', tooLargeText(bytes.length, maxReceiveBytes));
  };
  return {
    request: (message) => {
      const bytes = attempt('Request message serialization failure', () => method.requestSerialize(message as Q));
      check(bytes);
      return attempt('Error deserializing request', () => served.requestDeserialize(bytes));
    },
    response: (message) => {
      const bytes = attempt('Error serializing response', () => served.responseSerialize(message));
      check(bytes);
      return attempt('Response message parsing error', () => method.responseDeserialize(bytes));
    },
  };
}

function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RuntimeError('INTERNAL', `${what}: ${why}`, { cause });
  }
}
