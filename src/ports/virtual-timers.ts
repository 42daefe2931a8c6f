import type { TimerHandle } from './clock.ts';

/** A timer of a virtual clock. `deadlineMs` counts from the clock's start. */
export class VirtualTimer implements TimerHandle {
  readonly [key: symbol]: unknown;
  readonly deadlineMs: number;
  /** Timers with the same deadline fire in the order in which they were armed. */
  readonly order: number;
  readonly callback: () => void;
  /** Where the timer was last placed in a heap. Only the heap can tell whether it is still there. */
  slot = -1;

  constructor(deadlineMs: number, order: number, callback: () => void) {
    this.deadlineMs = deadlineMs;
    this.order = order;
    this.callback = callback;
  }
}

/**
 * The armed timers of a virtual clock: a binary heap in which each timer knows its slot.
 *
 * Adding, taking and removing are O(log n). A removed timer is gone at once, so that a program that arms and clears
 * for ever keeps the heap small.
 */
export class VirtualTimers {
  readonly #heap: VirtualTimer[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The timer that fires next, which stays. */
  first(): VirtualTimer | undefined {
    return this.#heap[0];
  }

  add(timer: VirtualTimer): void {
    this.#place(timer, this.#heap.length);
    this.#rise(timer);
  }

  /** False when the timer has fired, was removed, or belongs to another clock. */
  remove(timer: VirtualTimer): boolean {
    const { slot } = timer;
    if (this.#heap[slot] !== timer) return false;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return true;
    this.#place(last, slot);
    this.#rise(last);
    this.#sink(last);
    return true;
  }

  #place(timer: VirtualTimer, slot: number): void {
    this.#heap[slot] = timer;
    timer.slot = slot;
  }

  #rise(timer: VirtualTimer): void {
    while (timer.slot > 0) {
      const slot = timer.slot;
      const parent = this.#heap[(slot - 1) >> 1];
      if (parent === undefined || isBefore(parent, timer)) return;
      this.#place(timer, parent.slot);
      this.#place(parent, slot);
    }
  }

  #sink(timer: VirtualTimer): void {
    for (;;) {
      const slot = timer.slot;
      const left = this.#heap[2 * slot + 1];
      const right = this.#heap[2 * slot + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || isBefore(timer, child)) return;
      this.#place(timer, child.slot);
      this.#place(child, slot);
    }
  }
}

function isBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.deadlineMs < b.deadlineMs || (a.deadlineMs === b.deadlineMs && a.order < b.order);
}
