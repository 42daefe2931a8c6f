// The timers of a system: one wheel, and one timer of the clock for the earliest of them.
//
// Invariants:
//   T1. A timer fires once, at its deadline or later, never earlier; one that was cancelled never fires.
//   T2. At most one timer of the clock is armed, and none when no timer of the system is.
//   T3. A callback that throws is reported and stops no other timer.

import { TimerWheel } from '../../policy/index.ts';
import type { TimerEntry } from '../../policy/index.ts';
import type { Clock, TimerHandle } from '../../ports/index.ts';

/** A timer that was started; give it back to `cancel`. */
export type TimerTicket = TimerEntry<TimerCallback>;

/** What a timer calls; `closed` says that the system was stopped before the deadline. */
export type TimerCallback = (() => void) | ((closed: boolean) => void);

/** What rounding can shift a deadline by when it is turned into a delay and back, in milliseconds. */
const ROUNDING_MS = 1e-6;

/** The timers of one system. Whoever owns the system closes it. */
export class Timers {
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  #wheel: TimerWheel<TimerCallback> | undefined;
  #armed: TimerHandle | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #firing = false;

  /** @param report takes what callbacks throw */
  constructor(clock: Clock, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Timers that have not fired. */
  get size(): number {
    return this.#wheel === undefined ? 0 : this.#wheel.size;
  }

  /** Calls back once after `delayMs`; negative and NaN count as 0. */
  start(delayMs: number, callback: TimerCallback): TimerTicket {
    const now = this.#clock.monotonic();
    this.#wheel ??= new TimerWheel(now);
    const deadlineMs = now + (delayMs > 0 ? delayMs : 0);
    const ticket = this.#wheel.add(deadlineMs, callback);
    if (deadlineMs < this.#armedFor && !this.#firing) this.#arm(deadlineMs, now);
    return ticket;
  }

  /** Does nothing when the timer has fired or was never started. */
  cancel(ticket: TimerTicket | undefined): void {
    if (ticket === undefined || this.#wheel === undefined || !this.#wheel.cancel(ticket)) return;
    // An early call of the clock finds nothing due and arms the next; only the last timer must take it along (T2).
    if (this.#wheel.size === 0) this.#disarm();
  }

  /** Calls every timer that is left now, with `closed`: whoever waits for one would wait for ever. */
  close(): void {
    this.#disarm();
    const wheel = this.#wheel;
    this.#wheel = undefined;
    for (let left = wheel?.expire(Number.POSITIVE_INFINITY); left !== undefined; ) {
      this.#call(left, true);
      left = wheel?.expire(Number.POSITIVE_INFINITY);
    }
  }

  #arm(deadlineMs: number, now: number): void {
    this.#disarm();
    // One at infinity never fires.
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    this.#armedFor = deadlineMs;
    this.#armed = this.#clock.setTimeout(this.#fire, Math.max(0, deadlineMs - now));
  }

  #disarm(): void {
    if (this.#armed !== undefined) this.#clock.clearTimeout(this.#armed);
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  readonly #fire = (): void => {
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#firing = true;
    // Read once, so that a callback that starts a timer of 0 ms gives way to the event loop.
    const now = this.#clock.monotonic() + ROUNDING_MS;
    for (let due = this.#wheel?.expire(now); due !== undefined; due = this.#wheel?.expire(now)) this.#call(due, false);
    this.#firing = false;
    const next = this.#wheel?.next();
    if (next !== undefined) this.#arm(next, this.#clock.monotonic());
  };

  #call(timer: TimerTicket, closed: boolean): void {
    try {
      timer.value(closed);
    } catch (error) {
      this.#report(error);
    }
  }
}
