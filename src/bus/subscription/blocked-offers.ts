// Offers whose publishers wait for room, first come, first served.
//
// Invariants:
//   B1. One timer, that of the first offer: all wait equally long, so no later one is due before it.
//   B2. Each offer is settled once.

import { Ring } from '../../policy/index.ts';
import type { Clock, TimerHandle } from '../../ports/index.ts';
import type { Entry } from './entry.ts';

interface BlockedOffer {
  readonly entry: Entry;
  readonly dueAt: number;
  readonly settle: (outcome: 'queued' | 'dropped') => void;
}

/** The offers of one subscription that wait for room. */
export class BlockedOffers {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #onDue: () => void;
  readonly #offers: Ring<BlockedOffer>;
  #timer: TimerHandle | undefined = undefined;
  #bytes = 0;

  /**
   * @param capacity most offers at a time
   * @param onDue called when the first offer has waited too long; the owner then takes it by `shiftDue`
   */
  constructor(clock: Clock, waitMs: number, capacity: number, onDue: () => void) {
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#offers = new Ring(capacity);
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#offers.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an offer, whose publisher waits for the promise. The owner has made sure that there is room. */
  add(entry: Entry): Promise<'queued' | 'dropped'> {
    return new Promise((settle) => {
      this.#offers.push({ entry, dueAt: this.#clock.monotonic() + this.#waitMs, settle });
      this.#bytes += entry.queued.bytes;
      if (this.#offers.size === 1) this.#arm();
    });
  }

  /** The event of the first offer, which stays. */
  peek(): Entry | undefined {
    return this.#offers.peek()?.entry;
  }

  /** Removes the first offer and settles it. */
  shift(outcome: 'queued' | 'dropped'): void {
    const offer = this.#offers.shift();
    if (offer === undefined) return;
    this.#bytes -= offer.entry.queued.bytes;
    this.#arm();
    offer.settle(outcome);
  }

  /** Removes the first offer as dropped when it has waited too long. Whether it had. */
  shiftDue(): boolean {
    const first = this.#offers.peek();
    if (first === undefined || first.dueAt > this.#clock.monotonic()) return false;
    this.shift('dropped');
    return true;
  }

  #arm(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const first = this.#offers.peek();
    if (first === undefined) return;
    const delayMs = Math.max(0, first.dueAt - this.#clock.monotonic());
    this.#timer = this.#clock.setTimeout(() => this.#onDue(), delayMs);
  }
}
