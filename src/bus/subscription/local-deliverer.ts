// Hands the events of a subscription to a function of this process, one after the other.
//
// Invariants:
//   L1. The handler never runs inside `publish`, and one run of it ends before the next begins; one whose time is up has
//       ended, whatever it does later.
//   L2. However many events a handler publishes to itself, the stack does not grow, and after `MOST_IN_A_TURN` events
//       others have their turn.
//   L3. Each event is settled once: by its handler, by the deadline, or by the end of the subscription.

import { DeadlineExceededError, RuntimeError } from '../../errors/index.ts';
import type { Environment, EventDraft, TimerHandle } from '../../ports/index.ts';
import type { Delivery, EventSource } from '../event-source.ts';
import { HandlerContext } from './handler-context.ts';
import type { LocalHandler } from './subscription-options.ts';

const MOST_IN_A_TURN = 64;

/** What a local deliverer is made of. */
export interface LocalDelivererOptions {
  readonly source: EventSource;
  readonly handler: LocalHandler;
  /** Milliseconds that the promise of the handler may take. */
  readonly handlerMs: number;
  readonly environment: Environment;
}

/** A handler that is at work: its promise has not settled. */
interface Run {
  readonly context: HandlerContext;
  readonly timer: TimerHandle;
}

/** The deliverer of one local subscriber. */
export class LocalDeliverer {
  readonly #options: LocalDelivererOptions;
  readonly #pump: () => void;
  /** Whether the pump runs, is going to, or waits for a handler. */
  #busy = false;
  #stopped = false;
  #run: Run | undefined = undefined;

  constructor(options: LocalDelivererOptions) {
    this.#options = options;
    this.#pump = () => this.#deliver();
    options.source.onAvailable(() => this.#wake());
  }

  /** Ends it. The signal of a handler that is at work aborts, and what it comes to is ignored. */
  stop(): void {
    this.#stopped = true;
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.#options.environment.clock.clearTimeout(run.timer);
    run.context.abort(new RuntimeError('CANCELLED', `subscription "${this.#options.source.name}" has ended`));
  }

  #wake(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#options.environment.scheduler.defer(this.#pump);
  }

  /** L2. */
  #deliver(): void {
    const { source, environment } = this.#options;
    for (let handled = 0; handled < MOST_IN_A_TURN; handled++) {
      const [delivery] = this.#stopped ? [] : source.take(1, Number.POSITIVE_INFINITY);
      if (delivery === undefined) {
        this.#busy = false;
        return;
      }
      if (!this.#handle(delivery)) return;
    }
    environment.scheduler.yield(this.#pump);
  }

  /** Whether the event is settled already. */
  #handle(delivery: Delivery): boolean {
    const { source, handler } = this.#options;
    const context = new HandlerContext(delivery.attempt);
    let result: unknown;
    try {
      result = handler(delivery.queued.event, context);
      if (isPromise(result)) {
        this.#await(delivery, context, result);
        return false;
      }
    } catch (error) {
      source.failed(delivery, this.#failure(delivery, error));
      return true;
    }
    source.delivered(delivery, emittedOf(result));
    return true;
  }

  #await(delivery: Delivery, context: HandlerContext, promise: PromiseLike<unknown>): void {
    const { source, handlerMs, environment } = this.#options;
    const timer = environment.clock.setTimeout(() => {
      const error = new DeadlineExceededError(`the handler of subscription "${source.name}"`, handlerMs);
      // The event is settled before the signal aborts, since its listeners may do anything.
      this.#finish(run, () => source.failed(delivery, error));
      context.abort(error);
    }, handlerMs);
    const run: Run = { context, timer };
    this.#run = run;
    // Adopted, so that one that is no real promise settles once and later.
    Promise.resolve(promise).then(
      (result) => this.#finish(run, () => source.delivered(delivery, emittedOf(result))),
      (error: unknown) => this.#finish(run, () => source.failed(delivery, this.#failure(delivery, error))),
    );
  }

  /** L3. What comes second is ignored. */
  #finish(run: Run, settle: () => void): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    const { clock, scheduler } = this.#options.environment;
    clock.clearTimeout(run.timer);
    settle();
    scheduler.defer(this.#pump);
  }

  #failure({ queued }: Delivery, cause: unknown): RuntimeError {
    const { name } = this.#options.source;
    const { id, type } = queued.wire;
    return new RuntimeError('HANDLER_FAILED', `the handler of subscription "${name}" failed on event "${id}"`, {
      cause,
      details: { subscription: name, eventId: id, eventType: type },
    });
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'then' in value && typeof value.then === 'function';
}

/** Handlers are written as short functions, which return whatever their last call does. */
function emittedOf(result: unknown): readonly EventDraft[] | undefined {
  return Array.isArray(result) && result.length > 0 ? (result as EventDraft[]) : undefined;
}
