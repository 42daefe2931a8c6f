import type { IncomingMessage } from 'node:http';
import { RuntimeError } from '../../errors/index.ts';

/**
 * The body of a request, up to a number of bytes.
 *
 * Rejects with RESOURCE_EXHAUSTED past it, and with CANCELLED when it does not come to its end.
 */
export async function* limitedBody(
  request: IncomingMessage,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const data = chunk as Uint8Array;
      bytes += data.byteLength;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      yield data;
    }
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    throw new RuntimeError('CANCELLED', 'the body did not come to its end', {
      cause: signal.aborted ? signal.reason : cause,
    });
  }
}

/** What is said about a body that is too large. */
export function tooLarge(maxBytes: number): RuntimeError {
  return new RuntimeError('RESOURCE_EXHAUSTED', `the body has more than ${maxBytes} bytes`, { details: { maxBytes } });
}
