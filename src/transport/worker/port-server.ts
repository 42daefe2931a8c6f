// Serves services to whoever has the other end of a message port.
//
// Invariants:
//   S1. A handler's failure ends its call and nothing else, however it fails.
//   S2. Each call ends once; a caller that gave up gets no further frame, and the handler's signal aborts.
//   S3. After `close` no call is open, and none is taken.

import { CODES, RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MethodDescriptor, PeerIdentity } from '../../ports/plugin-connection.ts';
import type { Messages, ServedService } from '../../ports/service.ts';
import { within } from '../../ports/within.ts';
import { checkSize, decodeRequest, encodeResponse } from '../memory/codec.ts';
import { MemoryCall } from '../memory/memory-call.ts';
import { accept, methodsOf, unimplemented } from '../memory/served-methods.ts';
import type { ServedMethod } from '../memory/served-methods.ts';
import { pump } from '../pump.ts';
import { cancelledError, DEFAULT_MAX_RECEIVE_BYTES, statusOf } from '../status.ts';
import { ReceiveWindow, SendWindow } from './flow.ts';
import type { FramePort } from './frame-port.ts';
import { decodeOpening, encodeCredit, encodeStatus, FRAME } from './frames.ts';

/** Options of a server behind a port. */
export interface PortServerOptions {
  readonly services: readonly ServedService[];
  /** Times the drain. */
  readonly clock: Clock;
  /** Largest message to take, in bytes. Default 64 MiB. */
  readonly maxReceiveBytes?: number | undefined;
}

/** One call, as far as its frames are concerned. */
interface OpenCall {
  readonly id: number;
  readonly call: MemoryCall;
  readonly served: ServedMethod;
  readonly requests: ReceiveWindow<unknown>;
  readonly responses: SendWindow;
}

const ANONYMOUS: PeerIdentity = { fingerprint: undefined };

/** The serving side of a port. Whoever has the port tells it of frames and of the end. */
export class PortServer {
  readonly #port: Pick<FramePort, 'send'>;
  readonly #clock: Clock;
  readonly #maxReceiveBytes: number;
  readonly #methods: ReadonlyMap<string, ServedMethod>;
  readonly #open = new Map<number, OpenCall>();
  readonly #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(port: Pick<FramePort, 'send'>, options: PortServerOptions) {
    this.#port = port;
    this.#clock = options.clock;
    this.#maxReceiveBytes = options.maxReceiveBytes ?? DEFAULT_MAX_RECEIVE_BYTES;
    this.#methods = methodsOf(options.services);
  }

  /** Calls that are open now. */
  get inFlight(): number {
    return this.#open.size;
  }

  /** Takes in a frame of the caller. Throws when it cannot be read. */
  onFrame(kind: number, id: number, body: Buffer): void {
    if (kind === FRAME.open) return this.#begin(id, body);
    const open = this.#open.get(id);
    // It came too late.
    if (open === undefined) return;
    const { call, requests, responses } = open;
    switch (kind) {
      case FRAME.request:
        return this.#take(open, body);
      case FRAME.requestsEnd:
        return requests.queue.end();
      case FRAME.cancel:
        return call.end('cut', cancelledError(call.path, GIVEN_UP));
      case FRAME.creditResponses:
        return responses.credit(body.readUInt32LE());
      default:
    }
  }

  /** Settles when no call is open, or after `deadlineMs`. Calls may still come. */
  async drain(deadlineMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    await within(this.#clock, deadlineMs, new Promise<void>((resolve) => this.#idle.push(resolve)));
  }

  /** Ends all calls; their handlers see their signals abort. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const { call } of this.#open.values()) call.end('cut', cancelledError(call.path, GIVEN_UP));
  }

  #begin(id: number, body: Buffer): void {
    const { path, metadata, request, wantsAcceptance } = decodeOpening(body);
    const served = this.#methods.get(path);
    if (served === undefined || this.#isClosed || this.#open.has(id)) {
      const error = served === undefined ? unimplemented(path) : new RuntimeError('UNAVAILABLE', 'nothing is served');
      return this.#refuse(id, error);
    }
    const call = new MemoryCall({ path, caller: ANONYMOUS, clock: this.#clock, options: { metadata } });
    const requests = new ReceiveWindow<unknown>({
      credit: (bytes) => {
        if (!call.isOver) this.#port.send(FRAME.creditRequests, id, encodeCredit(bytes));
      },
    });
    const open: OpenCall = { id, call, served, requests, responses: new SendWindow() };
    this.#open.set(id, open);
    call.onEnd(() => {
      this.#open.delete(id);
      requests.queue.end(cancelledError(path, GIVEN_UP));
      if (this.#open.size === 0) for (const settle of this.#idle.splice(0)) settle();
    });
    this.#answer(open, request, wantsAcceptance);
  }

  #answer(open: OpenCall, request: Buffer | undefined, wantsAcceptance: boolean): void {
    const { id, call, served, requests } = open;
    const { method, handler } = served;
    const start = (): unknown => {
      const input = method.requestStream ? requests.queue : this.#decoded(method, request ?? NOTHING);
      return handler(input, call);
    };
    if (method.responseStream) return this.#answerStream(open, start);
    void this.#answerOnce(open, start);
    if (wantsAcceptance && method.requestStream) void accept(call, () => this.#port.send(FRAME.accepted, id));
  }

  async #answerOnce(open: OpenCall, start: () => unknown): Promise<void> {
    const { id, call, served } = open;
    try {
      const bytes = encodeResponse(served.method, await start());
      if (!call.isOver) this.#port.send(FRAME.answer, id, bytes);
      call.end('answered');
    } catch (error) {
      this.#fail(open, error);
    }
  }

  #answerStream(open: OpenCall, start: () => unknown): void {
    const { id, call, served, responses } = open;
    try {
      const stop = pump(start() as Messages<unknown>, {
        put: (message) => {
          const bytes = encodeResponse(served.method, message);
          this.#port.send(FRAME.response, id, bytes);
          return responses.sent(bytes.length);
        },
        done: (failure) => {
          if (failure !== undefined) return this.#fail(open, failure.error);
          if (!call.isOver) this.#port.send(FRAME.end, id);
          call.end('answered');
        },
      });
      call.onEnd(() => void stop());
    } catch (error) {
      this.#fail(open, error);
    }
  }

  #take(open: OpenCall, body: Buffer): void {
    const { call, served, requests } = open;
    try {
      if (requests.receive(this.#decoded(served.method, body), body.length)) return;
      throw new RuntimeError('INTERNAL', `call ${call.path}: more requests were sent than the window allows`);
    } catch (error) {
      this.#fail(open, error);
    }
  }

  #decoded(method: MethodDescriptor, body: Buffer): unknown {
    return decodeRequest(method, checkSize(body, this.#maxReceiveBytes));
  }

  #fail({ id, call }: OpenCall, error: unknown): void {
    if (!call.isOver) this.#refuse(id, error);
    call.end('answered');
  }

  #refuse(id: number, error: unknown): void {
    const { code, details } = statusOf(error);
    // A status of 0 would be none.
    this.#port.send(FRAME.fail, id, encodeStatus(code === 0 ? CODES.UNKNOWN.grpc : code, details));
  }
}

const GIVEN_UP = 'the caller gave up or its deadline passed';
const NOTHING = Buffer.alloc(0);
