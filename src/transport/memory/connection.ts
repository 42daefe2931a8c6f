// A connection to services in the same process, for plugins that run in-process and for tests.
//
// Invariants:
//   M1. What callers and handlers see is what they see over gRPC: codes, texts, cancellation, deadlines, copies of
//       messages, back pressure. One suite of tests runs against both.
//   M2. Time comes from the clock that is given; nothing else here waits, except for other turns of the event loop when
//       there is a scheduler.
//   M3. A handler runs after the call that caused it has returned, never inside of it.

import { CODES, RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CallOptions, MethodDescriptor, PeerIdentity, PluginConnection } from '../../ports/plugin-connection.ts';
import { createAsyncQueue } from '../async-queue.ts';
import type { AsyncQueue } from '../async-queue.ts';
import { lazily } from '../lazily.ts';
import { pump } from '../pump.ts';
import type { Scheduler } from '../../ports/scheduler.ts';
import type { Messages, ServedService } from '../../ports/service.ts';
import { cancelledError, closedError, DEFAULT_MAX_RECEIVE_BYTES, errorOfStatus, statusOf } from '../status.ts';
import { codecOf } from './codec.ts';
import type { MessageCodec, MessageLimits } from './codec.ts';
import { MemoryCall } from './memory-call.ts';
import { accept, methodsOf, unimplemented } from './served-methods.ts';
import type { Handler, ServedMethod } from './served-methods.ts';
import { Turns } from './turns.ts';

/** Options of a memory connection. */
export interface MemoryConnectionOptions {
  /** Times the deadlines of calls. */
  readonly clock: Clock;
  /** Who the services are, for the caller. Default: not authenticated. */
  readonly peer?: PeerIdentity;
  /** Who calls, for the handlers. Default: not authenticated. */
  readonly caller?: PeerIdentity;
  /** Largest encoded message to take, in bytes, in both directions. Default 64 MiB. */
  readonly maxReceiveBytes?: number;
  /** Largest request that the services take, in bytes. Default: `maxReceiveBytes`. */
  readonly maxRequestBytes?: number;
  /** Told once, when the connection is closed or lost. */
  readonly onClose?: () => void;
  /** Gives timers and sockets their turn while messages pass. Default: messages pass as fast as both sides are. */
  readonly scheduler?: Scheduler;
}

/** A `PluginConnection` in memory. Whoever makes it closes it. */
export interface MemoryConnection extends PluginConnection {
  /** Calls that are open now. */
  readonly inFlight: number;
  /** Settles when no call is open. */
  idle(): Promise<void>;
  /**
   * Ends every open call with UNAVAILABLE, as the end of a process ends those over a socket, and refuses further ones.
   * Idempotent.
   */
  lose(): void;
}

/** Connects to services without a wire in between. */
export function createMemoryConnection(
  services: readonly ServedService[],
  options: MemoryConnectionOptions,
): MemoryConnection {
  return new DirectConnection(services, options);
}

const ANONYMOUS: PeerIdentity = { fingerprint: undefined };

/** A call on its way, with all that both sides need. */
interface Started {
  readonly call: MemoryCall;
  readonly handler: Handler;
  readonly codec: MessageCodec;
}

class DirectConnection implements MemoryConnection {
  readonly peer: PeerIdentity;
  readonly #caller: PeerIdentity;
  readonly #clock: Clock;
  readonly #limits: MessageLimits;
  readonly #served: ReadonlyMap<string, ServedMethod>;
  readonly #open = new Set<MemoryCall>();
  readonly #idle: (() => void)[] = [];
  readonly #onClose: (() => void) | undefined;
  readonly #turns: Turns;
  #closed = false;

  constructor(services: readonly ServedService[], options: MemoryConnectionOptions) {
    this.peer = options.peer ?? ANONYMOUS;
    this.#caller = options.caller ?? ANONYMOUS;
    this.#clock = options.clock;
    const { maxReceiveBytes = DEFAULT_MAX_RECEIVE_BYTES, maxRequestBytes = maxReceiveBytes } = options;
    this.#limits = { requestBytes: maxRequestBytes, responseBytes: maxReceiveBytes };
    this.#served = methodsOf(services);
    this.#onClose = options.onClose;
    this.#turns = new Turns(options.scheduler);
  }

  get inFlight(): number {
    return this.#open.size;
  }

