// Calls to the services at the other end of a message port.
//
// Invariants:
//   C1. What callers see is what they see over gRPC: codes, texts, cancellation, deadlines, back pressure. One suite of
//       tests runs against both.
//   C2. Each call ends once. What it holds (entry, timer, listener on its signal, source of requests) goes with it, and
//       one that is cut short is told to the other side.
//   C3. When the other side is gone every open call has failed with UNAVAILABLE, and further ones fail at once.

import { CODES, RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CallOptions, MethodDescriptor, PeerIdentity, PluginConnection } from '../../ports/plugin-connection.ts';
import type { Messages } from '../../ports/service.ts';
import { lazily } from '../lazily.ts';
import { checkSize, decodeResponse, encodeRequest } from '../memory/codec.ts';
import { MemoryCall } from '../memory/memory-call.ts';
import { pump } from '../pump.ts';
import { cancelledError, closedError, DEFAULT_MAX_RECEIVE_BYTES, errorOfStatus, statusOf } from '../status.ts';
import { ReceiveWindow, SendWindow } from './flow.ts';
import type { FramePort } from './frame-port.ts';
import { decodeStatus, encodeCredit, encodeOpening, FRAME } from './frames.ts';

/** Options of a connection over a port. */
export interface PortConnectionOptions {
  /** Times the deadlines of calls. */
  readonly clock: Clock;
  /** Largest message to take, in bytes. Default 64 MiB. */
  readonly maxReceiveBytes?: number | undefined;
  /** Told once, when the connection is closed or lost. */
  readonly onClose?: (() => void) | undefined;
}

/** One call, as far as its frames are concerned. */
interface OpenCall {
  readonly call: MemoryCall;
  readonly requests: SendWindow;
  /** Takes a response: the one, or the next of a stream. */
  onResponse(body: Buffer): void;
  /** There are no further responses. */
  onEnd(): void;
  readonly onAccepted: (() => void) | undefined;
}

const ANONYMOUS: PeerIdentity = { fingerprint: undefined };
/** Call ids are 4 bytes. */
const MAX_CALL_ID = 0xffff_ffff;

/** The caller's side of a port. Whoever has the port tells it of frames and of the end. */
export class PortConnection implements PluginConnection {
  readonly peer: PeerIdentity = ANONYMOUS;
  readonly #port: Pick<FramePort, 'send'>;
  readonly #clock: Clock;
  readonly #maxReceiveBytes: number;
  readonly #onClose: (() => void) | undefined;
  readonly #open = new Map<number, OpenCall>();
  #lastId = 0;
  #state: 'open' | 'closed' | 'lost' = 'open';

  constructor(port: Pick<FramePort, 'send'>, options: PortConnectionOptions) {
    this.#port = port;
    this.#clock = options.clock;
    this.#maxReceiveBytes = options.maxReceiveBytes ?? DEFAULT_MAX_RECEIVE_BYTES;
    this.#onClose = options.onClose;
  }

  /** Calls that are open now. */
  get inFlight(): number {
    return this.#open.size;
  }

