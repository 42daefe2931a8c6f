// The handlers of one event that are waited for.
//
// Invariants:
//   R1. A run has one outcome: that of its handlers, or that of the deadline, whichever comes first.
//   R2. Its timer is gone when it has its outcome.
//   R3. What a handler does after the deadline is logged when it fails, and changes nothing.

import { DeadlineExceededError } from '../../errors/index.ts';
import type { RuntimeError } from '../../errors/index.ts';
import type { EmittedEvent, EventError } from '../../gen/troupe/events/v1/events.ts';
import type { Clock, DomainEvent, TimerHandle } from '../../ports/index.ts';
import { causes } from './causes.ts';
import { encodeReturned } from './drafts.ts';
import type { HandlerContext, HandlerContextOptions } from './handler-context.ts';
import type { AnyHandler } from './handler-index.ts';
import { errorOf, outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** What a run works with. */
export interface HandlerRunOptions extends HandlerContextOptions {
  readonly clock: Clock;
  readonly handlerTimeoutMs: number;
}

/** One event in the hands of handlers that take their time, or of several ones. */
export class HandlerRun {
  readonly #options: HandlerRunOptions;
  readonly #context: HandlerContext;
  #timer: TimerHandle | undefined;
  #outcome: Outcome | undefined;
  #done: ((outcome: Outcome) => void) | undefined;
  readonly #emitted: EmittedEvent[] = [];

  constructor(options: HandlerRunOptions, context: HandlerContext) {
    this.#options = options;
    this.#context = context;
  }

  /** Calls back once with the outcome. */
  onDone(callback: (outcome: Outcome) => void): void {
    if (this.#outcome === undefined) this.#done = callback;
    else callback(this.#outcome);
  }

  /** Waits for the one handler of the event. */
  waitFor(result: PromiseLike<unknown>): this {
    this.#armDeadline();
    Promise.resolve(result).then(
      (value) => this.#finish(this.#collect(value)),
      (reason: unknown) => this.#finish(this.#failed(reason)),
    );
    return this;
  }

  /** Runs several handlers, one after the other; one that fails does not keep the next from running. */
  runAll(handlers: readonly AnyHandler[], event: DomainEvent): this {
    this.#armDeadline();
    const run = async (): Promise<EventError | undefined> => {
      let first: EventError | undefined;
      for (const handler of handlers) {
        // R1. Those that have not begun by the deadline do not begin any more.
        if (this.#outcome !== undefined) break;
        try {
          const value = await causes.run(this.#context, handler, event, this.#context);
          const error = this.#collect(value);
          first ??= error;
        } catch (reason) {
          const error = this.#failed(reason);
          first ??= error;
        }
      }
      return first;
    };
    run().then(
      (error) => this.#finish(error),
      (reason: unknown) => this.#finish(this.#failed(reason)),
    );
    return this;
  }

  /** Keeps what a handler returned. */
  #collect(value: unknown): EventError | undefined {
    if (this.#outcome !== undefined) return undefined;
    try {
      this.#emitted.push(...encodeReturned(value));
      return undefined;
    } catch (reason) {
      return this.#failed(reason);
    }
  }

  #failed(reason: unknown): EventError {
    const error = errorOf('HANDLER_FAILED', reason);
    if (this.#outcome !== undefined) {
      const { causationId: event } = this.#context;
      this.#options.log.log('warn', 'a handler failed after its deadline', { event, problem: error.message });
    }
    return error;
  }

  #armDeadline(): void {
    const { clock, handlerTimeoutMs } = this.#options;
    this.#timer = clock.setTimeout(() => {
      const deadline = this.#deadline();
      this.#finish(errorOf('DEADLINE_EXCEEDED', deadline));
      this.#context.expire(deadline);
    }, handlerTimeoutMs);
  }

  #deadline(): RuntimeError {
    return new DeadlineExceededError(`handling event ${this.#context.causationId}`, this.#options.handlerTimeoutMs);
  }

  #finish(error: EventError | undefined): void {
    if (this.#outcome !== undefined) return;
    this.#options.clock.clearTimeout(this.#timer);
    this.#outcome = outcomeOf(this.#emitted, error);
    this.#done?.(this.#outcome);
  }
}
