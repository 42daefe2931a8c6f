// Between the stream objects of grpc-js and async iteration, with back pressure both ways.

import type { Readable, Writable } from 'node:stream';
import { RuntimeError } from '../../errors/index.ts';
import { createAsyncQueue } from '../async-queue.ts';
import type { AsyncQueue } from '../async-queue.ts';
import { pump } from '../pump.ts';
import type { Messages } from '../../ports/service.ts';

/** A call of grpc-js whose responses can be read. */
type ReadableCall = Readable & { cancel(): void };
/** A call of grpc-js to which requests can be written. */
type WritableCall = Writable & { cancel(): void };

/** Lets messages of a readable flow into a queue, pausing it while the queue is full. */
export function flowInto<T>(stream: Readable, queue: AsyncQueue<T>): void {
  stream.on('data', (message: T) => {
    const room = queue.put(message);
    if (room === undefined) return;
    stream.pause();
    void room.then(() => stream.resume());
  });
}

/** The responses of a call. Ending the iteration early cancels the call. */
export function readMessages<T>(call: ReadableCall, failureOf: (error: unknown) => RuntimeError): AsyncQueue<T> {
  const queue = createAsyncQueue<T>({ onReturn: () => call.cancel() });
  let failure: RuntimeError | undefined;
  // grpc-js emits the error at once and keeps what was received before it readable: `end` comes after all of that.
  call.on('error', (error) => {
    failure ??= failureOf(error);
  });
  call.on('end', () => queue.end(failure));
  flowInto(call, queue);
  return queue;
}

/** Requests on their way into a call. */
export interface Sending {
  /** Stops pulling; called when the call is over. */
  stop(): void;
  /** The error of the source, if that is what ended the call. */
  failure(): RuntimeError | undefined;
}

/** Writes requests into a call, pulling no faster than the peer takes them. A failing source cancels the call. */
export function sendMessages<T>(requests: Messages<T>, call: WritableCall): Sending {
  let failure: RuntimeError | undefined;
  const stop = pump(requests, {
    put: (message) => writeTo(call, message),
    done: (failed) => {
      if (failed === undefined) return void call.end();
      failure = RuntimeError.from(failed.error, 'UNKNOWN');
      call.cancel();
    },
  });
  return { stop, failure: () => failure };
}

/** Writes one message. Returns a promise for the next `drain` when the stream is full, as `put` of a queue does. */
export function writeTo(stream: Writable, message: unknown): Promise<void> | undefined {
  if (stream.write(message)) return undefined;
  // A call that ends while full never drains: its pump is stopped instead, and this goes with the stream.
  return new Promise((resolve) => stream.once('drain', resolve));
}
