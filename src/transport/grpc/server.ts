// Serves service implementations over gRPC. On the start path of plugins: it loads nothing else.
//
// Invariants:
//   V1. With credentials, no call gets through from a peer that did not prove to hold the one certificate trusted.
//   V2. After `close()` no socket of the server is open and its unix socket's file is gone.
//   V3. `drain()` lets calls finish until its deadline, and then ends as `close()` does.

import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { UntypedHandleCall } from '@grpc/grpc-js';
import type { Socket } from 'node:net';
import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/clock.ts';
import { methodOf } from '../../ports/method-of.ts';
import type { ServedService } from '../../ports/service.ts';
import { DEFAULT_MAX_RECEIVE_BYTES } from '../status.ts';
import { handlerFor } from './handlers.ts';
import type { CallObserver } from './handlers.ts';
import { earlyWrites } from './early-writes.ts';
import { listenOn } from './listen.ts';
import type { Listener, ListenTarget } from './listen.ts';
import type { ChannelMaterial } from './material.ts';
import { pinnedAcceptor } from './pinned-tls.ts';
import { receiveWindow } from './receive-window.ts';
import type { BoundAddress } from './target.ts';

/** Options of a server. */
export interface GrpcServerOptions {
  /** What to serve. Methods without a handler answer UNIMPLEMENTED. */
  readonly services: readonly ServedService[];
  /** Times the deadline of `drain`. */
  readonly clock: Clock;
  /** Certificates for mutual TLS. Default: plain connections from anybody who can reach the socket. */
  readonly credentials?: ChannelMaterial | undefined;
  /** Largest message to take, in bytes. Default 64 MiB; gRPC's own default is 4 MiB. */
  readonly maxReceiveBytes?: number;
  /**
   * HTTP/2 window for received data, in bytes, of connections by which streams of requests come. Default 4 MiB: the 64 KiB
   * of HTTP/2 stall streams of batches.
   */
  readonly receiveWindowBytes?: number | undefined;
  /** Told when a call starts; what it returns is called when the call is over. */
  readonly onCall?: CallObserver;
  /** Told when a client has connected, before it has proved who it is. */
  readonly onConnection?: (() => void) | undefined;
}

/** How a drain went. */
export interface DrainOutcome {
  /** True when connections were still open at the deadline and were ended by force. */
  readonly forced: boolean;
}

/** A gRPC server. Whoever makes it closes it. */
export interface GrpcServer {
  /** Calls whose handler is at work. */
  readonly inFlight: number;
  /** Starts to take connections; once per server. Rejects with `LISTEN_FAILED`. */
  listen(target: ListenTarget): Promise<BoundAddress>;
  /** Takes no more connections or calls and waits for the open ones, at most `deadlineMs`; then closes. */
  drain(options: { readonly deadlineMs: number }): Promise<DrainOutcome>;
  /** Ends all calls and connections at once. Idempotent. */
  close(): void;
}

const DEFAULT_WINDOW_BYTES = 4 * 1024 * 1024;

/** Makes a server. Throws `InvalidOptionsError` when two services have a method in common. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  return new DrainableServer(options);
}

class DrainableServer implements GrpcServer {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #material: ChannelMaterial | undefined;
  readonly #onConnection: (() => void) | undefined;
  readonly #sockets = new Set<Socket>();
  #state: 'new' | 'listening' | 'draining' | 'closed' = 'new';
  #listener: Listener | undefined;
  #inFlight = 0;
  #whenIdle = (): void => {};

  constructor(options: GrpcServerOptions) {
    this.#clock = options.clock;
    this.#material = options.credentials;
    this.#onConnection = options.onConnection;
    this.#server = new Server({
      'grpc.max_receive_message_length': options.maxReceiveBytes ?? DEFAULT_MAX_RECEIVE_BYTES,
      'grpc.max_send_message_length': -1,
      'grpc.enable_channelz': 0,
      interceptors: [receiveWindow(options.receiveWindowBytes ?? DEFAULT_WINDOW_BYTES), earlyWrites],
    });
    const observe = this.#counting(options.onCall);
    for (const served of options.services) this.#add(served, observe);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  async listen(target: ListenTarget): Promise<BoundAddress> {
    if (this.#state !== 'new') throw new RuntimeError('FAILED_PRECONDITION', `the server is ${this.#state} already`);
    this.#state = 'listening';
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const inject = (socket: Socket): void => injector.injectConnection(socket);
    const accept = this.#material === undefined ? inject : pinnedAcceptor(this.#material, inject);
    const listener = await listenOn(target, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) this.#whenIdle();
      });
      // Before HTTP/2 has taken over, a connection that breaks has nobody else to tell.
      socket.on('error', () => {});
      accept(socket);
      this.#onConnection?.();
    });
    this.#listener = listener;
    // Closed while the socket was being opened.
    if (this.#isOver()) listener.close();
    return listener.address;
  }

  async drain({ deadlineMs }: { readonly deadlineMs: number }): Promise<DrainOutcome> {
    if (this.#isOver()) return { forced: false };
    this.#state = 'draining';
    this.#listener?.close();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#clock.setTimeout(() => resolve(true), deadlineMs);
    this.#whenIdle = () => resolve(false);
    // Lets every connection go once its calls have ended. Its callback is no use: on Node 24 the HTTP/2 server closes
    // its sessions by itself, and grpc-js 1.14 takes one that is closing for one that is closed.
    this.#server.tryShutdown(() => {});
    if (this.#sockets.size === 0) resolve(false);
    const forced = await promise;
    this.#clock.clearTimeout(timer);
    this.close();
    return { forced };
  }

  close(): void {
    if (this.#isOver()) return;
    this.#state = 'closed';
    this.#listener?.close();
    this.#server.forceShutdown();
    // Connections in the middle of their handshake are no sessions yet.
    for (const socket of this.#sockets) socket.destroy();
  }

  #isOver(): boolean {
    return this.#state === 'closed';
  }

  #add({ descriptor, implementation }: ServedService, observe: CallObserver): void {
    for (const [name, method] of Object.entries(descriptor)) {
      const handle = methodOf(implementation, name);
      if (handle === undefined) continue;
      const handler = handlerFor(method, handle.bind(implementation), observe);
      const type = TYPES[`${method.requestStream}-${method.responseStream}`];
      // The registration of grpc-js wants to know the kind by its own names.
      const { path, responseStream, requestDeserialize } = method;
      // Handlers encode the messages of streams themselves: `earlyWrites` has to know how long they are.
      const serialize = responseStream ? (encoded: Buffer) => encoded : method.responseSerialize;
      if (!this.#server.register(path, handler as UntypedHandleCall, serialize, requestDeserialize, type)) {
        throw new InvalidOptionsError('services', `serves ${path} twice`);
      }
    }
  }

  #counting(onCall: CallObserver | undefined): CallObserver {
    const leave = (): void => {
      this.#inFlight -= 1;
    };
    return (path) => {
      this.#inFlight += 1;
      if (onCall === undefined) return leave;
      const finished = onCall(path);
      return () => {
        leave();
        finished();
      };
    };
  }
}

const TYPES = {
  'false-false': 'unary',
  'true-false': 'clientStream',
  'false-true': 'serverStream',
  'true-true': 'bidi',
} as const;
