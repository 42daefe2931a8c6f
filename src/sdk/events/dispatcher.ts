// Runs the handlers of a plugin, one event at a time, whatever form the events come by.
//
// Invariants:
//   D1. Events run in the order in which they came in, over all forms, and each is done before the next one begins: its
//       handlers have returned, or its deadline has passed.
//   D2. Handlers run once for an event id, as far as ids are remembered (`SettledEvents`). One that comes again gets the
//       outcome of the first time; because of D1 that is there by the time its turn comes, unless a deadline has passed.
//   D3. Whatever a handler does (throws, rejects, hangs, returns nonsense) becomes the outcome of its event alone.
//   D4. A handler that returns nothing costs no promise and no timer.
//   D5. Owners are flushed once in a turn of the event loop while events wait, and at once when nothing is left to do.

import { Ring } from '../../policy/index.ts';
import type { Clock, Logger, Scheduler } from '../../ports/index.ts';
import type { EventView } from '../../transport/events/index.ts';
import { causes } from './causes.ts';
import { encodeReturned } from './drafts.ts';
import { createHandlerIndex } from './handler-index.ts';
import type { AnyHandler, AnyHandlers } from './handler-index.ts';
import { DONE, errorOf, outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { OpenEvent } from './received-event.ts';
import { HandlerRun } from './handler-run.ts';
import type { EmitFrom } from './handler-run.ts';
import { SettledEvents } from './settled-events.ts';

/** Whoever has taken an event in and tells its sender what became of it. */
export interface EventOwner {
  /** Its events that wait are of no use any more: the sender will send them again. */
  readonly isGone: boolean;
  /** Called once for each event that ran. */
  settled(sequence: number, id: string, outcome: Outcome): void;
  /** Tells the sender what it has not been told yet. */
  flush(): void;
}

/** What a dispatcher works with. */
export interface DispatcherOptions {
  readonly handlers: AnyHandlers;
  readonly open: OpenEvent;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly handlerTimeoutMs: number;
  readonly emit: EmitFrom;
}

interface Job {
  readonly view: EventView;
  readonly attempt: number;
  readonly sequence: number;
  readonly owner: EventOwner;
}

/** Events that run before others of the process get a turn. */
const SLICE = 512;

/** The queue of a plugin's events, and what works it off. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #handlersFor: (type: string) => readonly AnyHandler[];
  readonly #settled = new SettledEvents();
  readonly #jobs = new Ring<Job>(Number.POSITIVE_INFINITY);
  /** Owners that have something to tell. */
  readonly #owners = new Set<EventOwner>();
  readonly #idle: (() => void)[] = [];
  #working = false;
  #flushArmed = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#handlersFor = createHandlerIndex(options.handlers);
  }

  /** Events that wait. Their senders bound it. */
  get waiting(): number {
    return this.#jobs.size;
  }

  /** Takes an event in. It runs when `work` is called and its turn has come. */
  add(view: EventView, attempt: number, sequence: number, owner: EventOwner): void {
    this.#jobs.push({ view, attempt, sequence, owner });
  }

  /** Runs what waits, unless that is under way. Returns before all has run. */
  work(): void {
    if (this.#working) return;
    this.#working = true;
    this.#run();
  }

  /** Settles when nothing runs and nothing waits. */
  idle(): Promise<void> {
    if (!this.#working) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #run(): void {
    let left = SLICE;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      if (job.owner.isGone) continue;
      const run = this.#begin(job);
      if (run !== undefined) {
        // D1. The rest goes on when this one is done.
        run.onDone((outcome) => {
          this.#settle(job, outcome, true);
          this.#run();
        });
        this.#armFlush();
        return;
      }
      left -= 1;
      if (left === 0 && this.#jobs.size > 0) {
        this.#flush();
        this.#options.scheduler.yield(() => this.#run());
        return;
      }
    }
    this.#working = false;
    this.#flush();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Settles the event, or returns what is to be waited for. */
  #begin(job: Job): HandlerRun | undefined {
    const { view } = job;
    const known = this.#settled.get(view.id);
    if (known !== undefined) {
      this.#settle(job, known, false);
      return undefined;
    }
    const handlers = this.#handlersFor(view.type);
    const [handler] = handlers;
    if (handler === undefined) {
      // Nothing that could run twice.
      this.#settle(job, DONE, false);
      return undefined;
    }
    const run = new HandlerRun(this.#options, view.id, job.attempt);
    let result: unknown;
    try {
      const event = this.#options.open(view);
      if (handlers.length > 1) return run.runAll(handlers, event);
      result = causes.run(view.id, handler, event, run);
      if (result !== undefined && isThenable(result)) return run.waitFor(result);
    } catch (error) {
      this.#settle(job, outcomeOf([], errorOf('HANDLER_FAILED', error)), true);
      return undefined;
    }
    this.#settle(job, result === undefined ? DONE : returned(result), true);
    return undefined;
  }

  #settle({ view, sequence, owner }: Job, outcome: Outcome, isNew: boolean): void {
    if (isNew) this.#settled.add(view.id, outcome);
    owner.settled(sequence, view.id, outcome);
    this.#owners.add(owner);
  }

  /** D5. While a handler is waited for, what was settled before it is told at the end of the turn. */
  #armFlush(): void {
    if (this.#flushArmed || this.#owners.size === 0) return;
    this.#flushArmed = true;
    this.#options.scheduler.yield(() => {
      this.#flushArmed = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#owners.size === 0) return;
    for (const owner of this.#owners) owner.flush();
    this.#owners.clear();
  }
}

function returned(result: unknown): Outcome {
  try {
    return outcomeOf(encodeReturned(result), undefined);
  } catch (error) {
    return outcomeOf([], errorOf('HANDLER_FAILED', error));
  }
}

/** Reading `then` may throw: the caller catches. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
