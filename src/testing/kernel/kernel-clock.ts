// The clock of a schedule: it stands still until the schedule lets time pass, and then goes to the next timer.
//
// Invariants:
//   K1. Time passes from deadline to deadline; no timer fires early, and none is passed over.
//   K2. One timer alone fires at once. Several with the same deadline wait on the agenda: who is first is a choice.

import type { Clock, TimerHandle } from '../../ports/index.ts';
import { VirtualTimer, VirtualTimers } from '../../ports/virtual-timers.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import type { Agenda } from './agenda.ts';
import { Pending } from './pending.ts';

/** @internal */
export class KernelClock implements Clock {
  readonly #agenda: Agenda;
  readonly #timers = new VirtualTimers();
  readonly #due = new Map<TimerHandle, DueTimer>();
  #elapsedMs = 0;
  #jumpedMs = 0;
  #armed = 0;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  now(): number {
    return this.#jumpedMs + this.#elapsedMs;
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
    if (!(handle instanceof VirtualTimer)) return;
    const due = this.#due.get(handle);
    if (due !== undefined) this.#forget(handle, due);
    else this.#timers.remove(handle);
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size + this.#due.size;
  }

  /** When the next timer fires, by `monotonic()`; undefined when none is armed. */
  get nextAt(): number | undefined {
    return this.#timers.first()?.deadlineMs;
  }

  /** Goes to the next deadline and fires what is due there. */
  advance(): void {
    const first = this.#timers.first();
    if (first === undefined) return;
    this.#timers.remove(first);
    this.#elapsedMs = first.deadlineMs;
    if (this.nextAt !== first.deadlineMs) {
      first.callback();
      return;
    }
    this.#wait(first);
    for (let next = this.#timers.first(); next?.deadlineMs === first.deadlineMs; next = this.#timers.first()) {
      this.#timers.remove(next);
      this.#wait(next);
    }
  }

  /** Sets the wall clock; timers do not notice. */
  jump(ms: number): void {
    this.#jumpedMs += ms;
  }

  #wait(timer: VirtualTimer): void {
    const due = new DueTimer(timer.order, () => {
      this.#forget(timer, due);
      timer.callback();
    });
    due.order = this.#agenda.nextOrder();
    this.#due.set(timer, due);
    this.#agenda.add(due);
  }

  #forget(timer: TimerHandle, due: DueTimer): void {
    this.#due.delete(timer);
    this.#agenda.remove(due);
  }
}

/** A timer that could fire now, as others could. */
class DueTimer extends Pending {
  readonly eligible = true;
  readonly #fire: () => void;

  constructor(number: number, fire: () => void) {
    super(`timer#${number}`, 'timer');
    this.#fire = fire;
  }

  happen(): void {
    this.#fire();
  }

  describe(): TraceStep {
    return { from: 'time', to: 'time', event: 'a timer fires' };
  }
}
