// A clock that stands still until it is told to move, for tests that run days in milliseconds.
//
// Invariants:
//   V1. While a callback runs, the clock shows exactly the deadline of its timer.
//   V2. Timers fire by deadline, and those with the same deadline in the order in which they were armed. A timer that
//       a callback arms takes part in the same advance when its deadline lies within it.
//   V3. A callback that throws stops nothing: the rest of the advance happens, then its error is thrown. One error is
//       thrown as it is; several become an AggregateError with the first 100 of them in order.
//   V4. Only one advance runs at a time; another one, from a callback too, is refused.
//   V5. Timers follow the monotonic time; setting the wall clock moves no deadline.

import { setImmediate } from 'node:timers';
import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import type { Clock, TimerHandle } from './clock.ts';
import { VirtualTimer, VirtualTimers } from './virtual-timers.ts';

/** Where the clock starts. */
export interface VirtualClockOptions {
  /** Wall-clock time at the start, in milliseconds since the epoch. Default 0. */
  readonly startAt?: number | undefined;
}

/** How far `runToIdle` goes. */
export interface RunToIdleOptions {
  /** The most time that may pass, in milliseconds. Default 86,400,000 (one day). */
  readonly limitMs?: number | undefined;
}

/** How `advanceAsync` waits for other code. */
export interface AdvanceAsyncOptions {
  /** Turns of the event loop after each deadline. Raise it for code that itself waits for turns. Default 1. */
  readonly turns?: number | undefined;
}

/** A clock that moves only when it is told to. `unref` has no effect on its timers: they keep no process alive. */
export interface VirtualClock extends Clock {
  /** How many timers are armed. */
  readonly pending: number;
  /** When the next timer fires, on the scale of `now()`; undefined when none is armed. */
  next(): number | undefined;
  /**
   * Moves on by `ms`, from deadline to deadline, firing the timers on the way.
   *
   * @throws RuntimeError `FAILED_PRECONDITION` while another advance runs, or when a million timers fired at one moment
   * @throws what callbacks threw, after the whole advance has happened
   */
  advance(ms: number): void;
  /** Like `advance`, up to the moment at which `now()` is `at`; jumps of the wall clock on the way aside. */
  advanceTo(at: number): void;
  /** Like `advance`, and lets promises settle before the first deadline and after each one. Rejects where it throws. */
  advanceAsync(ms: number, options?: AdvanceAsyncOptions): Promise<void>;
  /**
   * Advances until no timer is armed. The clock then stands at the last deadline and the result is true; when timers
   * are left at the limit, it stands at the limit and the result is false.
   */
  runToIdle(options?: RunToIdleOptions): boolean;
  /** Sets the wall clock forward, or back when `ms` is negative. `monotonic()` and the timers do not notice. */
  jumpWallClock(ms: number): void;
}

/** More timers than this at one moment are a callback that re-arms itself without a delay. */
const MOST_AT_ONE_MOMENT = 1_000_000;
const MOST_KEPT_ERRORS = 100;
const DAY_MS = 86_400_000;

/** A clock that stands still until it is advanced. Also fits the `clock` option of an XState actor. */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  return new DiscreteEventClock(requireTime('startAt', options.startAt ?? 0));
}

class DiscreteEventClock implements VirtualClock {
  readonly #startAt: number;
  readonly #timers = new VirtualTimers();
  #elapsedMs = 0;
  #jumpedMs = 0;
  #armed = 0;
  #advancing = false;
  #firedAtThisMoment = 0;

  constructor(startAt: number) {
    this.#startAt = startAt;
  }

