// Messages as a wire would carry them: encoded on one side, checked for size and decoded on the other. What fails is told
// as callers see it over gRPC: INTERNAL or RESOURCE_EXHAUSTED, with these texts.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { MethodDescriptor } from '../../ports/plugin-connection.ts';
import { tooLargeText } from '../status.ts';

/** Carries the messages of one method. */
export interface MessageCodec {
  request(message: unknown): unknown;
  response(message: unknown): unknown;
}

/** Largest messages to take, in bytes. */
export interface MessageLimits {
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** The codec of one method: each side writes and reads by its own description of it, as over a wire. */
export function codecOf<Q, R>(
  method: MethodDescriptor<Q, R>,
  served: MethodDescriptor,
  { requestBytes, responseBytes }: MessageLimits,
): MessageCodec {
  return {
    request: (message) => decodeRequest(served, checkSize(encodeRequest(method, message as Q), requestBytes)),
    response: (message) => {
      const bytes = checkSize(encodeResponse(served, message), responseBytes);
      return attempt(RESPONSE_UNREADABLE, () => method.responseDeserialize(bytes));
    },
  };
}

/** The bytes of a request. Throws INTERNAL. */
export function encodeRequest<Q>(method: Pick<MethodDescriptor<Q>, 'requestSerialize'>, message: Q): Buffer {
  return attempt('Request message serialization failure', () => method.requestSerialize(message));
}

/** A request, as whoever serves the method reads it. Throws INTERNAL. */
export function decodeRequest<Q>(method: Pick<MethodDescriptor<Q>, 'requestDeserialize'>, bytes: Buffer): Q {
  return attempt('Error deserializing request', () => method.requestDeserialize(bytes));
}

/** The bytes of a response. Throws INTERNAL. */
export function encodeResponse<R>(method: Pick<MethodDescriptor<unknown, R>, 'responseSerialize'>, message: R): Buffer {
  return attempt('Error serializing response', () => method.responseSerialize(message));
}

/** A response, as the caller reads it. Throws INTERNAL, or what the decoder throws when that has a code. */
export function decodeResponse<R>(method: Pick<MethodDescriptor<unknown, R>, 'responseDeserialize'>, bytes: Buffer): R {
  try {
    return method.responseDeserialize(bytes);
  } catch (cause) {
    throw isRuntimeError(cause) ? cause : codecFailure(RESPONSE_UNREADABLE, cause);
  }
}

/** Throws RESOURCE_EXHAUSTED for a message above the limit of its receiver. */
export function checkSize(bytes: Buffer, maxReceiveBytes: number): Buffer {
  if (bytes.length <= maxReceiveBytes) return bytes;
  throw new RuntimeError('RESOURCE_EXHAUSTED', tooLargeText(bytes.length, maxReceiveBytes));
}

const RESPONSE_UNREADABLE = 'Response message parsing error';

function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw codecFailure(what, cause);
  }
}

function codecFailure(what: string, cause: unknown): RuntimeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RuntimeError('INTERNAL', `${what}: ${why}`, { cause });
}
