// A call with a stream of requests, for peers that take one small thing a message: many messages go out in one write.
//
// grpc-js spends about as much on a message as on a write, and makes one write of each. Here a pack of messages costs one,
// which the peer cannot tell from the other way.
//
// Invariants:
//   P1. The call ends once: with the peer's status, or with what this side or the connection made of it. `ended` never
//       rejects.
//   P2. At its end the stream, the session, the socket and the timers are gone, however it ended.
//   P3. What waits to be sent is bounded: who goes on writing while it is told to wait meets RESOURCE_EXHAUSTED.

import { constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { DeadlineExceededError, RuntimeError } from '../../errors/index.ts';
import type { Clock, TimerHandle } from '../../ports/clock.ts';
import type { ChannelMaterial, GrpcTarget } from '../grpc/index.ts';
import { cancelledError, DEFAULT_MAX_RECEIVE_BYTES, errorOfStatus, statusOf } from '../status.ts';
import type { CallStatus } from '../status.ts';
import { statusOfFields, statusOfHttp, statusOfReset } from './call-end.ts';
import { openSession } from './open-session.ts';
import { createResponseReader, packMessages } from './pack.ts';
import type { ResponseReader } from './pack.ts';

/** Options of a packed stream. */
export interface PackedStreamOptions {
  /** Where the peer listens. The stream has a connection of its own. */
  readonly target: GrpcTarget;
  /** Certificates for mutual TLS. Default: a plain connection. */
  readonly credentials?: ChannelMaterial | undefined;
  /** `/package.Service/Method`, of a method with a stream of requests and one response. */
  readonly path: string;
  /** Times the deadlines. */
  readonly clock: Clock;
  /** Time the whole call may take, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Time until the connection must stand, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Header fields to send along; keys in lower case. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Called once the peer has taken the call in, before its response. */
  readonly onAccepted?: (() => void) | undefined;
  /** Largest response to take, in bytes. Default 64 MiB. */
  readonly maxReceiveBytes?: number | undefined;
  /** How much may wait to be sent before `write` throws, in bytes, one pack apart. Default 16 MiB. */
  readonly maxWaitingBytes?: number | undefined;
}

/** How a packed stream ended. */
export interface PackedStreamEnd extends CallStatus {
  /** Numeric gRPC status; 0 is OK. One that this side made up has the status of its error. */
  readonly code: number;
  /** What `end()` rejects with; undefined when the call went well. */
  readonly error: RuntimeError | undefined;
}

/** An open call. Whoever opens it ends or cancels it. */
export interface PackedStream {
  /** How the call ended, as soon as it has. Never rejects. */
  readonly ended: Promise<PackedStreamEnd>;
  /** Bytes that wait to be sent. */
  readonly waitingBytes: number;
  /**
   * Sends encoded messages. False means: wait for the drain before the next; nothing more is sent once the call has
   * ended. Throws `RESOURCE_EXHAUSTED` when too much waits, `FAILED_PRECONDITION` after `end()`.
   */
  write(encodedMessages: readonly Buffer[]): boolean;
  /** Called when there is room again after a `write` that returned false; one listener at a time. */
  onDrain(listener: (() => void) | undefined): void;
  /** Closes the stream of requests and waits for the response. Rejects like a call of a `PluginConnection`. */
  end(): Promise<Buffer>;
  /** Ends the call with CANCELLED and lets go of the connection. Idempotent. */
  cancel(): void;
}

/** Opens the stream. Throws when target or certificates are unusable; all else is told by its end. */
export function openPackedStream(options: PackedStreamOptions): PackedStream {
  return new PackedCall(options);
}

class PackedCall implements PackedStream {
  readonly ended: Promise<PackedStreamEnd>;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #maxReceiveBytes: number;
  readonly #maxWaitingBytes: number;
  readonly #timeoutMs: number | undefined;
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #stream: ClientHttp2Stream;
  readonly #reader: ResponseReader;
  readonly #timers: TimerHandle[] = [];
  readonly #resolve: (end: PackedStreamEnd) => void;
  #status: CallStatus | undefined;
  #failure: Error | undefined;
  #isConnected = false;
  #response: Buffer | undefined;
  #isOver = false;
  #isEnding = false;
  #whenDrained: (() => void) | undefined;

  constructor(options: PackedStreamOptions) {
    const { path, clock, target, credentials, timeoutMs, connectTimeoutMs = 5_000 } = options;
    this.#path = path;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#maxReceiveBytes = options.maxReceiveBytes ?? DEFAULT_MAX_RECEIVE_BYTES;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? 16 * 1024 * 1024;
    this.#reader = createResponseReader(this.#maxReceiveBytes);
    const { promise, resolve } = Promise.withResolvers<PackedStreamEnd>();
    this.ended = promise;
    this.#resolve = resolve;
    const { session, socket } = openSession(target, credentials);
    this.#session = session;
    this.#socket = socket;
    this.#listenToSession();
    this.#stream = this.#request(headersOf(options));
    this.#listenToStream(options.onAccepted);
    this.#arm(connectTimeoutMs, () => {
      if (!this.#isConnected) this.#fail(connectFailed(`no connection, tried for ${connectTimeoutMs} ms`));
    });
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#arm(timeoutMs, () => this.#fail(new DeadlineExceededError(`call ${path}`, timeoutMs)));
    }
  }

  get waitingBytes(): number {
    return this.#isOver ? 0 : this.#stream.writableLength;
  }

  write(encodedMessages: readonly Buffer[]): boolean {
    if (this.#isOver) return false;
    if (this.#isEnding)
      throw new RuntimeError('FAILED_PRECONDITION', `call ${this.#path} has no more requests to come`);
    if (this.#stream.writableLength > this.#maxWaitingBytes) {
      const limit = `${this.#stream.writableLength} bytes wait to be sent, the limit is ${this.#maxWaitingBytes}`;
      throw new RuntimeError('RESOURCE_EXHAUSTED', `call ${this.#path}: ${limit}`);
    }
    return encodedMessages.length === 0
      ? !this.#stream.writableNeedDrain
      : this.#stream.write(packMessages(encodedMessages));
  }

  onDrain(listener: (() => void) | undefined): void {
    this.#whenDrained = listener;
  }

  async end(): Promise<Buffer> {
    if (!this.#isOver && !this.#isEnding) this.#stream.end();
    this.#isEnding = true;
    const { error } = await this.ended;
    if (error !== undefined) throw error;
    return this.#response ?? Buffer.alloc(0);
  }

  cancel(): void {
    this.#fail(cancelledError(this.#path, 'its caller gave it up'));
  }

  #listenToSession(): void {
    const session = this.#session;
    session.once('connect', () => {
      this.#isConnected = true;
    });
    // Both stay for as long as the session: what it reports after the end has nobody left to go to.
    session.on('error', (error) => {
      this.#failure ??= error;
    });
    session.once('close', () => this.#lost());
    session.once('goaway', (code) => {
      this.#failure ??= code === constants.NGHTTP2_NO_ERROR ? undefined : goneAway(code);
    });
  }

  /** A header field that cannot be sent throws here, with the session open already. */
  #request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    try {
      return this.#session.request(headers);
    } catch (cause) {
      this.#session.destroy();
      this.#socket.destroy();
      throw new RuntimeError('INVALID_ARGUMENT', 'a metadata field cannot be sent', { cause });
    }
  }

  #listenToStream(onAccepted: (() => void) | undefined): void {
    const stream = this.#stream;
    stream.on('error', (error) => {
      this.#failure ??= error;
    });
    stream.on('drain', () => this.#whenDrained?.());
    stream.once('response', (fields) => {
      this.#hear(statusOfFields(fields) ?? statusOfHttp(fields));
      if (!this.#isOver && this.#status === undefined) onAccepted?.();
    });
    stream.once('trailers', (fields: IncomingHttpHeaders) => this.#hear(statusOfFields(fields)));
    stream.on('data', (bytes: Buffer) => {
      try {
        if (!this.#isOver) this.#reader.take(bytes);
      } catch (error) {
        this.#fail(RuntimeError.from(error));
      }
    });
    stream.once('end', () => this.#answered());
    stream.once('close', () => this.#closed());
  }

  /** A refusal counts at once: whoever still writes should know. A response may be on its way through the stream. */
  #hear(status: CallStatus | undefined): void {
    this.#status ??= status;
    if (this.#status === undefined) return;
    if (this.#status.code !== 0) this.#fail(this.#errorOf(this.#status));
    else if (this.#stream.readableEnded) this.#answered();
  }

  #answered(): void {
    // Trailers may come a turn later; without any the closing tells the rest.
    if (this.#isOver || this.#status === undefined) return;
    try {
      this.#response = this.#reader.response();
      this.#finish({ code: 0, details: this.#status.details, error: undefined });
    } catch (error) {
      this.#fail(RuntimeError.from(error));
    }
  }

  #closed(): void {
    if (this.#status !== undefined) return this.#answered();
    const { rstCode } = this.#stream;
    const isReset = this.#isConnected && !this.#session.destroyed && rstCode !== undefined;
    if (isReset && rstCode !== constants.NGHTTP2_NO_ERROR) this.#fail(this.#errorOf(statusOfReset(rstCode)));
    else if (isReset) this.#fail(new RuntimeError('INTERNAL', `call ${this.#path} was ended without a status`));
    else this.#lost();
  }

  #lost(): void {
    const cause = this.#failure;
    const why = cause?.message ?? 'the peer closed the connection';
    if (!this.#isConnected) return this.#fail(connectFailed(why, cause));
    this.#fail(this.#errorOf({ code: 14, details: why }, { isLost: true, cause }));
  }

  #errorOf(status: CallStatus, more: { readonly isLost?: boolean; readonly cause?: unknown } = {}): RuntimeError {
    const [path, maxReceiveBytes] = [this.#path, this.#maxReceiveBytes];
    return errorOfStatus(status, { path, timeoutMs: this.#timeoutMs, maxReceiveBytes, ...more });
  }

  #fail(error: RuntimeError): void {
    this.#finish({ ...statusOf(error), error });
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#timers.push(this.#clock.setTimeout(callback, delayMs));
  }

  #finish(end: PackedStreamEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#whenDrained = undefined;
    if (!this.#stream.closed) this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#session.destroy();
    // P2. A session that is destroyed with a write under way keeps its socket until that write is done, if it ever is.
    this.#socket.destroy();
    this.#resolve(end);
  }
}

function headersOf({ path, metadata, timeoutMs }: PackedStreamOptions): OutgoingHttpHeaders {
  const ms =
    timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil(timeoutMs));
  return {
    ...metadata,
    ':method': 'POST',
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'troupe',
    // At most 8 digits.
    ...(ms === undefined
      ? {}
      : { 'grpc-timeout': ms < 1e8 ? `${ms}m` : `${Math.min(99_999_999, Math.ceil(ms / 1_000))}S` }),
  };
}

function connectFailed(why: string, cause?: unknown): RuntimeError {
  return new RuntimeError('CONNECT_FAILED', `the plugin's socket could not be connected: ${why}`, { cause });
}

function goneAway(code: number): RuntimeError {
  return new RuntimeError('UNAVAILABLE', `the peer ended the connection with HTTP/2 code ${code}`);
}
