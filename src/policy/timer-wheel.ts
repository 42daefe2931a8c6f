// All the timers of a system in one place, so that one real timer is enough however many actors wait.
//
// A hierarchical wheel with ticks of 1 ms: level 0 has a slot for each of the next ticks, level 1 a slot for each 32
// ticks, and so on; the 11 levels reach over every number of ticks that a double counts exactly. A timer stands on the
// level of the highest digit (base 32) in which its tick differs from the present one.
//
// Invariants:
//   W1. Timers fire in the order of their deadlines, to the fraction of a millisecond, and those with the same deadline
//       in the order in which they were armed. No timer fires before its deadline.
//   W2. `#due` holds the timers of the present tick and before; all timers of a level are later than it, and earlier
//       than those of the levels above. In a level the lowest slot in use is the earliest.
//   W3. The present never passes a slot in use: it enters its first tick, and the slot's timers move down. So timers of
//       one tick are always in one slot.
//   W4. Adding and cancelling are O(1), and a cancelled timer is gone at once. A timer moves down at most once a level.

import { InvalidOptionsError } from '../errors/index.ts';
import { SlotTimer, TimerSlot } from './timer-slot.ts';

const DIGIT_BITS = 5;
const SLOTS = 1 << DIGIT_BITS;
/** Bit operations see 32 bits, so ticks are cut in two: five digits below, six above. */
const LOW_LEVELS = 5;
const LOW_SPAN = SLOTS ** LOW_LEVELS;

/** A timer that was armed; give it back to `cancel`. */
export interface TimerEntry<T> {
  /** When it fires, in milliseconds of the caller's clock; may have a fraction. */
  readonly deadlineMs: number;
  readonly value: T;
  /** Whether it is still to fire. */
  readonly armed: boolean;
}

/** Timers in order of their deadlines. Owns no clock: the caller says what time it is. */
export class TimerWheel<T> {
  /** The tick that counts as 0. */
  readonly #origin: number;
  /** The present tick, counted from the origin. */
  #present = 0;
  #size = 0;
  readonly #due: TimerSlot<T>;
  /** Slots that were ever used, by `level * SLOTS + digit`. */
  readonly #slots: (TimerSlot<T> | undefined)[] = [];
  /** For each level a bit for each slot in use. */
  readonly #used: number[] = [];
  /** A bit for each level in use. */
  #usedLevels = 0;

  /** @param nowMs the time on the clock that the deadlines are on, best a monotonic one */
  constructor(nowMs: number) {
    this.#origin = Math.floor(nowMs);
    this.#due = new TimerSlot(this, -1);
  }

  /** How many timers are armed. */
  get size(): number {
    return this.#size;
  }

  /**
   * Arms a timer. A deadline that has passed is due at once; one at Infinity never is.
   *
   * @throws InvalidOptionsError when the deadline is NaN, which no order has a place for
   */
  add(deadlineMs: number, value: T): TimerEntry<T> {
    if (Number.isNaN(deadlineMs)) throw new InvalidOptionsError('deadlineMs', 'must be a number, got NaN');
    const timer = new SlotTimer(deadlineMs, value);
    this.#size++;
    this.#place(timer);
    return timer;
  }

  /** Disarms a timer. False when it has fired, was cancelled, or belongs to another wheel. */
  cancel(entry: TimerEntry<T>): boolean {
    if (!(entry instanceof SlotTimer)) return false;
    const timer: SlotTimer<T> = entry;
    if (timer.slot?.owner !== this) return false;
    this.#remove(timer, timer.slot);
    return true;
  }

  /** The earliest deadline; undefined when nothing is armed. O(1), apart from sorting a slot that was filled pell-mell. */
  next(): number | undefined {
    return (this.#due.earliest() ?? this.#earliestSlot()?.earliest())?.deadlineMs;
  }

  /** Removes the earliest timer whose deadline has come, and returns it; undefined when there is none (any more). */
  expire(nowMs: number): TimerEntry<T> | undefined {
    const now = this.#tickOf(nowMs);
    for (;;) {
      const timer = this.#due.earliest();
      if (timer !== undefined) {
        if (!(timer.deadlineMs <= nowMs)) return undefined;
        this.#remove(timer, this.#due);
        return timer;
      }
      const slot = this.#earliestSlot();
      const start = slot === undefined ? Number.POSITIVE_INFINITY : this.#startOf(slot);
      if (slot === undefined || !(start <= now)) {
        // A caller that only empties the wheel says Infinity; the present stays where it is then.
        if (now > this.#present && nowMs < Number.POSITIVE_INFINITY) this.#present = now;
        return undefined;
      }
      this.#enter(slot, start);
    }
  }

  /** W3. */
  #enter(slot: TimerSlot<T>, start: number): void {
    this.#present = start;
    const timers = slot.takeAll();
    this.#markEmpty(slot);
    for (const timer of timers) this.#place(timer);
  }

  #place(timer: SlotTimer<T>): void {
    const tick = this.#tickOf(timer.deadlineMs);
    if (tick <= this.#present) return this.#due.add(timer);
    const high = Math.floor(tick / LOW_SPAN);
    const presentHigh = Math.floor(this.#present / LOW_SPAN);
    if (high !== presentHigh) return this.#fill(highestDigit(high ^ presentHigh), LOW_LEVELS, high, timer);
    const low = tick % LOW_SPAN;
    this.#fill(highestDigit(low ^ (this.#present % LOW_SPAN)), 0, low, timer);
  }

  /** @param digits five or six digits, the lowest of which is that of `base` */
  #fill(digit: number, base: number, digits: number, timer: SlotTimer<T>): void {
    const level = base + digit;
    const index = (digits >>> (digit * DIGIT_BITS)) & (SLOTS - 1);
    const place = level * SLOTS + index;
    let slot = this.#slots[place];
    if (slot === undefined) {
      slot = new TimerSlot(this, place);
      this.#slots[place] = slot;
    }
    this.#used[level] = (this.#used[level] ?? 0) | (1 << index);
    this.#usedLevels |= 1 << level;
    slot.add(timer);
  }

  #remove(timer: SlotTimer<T>, slot: TimerSlot<T>): void {
    slot.remove(timer);
    this.#size--;
    if (slot !== this.#due && slot.isEmpty) this.#markEmpty(slot);
  }

  #markEmpty({ place }: TimerSlot<T>): void {
    const level = Math.floor(place / SLOTS);
    const used = (this.#used[level] ?? 0) & ~(1 << (place % SLOTS));
    this.#used[level] = used;
    if (used === 0) this.#usedLevels &= ~(1 << level);
  }

  /** W2. */
  #earliestSlot(): TimerSlot<T> | undefined {
    if (this.#usedLevels === 0) return undefined;
    const level = lowestBit(this.#usedLevels);
    return this.#slots[level * SLOTS + lowestBit(this.#used[level] ?? 0)];
  }

  /** The first tick of a slot. Divisions by powers of two are exact. */
  #startOf({ place }: TimerSlot<T>): number {
    const span = SLOTS ** Math.floor(place / SLOTS);
    const round = span * SLOTS;
    return Math.floor(this.#present / round) * round + (place % SLOTS) * span;
  }

  #tickOf(ms: number): number {
    return Math.min(Math.floor(ms) - this.#origin, Number.MAX_SAFE_INTEGER);
  }
}

/** Which digit the highest bit that is set belongs to. */
function highestDigit(bits: number): number {
  return Math.floor((31 - Math.clz32(bits)) / DIGIT_BITS);
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