  unary<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): Promise<R> {
    return this.#single(method, options, () => encodeRequest(method, request));
  }

  clientStream<Q, R>(method: MethodDescriptor<Q, R>, requests: Messages<Q>, options?: CallOptions): Promise<R> {
    return this.#single(method, options, undefined, requests);
  }

  serverStream<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): AsyncIterable<R> {
    return this.#stream(method, options, () => encodeRequest(method, request));
  }

  bidiStream<Q, R>(method: MethodDescriptor<Q, R>, requests: Messages<Q>, options?: CallOptions): AsyncIterable<R> {
    return this.#stream(method, options, undefined, requests);
  }

  close(): void {
    this.#finish('closed', ({ path }) => closedError(path));
  }

  /** C3. The other side has ended. */
  lost(): void {
    const status = { code: CODES.UNAVAILABLE.grpc, details: 'the worker thread has ended' };
    this.#finish('lost', ({ path }) => errorOfStatus(status, { path, maxReceiveBytes: 0, isLost: true }));
  }

  /** Takes in a frame of the other side. What belongs to no call came too late. */
  onFrame(kind: number, id: number, body: Buffer): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    const { call, requests } = open;
    switch (kind) {
      case FRAME.response:
      case FRAME.answer:
        return open.onResponse(body);
      case FRAME.end:
        return open.onEnd();
      case FRAME.fail: {
        const { path } = call;
        return call.end(
          'answered',
          errorOfStatus(decodeStatus(body), { path, maxReceiveBytes: this.#maxReceiveBytes }),
        );
      }
      case FRAME.accepted:
        return open.onAccepted?.();
      case FRAME.creditRequests:
        return requests.credit(body.readUInt32LE());
      default:
    }
  }

  /** A call with one response. */
  #single<Q, R>(
    method: MethodDescriptor<Q, R>,
    options: CallOptions | undefined,
    encode: (() => Buffer) | undefined,
    requests?: Messages<Q>,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const call = this.#begin(method.path, options);
      let response: R | undefined;
      call.onEnd((error) => (error === undefined ? resolve(response as R) : reject(error)));
      const onResponse = (body: Buffer): void => {
        this.#orCut(call, () => {
          response = decodeResponse(method, checkSize(body, this.#maxReceiveBytes));
          call.end('answered');
        });
      };
      this.#orCut(call, () => {
        const onEnd = (): void => call.end('answered', unanswered(method.path));
        const id = this.#send({ call, onResponse, onEnd, onAccepted: options?.onAccepted }, encode?.());
        if (requests !== undefined) this.#feed(method, id, requests);
      });
    });
  }

  /** A call with a stream of responses. */
  #stream<Q, R>(
    method: MethodDescriptor<Q, R>,
    options: CallOptions | undefined,
    encode: (() => Buffer) | undefined,
    requests?: Messages<Q>,
  ): AsyncIterable<R> {
    return lazily(() => {
      const call = this.#begin(method.path, options);
      let id = 0;
      const responses = new ReceiveWindow<R>({
        credit: (bytes) => {
          if (!call.isOver) this.#port.send(FRAME.creditResponses, id, encodeCredit(bytes));
        },
        onReturn: () => call.cancel('its iteration ended early'),
      });
      call.onEnd((error) => {
        responses.queue.end(error);
        options?.onEnded?.();
      });
      const onResponse = (body: Buffer): void => {
        this.#orCut(call, () => {
          const message = decodeResponse(method, checkSize(body, this.#maxReceiveBytes));
          if (!responses.receive(message, body.length)) throw overrun(method.path);
        });
      };
      this.#orCut(call, () => {
        const onEnd = (): void => call.end('answered');
        id = this.#send({ call, onResponse, onEnd, onAccepted: undefined }, encode?.());
        if (requests !== undefined) this.#feed(method, id, requests);
      });
      return responses.queue;
    });
  }

  /** Checks that the call may be made. Throws the reason why not. */
  #begin(path: string, options: CallOptions | undefined): MemoryCall {
    if (this.#state !== 'open') {
      const why = this.#state === 'closed' ? 'the connection was closed' : 'the worker thread had ended';
      const origin = this.#state === 'lost' ? { origin: 'connection' } : {};
      throw new RuntimeError('UNAVAILABLE', `call ${path} came after ${why}`, { details: { method: path, ...origin } });
    }
    const { signal } = options ?? {};
    if (signal?.aborted === true) throw cancelledError(path, 'its signal had aborted', signal.reason);
    return new MemoryCall({ path, caller: ANONYMOUS, clock: this.#clock, options });
  }

  /** C2. Returns the id of the call. */
  #send({ call, ...rest }: Omit<OpenCall, 'requests'>, request: Buffer | undefined): number {
    do this.#lastId = this.#lastId === MAX_CALL_ID ? 1 : this.#lastId + 1;
    while (this.#open.has(this.#lastId));
    const id = this.#lastId;
    this.#open.set(id, { call, requests: new SendWindow(), ...rest });
    call.onEnd(() => {
      this.#open.delete(id);
      if (call.wasCut && this.#state === 'open') this.#port.send(FRAME.cancel, id);
    });
    const { path, metadata } = call;
    const wantsAcceptance = rest.onAccepted !== undefined;
    this.#port.send(FRAME.open, id, encodeOpening({ path, metadata, wantsAcceptance, request }));
    return id;
  }

  /** Lets requests flow to the other side; a failing source cuts the call with its own error. */
  #feed<Q>(method: MethodDescriptor<Q>, id: number, messages: Messages<Q>): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    const { call, requests } = open;
    const stop = pump(messages, {
      put: (message) => {
        const bytes = encodeRequest(method, message);
        this.#port.send(FRAME.request, id, bytes);
        return requests.sent(bytes.length);
      },
      done: (failure) => {
        if (failure === undefined) this.#port.send(FRAME.requestsEnd, id);
        else call.end('cut', RuntimeError.from(failure.error, 'UNKNOWN'));
      },
    });
    call.onEnd(() => void stop());
  }

  /** What goes wrong on this side cuts the call. */
  #orCut(call: MemoryCall, work: () => void): void {
    try {
      work();
    } catch (reason) {
      const error = RuntimeError.from(reason);
      const { path } = call;
      // Whose limit a message exceeded is explained.
      const isSize = error.code === 'RESOURCE_EXHAUSTED';
      const told = isSize ? errorOfStatus(statusOf(error), { path, maxReceiveBytes: this.#maxReceiveBytes }) : error;
      call.end('cut', told);
    }
  }

  #finish(state: 'closed' | 'lost', errorOf: (call: MemoryCall) => RuntimeError): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    for (const { call } of this.#open.values()) call.end('cut', errorOf(call));
    this.#onClose?.();
  }
}

function overrun(path: string): RuntimeError {
  return new RuntimeError('INTERNAL', `call ${path}: the other thread sent more than the window that it was given`);
}

function unanswered(path: string): RuntimeError {
  return new RuntimeError('INTERNAL', `call ${path} ended well but without a response`);
}
