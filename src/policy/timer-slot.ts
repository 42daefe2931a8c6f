// The timers of one slot of a timer wheel.
//
// Invariants:
//   S1. Timers with the same deadline stand in the order in which they were armed, whatever else is moved.
//   S2. `first` has the earliest deadline, or `#firstIsEarliest` is false and the next look sorts the slot. So adding
//       never searches, and what is added in order of deadline, as timers of one length are, is never sorted.

/** A timer of a wheel: a link of its slot's list. Small, because every actor has some. */
export class SlotTimer<T> {
  readonly deadlineMs: number;
  readonly value: T;
  /** Where it is armed; undefined when it has fired or was cancelled. */
  slot: TimerSlot<T> | undefined = undefined;
  before: SlotTimer<T> | undefined = undefined;
  after: SlotTimer<T> | undefined = undefined;

  constructor(deadlineMs: number, value: T) {
    this.deadlineMs = deadlineMs;
    this.value = value;
  }

  get armed(): boolean {
    return this.slot !== undefined;
  }
}

/** A list of timers that gives the earliest first. Adding and removing are O(1). */
export class TimerSlot<T> {
  /** The wheel, so that no wheel cancels another's timer. */
  readonly owner: object;
  /** Place of the slot within the wheel. */
  readonly place: number;
  #first: SlotTimer<T> | undefined = undefined;
  #last: SlotTimer<T> | undefined = undefined;
  #firstIsEarliest = true;
  #isSorted = true;

  constructor(owner: object, place: number) {
    this.owner = owner;
    this.place = place;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  add(timer: SlotTimer<T>): void {
    const [first, last] = [this.#first, this.#last];
    timer.slot = this;
    if (first === undefined || last === undefined) {
      this.#first = timer;
      this.#last = timer;
      return;
    }
    if (this.#firstIsEarliest && timer.deadlineMs < first.deadlineMs) {
      timer.after = first;
      first.before = timer;
      this.#first = timer;
      return;
    }
    if (timer.deadlineMs < last.deadlineMs) this.#isSorted = false;
    timer.before = last;
    last.after = timer;
    this.#last = timer;
  }

  remove(timer: SlotTimer<T>): void {
    const { before, after } = timer;
    if (before === undefined) {
      this.#first = after;
      this.#firstIsEarliest = this.#isSorted;
    } else {
      before.after = after;
    }
    if (after === undefined) this.#last = before;
    else after.before = before;
    timer.slot = undefined;
    timer.before = undefined;
    timer.after = undefined;
    if (this.isEmpty) this.#setSorted();
  }

  /** The timer with the earliest deadline, which stays. */
  earliest(): SlotTimer<T> | undefined {
    if (!this.#firstIsEarliest) this.#sort();
    return this.#first;
  }

  /** Takes all timers out, in the order of S1. */
  takeAll(): SlotTimer<T>[] {
    const timers: SlotTimer<T>[] = [];
    for (let timer = this.#first; timer !== undefined; timer = timer.after) timers.push(timer);
    for (const timer of timers) {
      timer.slot = undefined;
      timer.before = undefined;
      timer.after = undefined;
    }
    this.#first = undefined;
    this.#last = undefined;
    this.#setSorted();
    return timers;
  }

  #sort(): void {
    // Sorting is stable, which keeps S1.
    const timers = this.takeAll().toSorted((a, b) => compare(a.deadlineMs, b.deadlineMs));
    for (const timer of timers) this.add(timer);
  }

  #setSorted(): void {
    this.#firstIsEarliest = true;
    this.#isSorted = true;
  }
}

/** Not the difference: that of two infinities is NaN. */
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
