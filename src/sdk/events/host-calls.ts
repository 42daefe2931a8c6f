// Calls of a plugin to its host: the data plane of the host channel, which the chart opens and shuts.
//
// Invariants:
//   H1. Calls begin in the order in which they were asked for; those that come back from a broken connection go before
//       those that have never been sent.
//   H2. Each request settles once: with the answer, with a refusal of the host, when its time is up, or at the end.
//   H3. A call that failed because the connection did is made again, unchanged: the host tells by its client id.
//   H4. At most `maxWaiting` requests wait beside those in flight, and at most `maxInFlight` are in flight.

import { DeadlineExceededError, RuntimeError } from '../../errors/index.ts';
import { Ring } from '../../policy/index.ts';
import type { Clock, MethodDescriptor, PluginConnection, TimerHandle } from '../../ports/index.ts';

/** How calls are made. */
export interface HostCallsOptions {
  readonly clock: Clock;
  readonly maxWaiting: number;
  readonly maxInFlight: number;
  /** Milliseconds that one call may take. */
  readonly callTimeoutMs: number;
  /** Milliseconds that a request may take, waits and repetitions included. */
  readonly requestTimeoutMs: number;
  /** Called when something waits for the first time. */
  readonly wake: () => void;
}

/** What the calls tell about their connection. */
export interface ConnectionFacts {
  proven(): void;
  broken(): void;
}

interface Request {
  readonly method: MethodDescriptor;
  readonly message: unknown;
  readonly order: number;
  readonly expiresAt: number;
  resolve(answer: unknown): void;
  reject(error: RuntimeError): void;
}

interface Open {
  readonly connection: PluginConnection;
  readonly facts: ConnectionFacts;
  isProven: boolean;
}

/** Codes that say nothing about the request, only about the way to the host. */
const RETRIED = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'ABORTED', 'CONNECT_FAILED']);

/** Takes requests at any time and makes the calls while there is a connection. */
export class HostCalls {
  readonly #options: HostCallsOptions;
  readonly #queue = new Ring<Request>(Number.POSITIVE_INFINITY);
  readonly #drained: (() => void)[] = [];
  #open: Open | undefined;
  #inFlight = 0;
  #order = 0;
  #isAwake = false;
  #timer: TimerHandle | undefined;
  #ended: RuntimeError | undefined;

  constructor(options: HostCallsOptions) {
    this.#options = options;
  }

  /** Requests that wait or are in flight. */
  get pending(): number {
    return this.#queue.size + this.#inFlight;
  }

  /**
   * Calls the host. Rejects with its refusal; with RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED or UNAVAILABLE.
   *
   * @param isBounded false for a caller that has a bound of its own
   */
  request<Q, R>(method: MethodDescriptor<Q, R>, message: Q, isBounded = true): Promise<R> {
    const { maxWaiting, requestTimeoutMs, clock, wake } = this.#options;
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (isBounded && this.#queue.size >= maxWaiting) {
      return Promise.reject(new RuntimeError('RESOURCE_EXHAUSTED', `${maxWaiting} calls wait for the host already`));
    }
    return new Promise<R>((resolve, reject) => {
      const expiresAt = clock.monotonic() + requestTimeoutMs;
      this.#queue.push({
        method: method as MethodDescriptor,
        message,
        order: this.#order++,
        expiresAt,
        resolve: resolve as (answer: unknown) => void,
        reject,
      });
      if (this.#open === undefined) this.#watchExpiry();
      else this.#pump(this.#open);
      if (this.#isAwake) return;
      this.#isAwake = true;
      wake();
    });
  }

  /** Calls go over this connection from now on. */
  open(connection: PluginConnection, facts: ConnectionFacts): void {
    this.#open = { connection, facts, isProven: false };
    this.#pump(this.#open);
  }

  /** No call begins any more; those in flight come back when the connection is closed. */
  shut(): void {
    this.#open = undefined;
    this.#watchExpiry();
  }

  /** Settles when nothing is pending. */
  drained(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Ends all requests, now and later, with the error. */
  end(error: RuntimeError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#open = undefined;
    this.#options.clock.clearTimeout(this.#timer);
    for (let request = this.#queue.shift(); request !== undefined; request = this.#queue.shift()) request.reject(error);
    this.#tellDrained();
  }

  #pump(open: Open): void {
    while (this.#open === open && this.#inFlight < this.#options.maxInFlight) {
      const request = this.#queue.shift();
      if (request === undefined) break;
      this.#call(open, request);
    }
    this.#watchExpiry();
  }

  #call(open: Open, request: Request): void {
    const { clock, callTimeoutMs } = this.#options;
    const timeoutMs = Math.max(1, Math.min(callTimeoutMs, request.expiresAt - clock.monotonic()));
    this.#inFlight += 1;
    let answer: Promise<unknown>;
    try {
      answer = open.connection.unary(request.method, request.message, { timeoutMs });
    } catch (error) {
      answer = Promise.reject(error);
    }
    answer.then(
      (value) => {
        this.#inFlight -= 1;
        request.resolve(value);
        this.#prove(open);
        this.#goOn();
      },
      (error: unknown) => {
        this.#inFlight -= 1;
        this.#failed(open, request, RuntimeError.from(error, 'UNAVAILABLE'));
        this.#goOn();
      },
    );
  }

  /** H2, H3. */
  #failed(open: Open, request: Request, error: RuntimeError): void {
    if (this.#ended !== undefined) return request.reject(this.#ended);
    if (!RETRIED.has(error.code)) {
      // A refusal is an answer.
      request.reject(error);
      return this.#prove(open);
    }
    if (request.expiresAt <= this.#options.clock.monotonic()) request.reject(this.#late());
    // H1. Few come back at a time, and they were sent in order: the place is near the front.
    else this.#queue.insert(request, ({ order }) => order < request.order);
    if (this.#open !== open) return;
    this.#open = undefined;
    open.facts.broken();
  }

  #prove(open: Open): void {
    if (open.isProven || this.#open !== open) return;
    open.isProven = true;
    open.facts.proven();
  }

  #goOn(): void {
    if (this.#open !== undefined) this.#pump(this.#open);
    else this.#watchExpiry();
    if (this.pending === 0) this.#tellDrained();
  }

  /** The oldest request is the first to expire: all have the same time. */
  #watchExpiry(): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const oldest = this.#queue.peek();
    if (oldest === undefined) return;
    this.#timer = clock.setTimeout(() => this.#expire(), oldest.expiresAt - clock.monotonic());
  }

  #expire(): void {
    const now = this.#options.clock.monotonic();
    for (let next = this.#queue.peek(); next !== undefined && next.expiresAt <= now; next = this.#queue.peek()) {
      this.#queue.shift();
      next.reject(this.#late());
    }
    this.#goOn();
  }

  #late(): RuntimeError {
    return new DeadlineExceededError('a call to the host', this.#options.requestTimeoutMs);
  }

  #tellDrained(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
