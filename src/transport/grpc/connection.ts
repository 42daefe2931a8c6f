// Calls to one gRPC server over one HTTP/2 connection.
//
// Invariants:
//   G1. One channel, so one socket and at most one TLS handshake, however many methods are called.
//   G2. Every failure is a `RuntimeError`; the status that the peer gave keeps its name as the code.
//   G3. What a call adds (listener on the signal, entry in `open`) goes away when the call ends, however it ends.
//   G4. After `close()` no call is open, and every one that was has failed with CANCELLED.

import { Client, connectivityState, credentials, Metadata } from '@grpc/grpc-js';
import type { CallOptions as GrpcCallOptions, ChannelOptions, ServiceError } from '@grpc/grpc-js';
import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { CallOptions, MethodDescriptor, PeerIdentity, PluginConnection } from '../../ports/plugin-connection.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Messages } from '../../ports/service.ts';
import { cancelledError, closedError, DEFAULT_MAX_RECEIVE_BYTES, errorOfStatus } from '../status.ts';
import { lastConnectFailure } from './connect-error.ts';
import type { ConnectFailure } from './connect-error.ts';
import { decoding } from './decoding.ts';
import { fingerprintOf } from './material.ts';
import type { ChannelMaterial } from './material.ts';
import { openPackedStream, sendPacks } from '../packed/index.ts';
import { readMessages, sendMessages } from './message-flow.ts';
import { pinnedChannelCredentials } from './pinned-tls.ts';
import { lazily } from '../lazily.ts';
import { grpcName } from './target.ts';
import type { GrpcTarget } from './target.ts';

/** Options of a connection. */
export interface GrpcConnectionOptions {
  /** Where the peer listens. */
  readonly target: GrpcTarget;
  /** The system's real clock: grpc-js compares the deadlines of calls with real time. */
  readonly clock: Clock;
  /** Certificates for mutual TLS. Default: a plain connection. */
  readonly credentials?: ChannelMaterial | undefined;
  /** Largest message to take, in bytes. Default 64 MiB. There is no limit for sending; the receiver has its own. */
  readonly maxReceiveBytes?: number;
  /** HTTP/2 window for received data, in bytes. Default 4 MiB: the default of 64 KiB stalls streams of batches. */
  readonly receiveWindowBytes?: number;
  /** How long `ready()` tries when it is not told, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Told once, when the connection is closed. */
  readonly onClose?: (() => void) | undefined;
}

/** A `PluginConnection` over gRPC. Whoever makes it closes it. */
export interface GrpcConnection extends PluginConnection {
  /**
   * Resolves when the connection stands. A peer that does not listen yet is tried again for up to 5 seconds; any other
   * failure, such as a refused certificate, is final. Rejects with `CONNECT_FAILED`.
   */
  ready(timeoutMs?: number): Promise<void>;
  /** Calls that are open now. */
  readonly inFlight: number;
}

/** What all kinds of grpc-js calls have. */
interface OpenCall {
  cancel(): void;
}

/**
 * Milliseconds after which a peer that still refuses the connection counts as one that does not listen. Plugins listen
 * before they say where; a slow answer to the handshake of TLS has the whole time.
 */
const NOT_LISTENING_MS = 5_000;

/** Makes a connection. It connects at the first call or at `ready()`. Throws when target or certificates are unusable. */
export function createGrpcConnection(options: GrpcConnectionOptions): GrpcConnection {
  return new Connection(options);
}

class Connection implements GrpcConnection {
  readonly peer: PeerIdentity;
  readonly #options: GrpcConnectionOptions;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #maxReceiveBytes: number;
  readonly #connectTimeoutMs: number;
  readonly #open = new Set<OpenCall>();
  readonly #isSecure: boolean;
  readonly #onClose: (() => void) | undefined;
  #closed = false;

