/** One method of a gRPC service, as code generators for grpc-js describe it. */
export interface MethodDescriptor<Request = unknown, Response = unknown> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestSerialize(value: Request): Buffer;
  requestDeserialize(bytes: Buffer): Request;
  responseSerialize(value: Response): Buffer;
  responseDeserialize(bytes: Buffer): Response;
}

/** A gRPC service: its methods by the names they have in code. */
// Method types are checked one by one where they are used; `any` keeps both variances open here.
// oxlint-disable-next-line typescript/no-explicit-any
export type ServiceDescriptor = Readonly<Record<string, MethodDescriptor<any, any>>>;

/** How one call is made. */
export interface CallOptions {
  /** Time the whole call may take, in milliseconds. Default: no limit. Ends it with `DEADLINE_EXCEEDED`. */
  readonly timeoutMs?: number;
  /** Ends the call with `CANCELLED` when it aborts. */
  readonly signal?: AbortSignal;
  /** Header fields to send along; keys in lower case. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * For calls with a stream of requests and one response: called once the peer has taken the call in, before its response.
   * Servers of this package say so at once; others may say nothing before they respond.
   */
  readonly onAccepted?: () => void;
  /**
   * For calls with a stream of responses: called once when the call is over, however it ended, and also when nobody reads
   * what it ended with.
   */
  readonly onEnded?: (() => void) | undefined;
}

/** Who is at the other end, as proven by the connection itself. */
export interface PeerIdentity {
  /** SHA-256 of the peer's certificate in lower-case hex; undefined when the connection is not authenticated. */
  readonly fingerprint: string | undefined;
}

/** Calls a method with a stream of requests that come in packs. Pulls no faster than the peer takes them. */
export type PackedStreamCall = <Q, R>(
  method: MethodDescriptor<Q, R>,
  packs: AsyncIterable<readonly Q[]>,
  options?: CallOptions,
) => Promise<R>;

/**
 * A way to call a plugin, whatever carries it: gRPC to another process, or plain memory.
 *
 * All failures are `RuntimeError`s; a status that the peer gave keeps its name as `code`.
 */
export interface PluginConnection {
  readonly peer: PeerIdentity;
  unary<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): Promise<R>;
  /** The stream ends the call when its iteration ends early. */
  serverStream<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): AsyncIterable<R>;
  /** Pulls `requests` no faster than the peer takes them. */
  clientStream<Q, R>(
    method: MethodDescriptor<Q, R>,
    requests: AsyncIterable<Q> | Iterable<Q>,
    options?: CallOptions,
  ): Promise<R>;
  /**
   * Like `clientStream`, for very many small messages: those of a pack go out in one write, which the peer cannot tell
   * from the other way. The call has a socket of its own. Missing where a write costs nothing.
   */
  readonly packedStream?: PackedStreamCall | undefined;
  /** Both directions at once; ends the call when the iteration ends early. */
  bidiStream<Q, R>(
    method: MethodDescriptor<Q, R>,
    requests: AsyncIterable<Q> | Iterable<Q>,
    options?: CallOptions,
  ): AsyncIterable<R>;
  /** Ends every open call with `CANCELLED` and lets go of the socket. Idempotent. */
  close(): void;
}
