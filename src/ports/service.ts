// Services as plain functions: what a method's handler and its caller look like, whatever carries the messages.
// The kind of a method (unary, server stream, client stream, both) follows from its descriptor, at type level too.

import type {
  CallOptions,
  MethodDescriptor,
  PeerIdentity,
  PluginConnection,
  ServiceDescriptor,
} from './plugin-connection.ts';

/** What a handler knows about the call that it answers. */
export interface CallContext {
  /** Aborts when the caller gives up, its deadline passes, or the connection is lost. */
  readonly signal: AbortSignal;
  /** Header fields of the call, keys in lower case. Binary fields are left out. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Who calls, as proven by the connection itself. */
  readonly peer: PeerIdentity;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Calls back once, when the call is over and its outcome is handed to the connection. */
  onReplied(callback: () => void): void;
}

/** The request type of a method. */
export type RequestOf<M> = M extends { requestSerialize(value: infer Request): Buffer } ? Request : never;

/** The response type of a method. */
export type ResponseOf<M> = M extends { responseDeserialize(bytes: Buffer): infer Response } ? Response : never;

type ByKind<M, Unary, ServerStream, ClientStream, Bidi> = M extends { readonly requestStream: true }
  ? M extends { readonly responseStream: true }
    ? Bidi
    : ClientStream
  : M extends { readonly responseStream: true }
    ? ServerStream
    : Unary;

/** What a caller may hand over as a stream of requests. */
export type Messages<T> = AsyncIterable<T> | Iterable<T>;

/** The function that answers calls of one method. Throw a `RuntimeError` to answer with its gRPC status. */
export type MethodHandler<M> = ByKind<
  M,
  (request: RequestOf<M>, context: CallContext) => Promise<ResponseOf<M>> | ResponseOf<M>,
  (request: RequestOf<M>, context: CallContext) => Messages<ResponseOf<M>>,
  (requests: AsyncIterable<RequestOf<M>>, context: CallContext) => Promise<ResponseOf<M>> | ResponseOf<M>,
  (requests: AsyncIterable<RequestOf<M>>, context: CallContext) => Messages<ResponseOf<M>>
>;

/** One handler per method of a service. */
export type ServiceImplementation<S extends ServiceDescriptor> = { readonly [K in keyof S]: MethodHandler<S[K]> };

/** A service together with what answers its calls. Made by `service`. */
export interface ServedService<S extends ServiceDescriptor = ServiceDescriptor> {
  readonly descriptor: S;
  readonly implementation: ServiceImplementation<S>;
}

/** The function that calls one method. Streams start when their iteration starts. */
export type ClientMethod<M> = ByKind<
  M,
  (request: RequestOf<M>, options?: CallOptions) => Promise<ResponseOf<M>>,
  (request: RequestOf<M>, options?: CallOptions) => AsyncIterable<ResponseOf<M>>,
  (requests: Messages<RequestOf<M>>, options?: CallOptions) => Promise<ResponseOf<M>>,
  (requests: Messages<RequestOf<M>>, options?: CallOptions) => AsyncIterable<ResponseOf<M>>
>;

/** One function per method of a service. */
export type ServiceClient<S extends ServiceDescriptor> = { readonly [K in keyof S]: ClientMethod<S[K]> };

/** Pairs a service with its handlers, so that a server or a memory connection can offer it. */
export function service<S extends ServiceDescriptor>(
  descriptor: S,
  implementation: ServiceImplementation<S>,
): ServedService<S> {
  return { descriptor, implementation };
}

/**
 * Makes callable functions out of a service's methods. Give a function instead of a connection when the connection may
 * be replaced, for example by a restart: it is asked at each call, and what it throws becomes the call's failure.
 */
export function createServiceClient<S extends ServiceDescriptor>(
  descriptor: S,
  connection: PluginConnection | (() => PluginConnection),
): ServiceClient<S> {
  const current = typeof connection === 'function' ? connection : () => connection;
  // Without a prototype, so that a method of any name is the service's own.
  const client: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, method] of Object.entries(descriptor)) client[name] = clientMethod(method, current);
  return client as ServiceClient<S>;
}

/** The four kinds of method. */
export type MethodKind = 'unary' | 'serverStream' | 'clientStream' | 'bidiStream';

/** The kind of a method, from its descriptor. */
export function kindOf(method: Pick<MethodDescriptor, 'requestStream' | 'responseStream'>): MethodKind {
  if (method.requestStream) return method.responseStream ? 'bidiStream' : 'clientStream';
  return method.responseStream ? 'serverStream' : 'unary';
}

function clientMethod(method: MethodDescriptor, current: () => PluginConnection): unknown {
  switch (kindOf(method)) {
    case 'unary':
      // The promise of the call itself: through a second one, stacks of errors would not lead to whoever awaits it.
      return (request: unknown, options?: CallOptions) => {
        try {
          return current().unary(method, request, options);
        } catch (error) {
          // A `current()` that throws rejects, as every other failure of the call does.
          return Promise.reject(error);
        }
      };
    case 'clientStream':
      return async (requests: Messages<unknown>, options?: CallOptions) =>
        current().clientStream(method, requests, options);
    case 'serverStream':
      return (request: unknown, options?: CallOptions) => current().serverStream(method, request, options);
    case 'bidiStream':
      return (requests: Messages<unknown>, options?: CallOptions) => current().bidiStream(method, requests, options);
  }
}