  constructor(options: GrpcConnectionOptions) {
    const { target, clock, credentials: material } = options;
    this.#options = options;
    this.peer = { fingerprint: material === undefined ? undefined : fingerprintOf(material.peerCertificatePem) };
    this.#clock = clock;
    this.#isSecure = material !== undefined;
    this.#onClose = options.onClose;
    this.#maxReceiveBytes = options.maxReceiveBytes ?? DEFAULT_MAX_RECEIVE_BYTES;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
    this.#client = new Client(
      grpcName(target),
      material === undefined ? credentials.createInsecure() : pinnedChannelCredentials(material),
      channelOptions(options),
    );
  }

  get inFlight(): number {
    return this.#open.size;
  }

  async unary<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): Promise<R> {
    this.#check(method.path, options?.signal);
    const metadata = metadataOf(options);
    try {
      return await this.#answerTo(method, request, metadata, options);
    } catch (error) {
      // Made here and not in the callback of grpc-js, so that its stack leads to whoever awaits the call.
      throw isRuntimeError(error) ? error : this.#failure(error as ServiceError, method.path, options);
    }
  }

  clientStream<Q, R>(method: MethodDescriptor<Q, R>, requests: Messages<Q>, options?: CallOptions): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#check(method.path, options?.signal);
      const { decode, failure } = decoding(method.responseDeserialize);
      const call = this.#client.makeClientStreamRequest(
        method.path,
        method.requestSerialize,
        decode,
        metadataOf(options),
        this.#grpcOptions(options),
        (error, response) => {
          release();
          sending.stop();
          if (error === null) resolve(response as R);
          else reject(sending.failure() ?? failure() ?? this.#failure(error, method.path, options));
        },
      );
      const release = this.#track(call, options?.signal);
      if (options?.onAccepted !== undefined) call.once('metadata', options.onAccepted);
      const sending = sendMessages(requests, call);
    });
  }

  async packedStream<Q, R>(
    method: MethodDescriptor<Q, R>,
    packs: AsyncIterable<readonly Q[]>,
    options?: CallOptions,
  ): Promise<R> {
    const { path } = method;
    this.#check(path, options?.signal);
    const { target, credentials: material, clock, maxReceiveBytes, connectTimeoutMs } = this.#options;
    const { timeoutMs, metadata, onAccepted } = options ?? {};
    const where = { target, credentials: material, clock, maxReceiveBytes, connectTimeoutMs };
    const stream = openPackedStream({ ...where, path, timeoutMs, metadata, onAccepted });
    const release = this.#track(stream, options?.signal);
    try {
      return await sendPacks(stream, method, packs);
    } catch (error) {
      const cause = RuntimeError.from(error);
      throw (cause.code === 'CANCELLED' ? this.#cancellation(cause, path, options) : undefined) ?? cause;
    } finally {
      release();
    }
  }

  serverStream<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): AsyncIterable<R> {
    return lazily(() => {
      this.#check(method.path, options?.signal);
      const { decode, failure } = decoding(method.responseDeserialize);
      const call = this.#client.makeServerStreamRequest(
        method.path,
        method.requestSerialize,
        decode,
        request,
        metadataOf(options),
        this.#grpcOptions(options),
      );
      const release = this.#track(call, options?.signal);
      call.once('status', () => {
        release();
        options?.onEnded?.();
      });
      return readMessages<R>(call, (error) => failure() ?? this.#failure(error as ServiceError, method.path, options));
    });
  }

  bidiStream<Q, R>(method: MethodDescriptor<Q, R>, requests: Messages<Q>, options?: CallOptions): AsyncIterable<R> {
    return lazily(() => {
      this.#check(method.path, options?.signal);
      const { decode, failure } = decoding(method.responseDeserialize);
      const call = this.#client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        decode,
        metadataOf(options),
        this.#grpcOptions(options),
      );
      const release = this.#track(call, options?.signal);
      const sending = sendMessages(requests, call);
      call.once('status', () => {
        release();
        sending.stop();
        options?.onEnded?.();
      });
      return readMessages<R>(
        call,
        (error) => sending.failure() ?? failure() ?? this.#failure(error as ServiceError, method.path, options),
      );
    });
  }

  async ready(timeoutMs: number = this.#connectTimeoutMs): Promise<void> {
    const startedAt = this.#clock.now();
    const deadline = startedAt + timeoutMs;
    const channel = this.#client.getChannel();
    let last: ConnectFailure | undefined;
    for (;;) {
      if (this.#closed) throw new RuntimeError('CONNECT_FAILED', 'the connection was closed before it stood');
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return;
      if (state === connectivityState.TRANSIENT_FAILURE) {
        last = (await lastConnectFailure(this.#client, deadline, this.#isSecure)) ?? last;
        const refusedForMs = this.#clock.now() - startedAt;
        if (last?.mayHeal === false || (last !== undefined && refusedForMs >= NOT_LISTENING_MS)) {
          throw connectFailed(last.text);
        }
      }
      if (this.#clock.now() >= deadline)
        throw connectFailed(`${last?.text ?? 'no connection'}, tried for ${timeoutMs} ms`);
      // Rejects when the time is over; the next round says so.
      if (!this.#closed)
        await new Promise<void>((next) => channel.watchConnectivityState(state, deadline, () => next()));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.#open) call.cancel();
    this.#client.close();
    this.#onClose?.();
  }

  #answerTo<Q, R>(
    method: MethodDescriptor<Q, R>,
    request: Q,
    metadata: Metadata,
    options: CallOptions | undefined,
  ): Promise<R> {
    const { path, requestSerialize, responseDeserialize } = method;
    const { decode, failure } = decoding(responseDeserialize);
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, response?: R): void => {
        release();
        if (error === null) resolve(response as R);
        else reject(failure() ?? error);
      };
      const grpcOptions = this.#grpcOptions(options);
      const call = untraced(() =>
        this.#client.makeUnaryRequest(path, requestSerialize, decode, request, metadata, grpcOptions, answered),
      );
      const release = this.#track(call, options?.signal);
    });
  }

  #check(path: string, signal: AbortSignal | undefined): void {
    if (this.#closed) throw new RuntimeError('UNAVAILABLE', `call ${path} came after the connection was closed`);
    if (signal?.aborted === true) throw cancelledError(path, 'its signal had aborted', signal.reason);
  }

  /** Registers an open call. Returns what undoes it (G3). */
  #track(call: OpenCall, signal: AbortSignal | undefined): () => void {
    this.#open.add(call);
    if (signal === undefined) return () => void this.#open.delete(call);
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    return () => {
      this.#open.delete(call);
      signal.removeEventListener('abort', cancel);
    };
  }

  #grpcOptions(options: CallOptions | undefined): GrpcCallOptions {
    return options?.timeoutMs === undefined ? {} : { deadline: this.#clock.now() + options.timeoutMs };
  }

  #failure(error: ServiceError, path: string, options: CallOptions | undefined): RuntimeError {
    const cancellation = error.code === 1 ? this.#cancellation(error, path, options) : undefined;
    if (cancellation !== undefined) return cancellation;
    const { maxReceiveBytes, cause } = { maxReceiveBytes: this.#maxReceiveBytes, cause: error };
    return errorOfStatus(error, { path, timeoutMs: options?.timeoutMs, maxReceiveBytes, isLost: isLost(error), cause });
  }

  /** The error of a call that this side has cancelled; undefined when it has not. */
  #cancellation(cause: Error, path: string, options: CallOptions | undefined): RuntimeError | undefined {
    if (options?.signal?.aborted === true) return cancelledError(path, 'its signal aborted', options.signal.reason);
    return this.#closed ? closedError(path, cause) : undefined;
  }
}