  now(): number {
    return this.#startAt + this.#jumpedMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    // Written so that NaN counts as 0.
    const timer = new VirtualTimer(this.#elapsedMs + (delayMs > 0 ? delayMs : 0), this.#armed++, callback);
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle | undefined): void {
    if (handle instanceof VirtualTimer) this.#timers.remove(handle);
  }

  get pending(): number {
    return this.#timers.size;
  }

  next(): number | undefined {
    const timer = this.#timers.first();
    return timer && this.#startAt + this.#jumpedMs + timer.deadlineMs;
  }

  advance(ms: number): void {
    const untilMs = this.#begin('ms', ms);
    const failures = new Failures();
    try {
      this.#fireUntil(untilMs, failures);
      this.#elapsedMs = untilMs;
    } finally {
      this.#advancing = false;
    }
    failures.rethrow();
  }

  advanceTo(at: number): void {
    if (requireTime('at', at) < this.now()) {
      throw new InvalidOptionsError('at', `must not lie before now (${this.now()}), got ${at}`);
    }
    this.advance(at - this.now());
  }

  async advanceAsync(ms: number, options: AdvanceAsyncOptions = {}): Promise<void> {
    const { turns = 1 } = options;
    const untilMs = this.#begin('ms', ms);
    const failures = new Failures();
    try {
      await letOthersRun(turns);
      for (let timer = this.#due(untilMs); timer !== undefined; timer = this.#due(untilMs)) {
        this.#fireUntil(timer.deadlineMs, failures);
        await letOthersRun(turns);
      }
      this.#elapsedMs = untilMs;
    } finally {
      this.#advancing = false;
    }
    failures.rethrow();
  }

  runToIdle(options: RunToIdleOptions = {}): boolean {
    const untilMs = this.#begin('limitMs', options.limitMs ?? DAY_MS);
    const failures = new Failures();
    try {
      this.#fireUntil(untilMs, failures);
      if (this.pending > 0) this.#elapsedMs = untilMs;
    } finally {
      this.#advancing = false;
    }
    failures.rethrow();
    return this.pending === 0;
  }

  jumpWallClock(ms: number): void {
    this.#jumpedMs += requireTime('ms', ms);
  }

  /** Claims the clock (V4) and returns the moment at which the advance ends. */
  #begin(field: string, ms: number): number {
    if (this.#advancing) {
      throw new RuntimeError(
        'FAILED_PRECONDITION',
        'the virtual clock is being advanced already; a callback arms a timer instead, and advanceAsync is awaited',
      );
    }
    if (requireTime(field, ms) < 0) throw new InvalidOptionsError(field, `must not be negative, got ${ms}`);
    this.#advancing = true;
    this.#firedAtThisMoment = 0;
    return this.#elapsedMs + ms;
  }

  #due(untilMs: number): VirtualTimer | undefined {
    const timer = this.#timers.first();
    return timer !== undefined && timer.deadlineMs <= untilMs ? timer : undefined;
  }

  #fireUntil(untilMs: number, failures: Failures): void {
    for (let timer = this.#due(untilMs); timer !== undefined; timer = this.#due(untilMs)) {
      if (timer.deadlineMs > this.#elapsedMs) this.#firedAtThisMoment = 0;
      if (++this.#firedAtThisMoment > MOST_AT_ONE_MOMENT) {
        throw new RuntimeError(
          'FAILED_PRECONDITION',
          `more than ${MOST_AT_ONE_MOMENT} timers fired at ${this.now()} ms`,
        );
      }
      this.#elapsedMs = timer.deadlineMs;
      this.#timers.remove(timer);
      failures.catch(timer.callback);
    }
  }
}

/** The errors of one advance (V3). */
class Failures {
  readonly #kept: unknown[] = [];
  #count = 0;

  catch(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      if (this.#count++ < MOST_KEPT_ERRORS) this.#kept.push(error);
    }
  }

  rethrow(): void {
    if (this.#count === 1) throw this.#kept[0];
    if (this.#count > 1) throw new AggregateError(this.#kept, `${this.#count} timer callbacks threw`);
  }
}

/** A turn of the real event loop comes after all promise jobs, also after those that these add. */
async function letOthersRun(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

function requireTime(field: string, ms: number): number {
  if (Number.isFinite(ms)) return ms;
  throw new InvalidOptionsError(field, `must be a finite number of milliseconds, got ${String(ms)}`);
}