  unary<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): Promise<R> {
    return this.#single(method, options, ({ codec }) => codec.request(request));
  }

  clientStream<Q, R>(method: MethodDescriptor<Q, R>, requests: Messages<Q>, options?: CallOptions): Promise<R> {
    return this.#single(method, options, (started) => this.#feed(started, requests));
  }

  serverStream<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): AsyncIterable<R> {
    return this.#stream(method, options, ({ codec }) => codec.request(request));
  }

  bidiStream<Q, R>(method: MethodDescriptor<Q, R>, requests: Messages<Q>, options?: CallOptions): AsyncIterable<R> {
    return this.#stream(method, options, (started) => this.#feed(started, requests));
  }

  idle(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  close(): void {
    this.#end(({ path }) => closedError(path));
  }

  lose(): void {
    const status = { code: CODES.UNAVAILABLE.grpc, details: 'the other side has ended' };
    this.#end(({ path }) => errorOfStatus(status, { path, maxReceiveBytes: 0, isLost: true }));
  }

  /** A call with one response. */
  #single<Q, R>(method: MethodDescriptor<Q, R>, options: CallOptions | undefined, input: Input): Promise<R> {
    return new Promise((resolve, reject) => {
      const started = this.#start(method, options);
      const { call, codec, handler } = started;
      let response: unknown;
      call.onEnd((error) => (error === undefined ? resolve(response as R) : reject(error)));
      const answer = async (): Promise<void> => {
        const message = input(started);
        // M3, and a turn in which a cancelled call can still be left alone.
        await this.#turns.passed();
        if (call.isOver) return;
        const answering = handler(message, call);
        if (options?.onAccepted !== undefined && method.requestStream) void accept(call, options.onAccepted);
        response = codec.response(await answering);
      };
      answer().then(
        () => call.end('answered'),
        (error: unknown) => call.end('answered', this.#refusal(call.path, error)),
      );
    });
  }

  /** A call with a stream of responses. */
  #stream<Q, R>(method: MethodDescriptor<Q, R>, options: CallOptions | undefined, input: Input): AsyncIterable<R> {
    return lazily(() => {
      const started = this.#start(method, options);
      const { call } = started;
      const responses = createAsyncQueue<R>({ onReturn: () => call.cancel('its iteration ended early') });
      call.onEnd((error) => {
        responses.end(error);
        options?.onEnded?.();
      });
      const begin = async (): Promise<void> => {
        const message = input(started);
        await this.#turns.passed();
        if (!call.isOver) this.#answer(started, message, responses as AsyncQueue<unknown>);
      };
      begin().catch((error: unknown) => call.end('answered', this.#refusal(call.path, error)));
      return responses;
    });
  }

  #answer({ call, codec, handler }: Started, input: unknown, responses: AsyncQueue<unknown>): void {
    const stop = pump(handler(input, call) as Messages<unknown>, {
      put: (message) => this.#turns.after(responses.put(codec.response(message))),
      done: (failure) =>
        call.end('answered', failure === undefined ? undefined : this.#refusal(call.path, failure.error)),
    });
    call.onEnd(() => void stop());
  }

  /** Lets requests flow to the handler; a failing source cuts the call with its own error. */
  #feed({ call, codec }: Started, requests: Messages<unknown>): AsyncQueue<unknown> {
    const queue = createAsyncQueue<unknown>();
    const stop = pump(requests, {
      put: (message) => this.#turns.after(queue.put(codec.request(message))),
      done: (failure) => {
        if (failure === undefined) queue.end();
        else call.end('cut', RuntimeError.from(failure.error, 'UNKNOWN'));
      },
    });
    call.onEnd(() => {
      stop();
      queue.end(cancelledError(call.path, 'the caller gave up or its deadline passed'));
    });
    return queue;
  }

  #start<Q, R>(method: MethodDescriptor<Q, R>, options: CallOptions | undefined): Started {
    const { path } = method;
    if (this.#closed) throw new RuntimeError('UNAVAILABLE', `call ${path} came after the connection was closed`);
    const { signal } = options ?? {};
    if (signal?.aborted === true) throw cancelledError(path, 'its signal had aborted', signal.reason);
    const call = new MemoryCall({ path, caller: this.#caller, clock: this.#clock, options });
    this.#open.add(call);
    call.onEnd(() => this.#leave(call));
    const served = this.#served.get(path);
    const handler = served?.handler ?? refuse(path);
    return { call, handler, codec: codecOf(method, served?.method ?? method, this.#limits) };
  }

  #end(errorOf: (call: MemoryCall) => RuntimeError): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.#open) call.end('cut', errorOf(call));
    this.#onClose?.();
  }

  #leave(call: MemoryCall): void {
    this.#open.delete(call);
    if (this.#open.size === 0) for (const settle of this.#idle.splice(0)) settle();
  }

  /** A failure as it comes out of a wire: reduced to status and text. */
  #refusal(path: string, error: unknown): RuntimeError {
    return errorOfStatus(statusOf(error), { path, maxReceiveBytes: this.#limits.responseBytes });
  }
}

/** Makes what the handler is called with. */
type Input = (started: Started) => unknown;

function refuse(path: string): Handler {
  return () => {
    throw unimplemented(path);
  };
}