/**
 * Makes a call without noting where it was made, as grpc-js does for each: among asynchronous functions that is a fifth
 * of what a small call costs, and `unary` knows the place anyway.
 */
function untraced<T>(makeCall: () => T): T {
  const limit = Error.stackTraceLimit;
  // Not assigned, because the property may be frozen.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return makeCall();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}

/** A status that a peer sent comes with its header fields; one that grpc-js made up comes with none. */
function isLost({ code, metadata }: ServiceError): boolean {
  return code === 14 && Object.keys(metadata.getMap()).length === 0;
}

function connectFailed(why: string): RuntimeError {
  return new RuntimeError('CONNECT_FAILED', `the plugin's socket could not be connected: ${why}`);
}

function metadataOf(options: CallOptions | undefined): Metadata {
  // One per call: grpc-js writes into it.
  const metadata = new Metadata();
  if (options?.metadata === undefined) return metadata;
  for (const [key, value] of Object.entries(options.metadata)) {
    try {
      metadata.set(key, value);
    } catch (cause) {
      throw new RuntimeError('INVALID_ARGUMENT', `metadata field "${key}" cannot be sent`, { cause });
    }
  }
  return metadata;
}

function channelOptions(options: GrpcConnectionOptions): ChannelOptions {
  const secure = options.credentials !== undefined;
  return {
    // The host name that certificates of go-plugin carry; in plain mode Go hosts send `unused`.
    'grpc.default_authority': secure ? 'localhost' : 'unused',
    ...(secure ? { 'grpc.ssl_target_name_override': 'localhost' } : {}),
    'grpc.max_receive_message_length': options.maxReceiveBytes ?? DEFAULT_MAX_RECEIVE_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc-node.flow_control_window': options.receiveWindowBytes ?? 4 * 1024 * 1024,
    // A plugin is local: a proxy of the environment must not see it.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    // Calls may have effects; only callers know whether one may be made twice.
    'grpc.enable_retries': 0,
    // grpc-js keeps what is being sent in a list that it copies for every message; its 1 MiB of small messages cost more
    // than the sending. What does not fit waits in the call, as it would without the list.
    'grpc.per_rpc_retry_buffer_size': 64 * 1024,
    // Two connections to one address are two sockets, so that closing one ends only its own.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1_000,
    // The longest that a timer can be: an idle connection stays.
    'grpc.client_idle_timeout_ms': 2_147_483_647,
  };
}
