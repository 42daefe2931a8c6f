// Service implementations as handlers of grpc-js.
//
// Invariants:
//   H1. Every call is answered exactly once: with the response, or with the status of what the handler threw.
//   H2. When the caller is gone, the handler's signal aborts and its iterator is returned; nothing is written any more.
//   H3. `finished` is called exactly once per started call.
//   H4. A call with a stream of requests that is not refused at once is accepted, with header fields, before its response:
//       its caller need not send into the dark.

import { setImmediate } from 'node:timers';
import { Metadata } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import type { Readable, Writable } from 'node:stream';
import { RuntimeError } from '../../errors/index.ts';
import type { MethodDescriptor } from '../../ports/plugin-connection.ts';
import { createAsyncQueue } from '../async-queue.ts';
import type { AsyncQueue } from '../async-queue.ts';
import { pump } from '../pump.ts';
import { kindOf } from '../../ports/service.ts';
import type { CallContext, Messages } from '../../ports/service.ts';
import { cancelledError, statusOf } from '../status.ts';
import { GrpcCallContext } from './call-context.ts';
import { afterRoundTrip } from './end-of-requests.ts';
import type { ServerCall } from './call-context.ts';
import { flowInto, writeTo } from './message-flow.ts';

/** Told when a call starts; returns what to call when it is over. */
export type CallObserver = (path: string) => () => void;

type UnaryLike = (input: unknown, context: CallContext) => unknown;
type StreamLike = (input: unknown, context: CallContext) => Messages<unknown>;

/** The grpc-js handler for one method. */
export function handlerFor(
  method: MethodDescriptor,
  implementation: (...values: never[]) => unknown,
  observe: CallObserver,
): UntypedHandleCall {
  const { path } = method;
  const one = implementation as UnaryLike;
  const many = implementation as StreamLike;
  switch (kindOf(method)) {
    case 'unary':
      return (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>) =>
        answerOne(path, call, () => call.request, one, reply, observe(path));
    case 'clientStream':
      return (call: ServerReadableStream<unknown, unknown>, reply: sendUnaryData<unknown>) => {
        const isAnswered = answerOne(path, call, () => requestsOf(path, call), one, reply, observe(path));
        // H4. In a turn of its own: a handler that refuses the call does so before.
        setImmediate(() => {
          if (!isAnswered() && !call.cancelled) call.sendMetadata(new Metadata());
        });
      };
    case 'serverStream':
      return (call: ServerWritableStream<unknown, unknown>) =>
        answerMany(method, call, () => call.request, many, observe(path));
    case 'bidiStream':
      return (call: ServerDuplexStream<unknown, unknown>) =>
        answerMany(method, call, () => requestsOf(path, call), many, observe(path));
  }
}

function answerOne(
  path: string,
  call: ServerCall,
  input: () => unknown,
  implementation: UnaryLike,
  reply: sendUnaryData<unknown>,
  finished: () => void,
): () => boolean {
  const context = new GrpcCallContext(path, call);
  let isAnswered = false;
  const succeed = (response: unknown): void => {
    isAnswered = true;
    context.answered();
    reply(null, response);
    finished();
  };
  const fail = (error: unknown): void => {
    isAnswered = true;
    context.answered();
    reply(statusOf(error));
    finished();
  };
  try {
    const result = implementation(input(), context);
    // A handler that answers at once does not pay for a promise.
    if (isThenable(result)) result.then(succeed, fail);
    else succeed(result);
  } catch (error) {
    fail(error);
  }
  return () => isAnswered;
}

function answerMany(
  method: MethodDescriptor,
  call: ServerCall & Writable,
  input: () => unknown,
  implementation: StreamLike,
  finished: () => void,
): void {
  const context = new GrpcCallContext(method.path, call);
  const fail = (error: unknown): void => {
    context.answered();
    // grpc-js's way to end a stream with a status: messages written before still go out first.
    call.emit('error', statusOf(error));
    finished();
  };
  try {
    const stop = pump(implementation(input(), context), {
      put: (message) => writeTo(call, encode(method, message)),
      done: (failure) => {
        if (failure !== undefined) return fail(failure.error);
        context.answered();
        call.end();
        finished();
      },
    });
    call.once('cancelled', () => {
      if (stop()) finished();
    });
  } catch (error) {
    fail(error);
  }
}

/** Throws what grpc-js answers when a response of a unary call cannot be encoded. */
function encode(method: MethodDescriptor, response: unknown): Buffer {
  try {
    return method.responseSerialize(response);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RuntimeError('INTERNAL', `Error serializing response: ${why}`, { cause });
  }
}

/** The requests of a call. A handler that ends the iteration early lets the rest flow by unread. */
function requestsOf(path: string, call: ServerCall & Readable): AsyncQueue<unknown> {
  const queue = createAsyncQueue<unknown>();
  // An upload that was cancelled must not look complete.
  call.on('end', () => afterRoundTrip(call, () => queue.end()));
  call.once('cancelled', () => queue.end(cancelledError(path, 'the caller gave up or its deadline passed')));
  flowInto(call, queue);
  return queue;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
