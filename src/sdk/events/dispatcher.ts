// Runs the handlers of a plugin, one event at a time, whatever form the events come by.
//
// Invariants:
//   D1. Events run in the order in which they came in, over all forms, and each is done before the next one begins: its
//       handlers have returned, or its deadline has passed.
//   D2. Handlers run once for an event id that the host may send again (`SettledEvents`). One that comes again gets the
//       outcome of the first time; because of D1 that is there by the time its turn comes, unless a deadline has passed.
//   D3. Whatever a handler does (throws, rejects, hangs, returns nonsense) becomes the outcome of its event alone.
//   D4. A handler that returns nothing costs no promise and no timer.
//   D5. Owners are flushed once in a turn of the event loop while events wait, and at once when nothing is left to do.
//   D6. Whatever a handler starts knows the event by `causes`; nothing of the dispatcher's own does.
//   D7. In a turn of the event loop at most 512 events begin, and none any more after 10 ms, which is looked at every 8
//       events at least. Turns of handlers that settle within the turn count together.
//   D8. What an owner has dropped does not wait: it takes no memory and no room.

import { AsyncResource } from 'node:async_hooks';
import { Ring } from '../../policy/index.ts';
import type { Clock, DomainEvent, Logger, Scheduler } from '../../ports/index.ts';
import type { EventView } from '../../transport/events/index.ts';
import { causes } from './causes.ts';
import { encodeReturned } from './drafts.ts';
import { createHandlerIndex } from './handler-index.ts';
import type { AnyHandler, AnyHandlers } from './handler-index.ts';
import { DONE, errorOf, outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { OpenEvent } from './received-event.ts';
import { HandlerContext } from './handler-context.ts';
import type { EmitFrom } from './handler-context.ts';
import { HandlerRun } from './handler-run.ts';
import { SettledEvents } from './settled-events.ts';

/** Whoever has taken an event in and tells its sender what became of it. */
export interface EventOwner {
  /** Called once for each event that ran. */
  settled(sequence: number, view: EventView, outcome: Outcome): void;
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
  /** Most events that the host may send again. */
  readonly window: number;
  readonly handlerTimeoutMs: number;
  readonly emit: EmitFrom;
}

/** Events that came together. */
interface Job {
  readonly views: readonly EventView[];
  readonly attempt: number;
  /** Of the first one. */
  readonly sequence: number;
  readonly owner: EventOwner;
  /** How many have begun. */
  begun: number;
}

/** Events that run before others of the process get a turn. */
const SLICE = 512;
/** Milliseconds after which others get a turn, whatever has run. */
const SLICE_MS = 10;
/** Events after which the time is looked at; at the beginning of a slice it is sooner. */
const CHECK_EVERY = 8;

/** The queue of a plugin's events, and what works it off. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #handlersFor: (type: string) => readonly AnyHandler[];
  readonly #settled: SettledEvents;
  readonly #jobs = new Ring<Job>(Number.POSITIVE_INFINITY);
  /** Owners that have something to tell. */
  readonly #owners = new Set<EventOwner>();
  readonly #idle: (() => void)[] = [];
  #lastOwner: EventOwner | undefined;
  #waiting = 0;
  #working = false;
  /** D6. What handlers are called in. */
  readonly #scope = new AsyncResource('troupe.events', { requireManualDestroy: true });
  /** Whether the end of this turn of the event loop is waited for. */
  #inTurn = false;
  /** Whether the next event waits for the next turn. */
  #isPaused = false;
  /** Events that may begin in this turn. */
  #left = 0;
  /** What `#left` is when the time is looked at. */
  #checkAt = 0;
  #turnEndsAt = 0;
  readonly #onTurnEnd = (): void => this.#endTurn();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#settled = new SettledEvents(options.window);
    this.#handlersFor = createHandlerIndex(options.handlers);
  }

  /** Events that wait. Their senders bound it. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes events in, numbered from `sequence`. They run when `work` is called and their turn has come. */
  add(views: readonly EventView[], attempt: number, sequence: number, owner: EventOwner): void {
    if (views.length === 0) return;
    this.#waiting += views.length;
    this.#jobs.push({ views, attempt, sequence, owner, begun: 0 });
  }

  /** D8. Forgets what has not begun of an owner's events: the sender will send them again. */
  drop(owner: EventOwner): void {
    for (let left = this.#jobs.size; left > 0; left -= 1) {
      const job = this.#jobs.shift() as Job;
      if (job.owner === owner) this.#waiting -= job.views.length - job.begun;
      else this.#jobs.push(job);
    }
  }

  /** The host has this outcome: it need not be kept as long as others. */
  confirm(outcome: Outcome): void {
    this.#settled.confirm(outcome);
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
    if (!this.#inTurn) this.#beginTurn();
    for (let job = this.#front(); job !== undefined; job = this.#front()) {
      if (this.#left <= 0) return this.#pause();
      const sequence = job.sequence + job.begun;
      const view = job.views[job.begun] as EventView;
      job.begun += 1;
      this.#waiting -= 1;
      const run = this.#begin(job, view, sequence);
      this.#left -= 1;
      if (this.#left <= this.#checkAt) this.#checkTime();
      if (run !== undefined) {
        // D1. The rest goes on when this one is done.
        run.onDone((outcome) => {
          this.#settle(job, view, sequence, outcome, true);
          this.#run();
        });
        return;
      }
    }
    this.#working = false;
    this.#flush();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The first job with an event that is to begin. */
  #front(): Job | undefined {
    for (let job = this.#jobs.peek(); job !== undefined; job = this.#jobs.peek()) {
      if (job.begun < job.views.length) return job;
      this.#jobs.shift();
    }
    return undefined;
  }

  /** Settles the event, or returns what is to be waited for. */
  #begin(job: Job, view: EventView, sequence: number): HandlerRun | undefined {
    const known = this.#settled.find(view);
    if (known !== undefined) {
      this.#settle(job, view, sequence, known, false);
      return undefined;
    }
    const handlers = this.#handlersFor(view.type);
    const handler = handlers[0];
    if (handler === undefined) {
      // Nothing that could run twice.
      this.#settle(job, view, sequence, DONE, false);
      return undefined;
    }
    let outcome = DONE;
    try {
      const event = this.#options.open(view);
      const context = new HandlerContext(this.#options, event, job.attempt);
      if (handlers.length > 1) return new HandlerRun(this.#options, context).runAll(handlers, event);
      const result = this.#scope.runInAsyncScope(call, context, handler, event);
      if (result !== undefined) {
        if (isThenable(result)) return new HandlerRun(this.#options, context).waitFor(result);
        outcome = outcomeOf(encodeReturned(result), undefined);
      }
    } catch (error) {
      outcome = outcomeOf([], errorOf('HANDLER_FAILED', error));
    }
    this.#settle(job, view, sequence, outcome, true);
    return undefined;
  }

  #settle({ owner }: Job, view: EventView, sequence: number, outcome: Outcome, isNew: boolean): void {
    if (isNew) this.#settled.add(view, outcome);
    owner.settled(sequence, view, outcome);
    if (owner === this.#lastOwner) return;
    this.#lastOwner = owner;
    this.#owners.add(owner);
  }

  /** D7. */
  #beginTurn(): void {
    this.#inTurn = true;
    this.#left = SLICE;
    this.#checkAt = SLICE - 1;
    this.#turnEndsAt = this.#options.clock.monotonic() + SLICE_MS;
    this.#options.scheduler.yield(this.#onTurnEnd);
  }

  /** The first events are looked at one by one: nobody knows yet how long they take. */
  #checkTime(): void {
    this.#checkAt = this.#left - Math.min(SLICE - this.#left, CHECK_EVERY);
    if (this.#options.clock.monotonic() >= this.#turnEndsAt) this.#left = 0;
  }

  #pause(): void {
    this.#isPaused = true;
    this.#flush();
  }

  /** D5. Also while a handler is waited for, what was settled before it is told. */
  #endTurn(): void {
    this.#inTurn = false;
    this.#flush();
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#run();
  }

  #flush(): void {
    if (this.#owners.size === 0) return;
    for (const owner of this.#owners) owner.flush();
    this.#owners.clear();
    this.#lastOwner = undefined;
  }
}

/**
 * D6. Called in a scope that is left again as a whole: to go into one and to change what it holds takes half the time of
 * `causes.run`, and half the memory.
 */
function call(this: HandlerContext, handler: AnyHandler, event: DomainEvent): unknown {
  causes.enterWith(this);
  return handler(event, this);
}

/** Reading `then` may throw: the caller catches. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
