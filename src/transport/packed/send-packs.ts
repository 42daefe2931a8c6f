import { RuntimeError } from '../../errors/index.ts';
import type { MethodDescriptor } from '../../ports/plugin-connection.ts';
import { pump } from '../pump.ts';
import type { PackedStream } from './packed-stream.ts';

/**
 * Sends packs of requests into an open call, pulling no faster than the peer takes them, and waits for the response. A
 * failing source cancels the call.
 */
export async function sendPacks<Q, R>(
  stream: PackedStream,
  method: MethodDescriptor<Q, R>,
  packs: AsyncIterable<readonly Q[]>,
): Promise<R> {
  let failure: RuntimeError | undefined;
  const stop = pump(packs, {
    put: (pack) => (stream.write(pack.map(method.requestSerialize)) ? undefined : drained(stream)),
    done: (failed) => {
      // How the call ends is asked below.
      if (failed === undefined) return void stream.end().catch(() => undefined);
      failure = RuntimeError.from(failed.error, 'UNKNOWN');
      stream.cancel();
    },
  });
  await stream.ended;
  stop();
  if (failure !== undefined) throw failure;
  return method.responseDeserialize(await stream.end());
}

/** A call that ends while full never drains: its pump is stopped instead, and this goes with the stream. */
function drained(stream: PackedStream): Promise<void> {
  return new Promise((resolve) => stream.onDrain(resolve));
}
