// What was delivered to a subscriber lately.
//
// Invariants:
//   D1. Only the newest deliveries are known, as many as are remembered, and each for a limited time after it was settled.
//   D2. On the way of an event a few numbers are written, and the clock is read only once somebody has asked: most
//       subscribers never publish. What was settled before counts as settled at the first question.

import type { Clock } from '../../ports/index.ts';
import type { QueuedEvent } from '../event-source.ts';

/** What was delivered to a subscriber, so that the depth of what it publishes does not rest on its own word. */
export interface DeliveryRecord {
  /** Depth of an event that was delivered lately; undefined for one that was not. */
  depthOf(eventId: string): number | undefined;
  /** Whether an event is in the hands of the subscriber now. */
  isInFlight(eventId: string): boolean;
  /** The greatest depth among the events in flight; undefined when none is. */
  readonly deepestInFlight: number | undefined;
}

/** How much is remembered. */
export interface DeliveriesOptions {
  readonly clock: Clock;
  /** How many deliveries; 0 for none. */
  readonly capacity: number;
  /** For how many milliseconds after an event was settled. */
  readonly settledMs: number;
}

/** Depths above count as this one; the depth limit of a bus lies far below. */
const DEEPEST = 63;
/** In the place of the time at which an event was settled. */
const IN_FLIGHT = -1;
/** The same, for one that was settled while nobody asked. */
const UNTIMED = -2;

/** Remembers the last deliveries. */
export class Deliveries implements DeliveryRecord {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #settledMs: number;
  // By the number of the delivery, modulo the capacity. They grow to the capacity, and are written round and round then.
  readonly #ids: string[] = [];
  readonly #depths: number[] = [];
  readonly #settledAt: number[] = [];
  /** How many were noted so far. */
  #noted = 0;
  /** How many of them the map was told. */
  #told = 0;
  /** The newest delivery of each id; undefined until somebody asks. */
  #numbers: Map<string, number> | undefined = undefined;
  /** How many events of each depth are in flight. */
  readonly #inFlight: number[] = [];

  constructor({ clock, capacity, settledMs }: DeliveriesOptions) {
    this.#clock = clock;
    this.#capacity = capacity;
    this.#settledMs = settledMs;
  }

  get deepestInFlight(): number | undefined {
    for (let depth = this.#inFlight.length - 1; depth >= 0; depth--) {
      if ((this.#inFlight[depth] ?? 0) > 0) return depth;
    }
    return undefined;
  }

  depthOf(eventId: string): number | undefined {
    const slot = this.#find(eventId);
    if (slot === undefined) return undefined;
    const settledAt = this.#settledAt[slot] ?? 0;
    if (settledAt !== IN_FLIGHT && this.#clock.monotonic() - settledAt > this.#settledMs) return undefined;
    return this.#depths[slot];
  }

  isInFlight(eventId: string): boolean {
    const slot = this.#find(eventId);
    return slot !== undefined && this.#settledAt[slot] === IN_FLIGHT;
  }

  /** An event was given to the deliverer. Returns the number of the delivery, for `ended`. */
  began({ wire }: QueuedEvent): number {
    const depth = indexOf(wire.depth);
    while (this.#inFlight.length <= depth) this.#inFlight.push(0);
    this.#inFlight[depth] = (this.#inFlight[depth] ?? 0) + 1;
    const number = this.#noted++;
    if (this.#capacity === 0) return number;
    const slot = number % this.#capacity;
    this.#ids[slot] = wire.id;
    this.#depths[slot] = wire.depth;
    this.#settledAt[slot] = IN_FLIGHT;
    return number;
  }

  /** It is in the deliverer's hands no more. */
  ended({ wire }: QueuedEvent, number: number): void {
    const depth = indexOf(wire.depth);
    this.#inFlight[depth] = (this.#inFlight[depth] ?? 1) - 1;
    // Its place may belong to a later delivery by now.
    if (this.#noted - number > this.#capacity) return;
    this.#settledAt[number % this.#capacity] = this.#numbers === undefined ? UNTIMED : this.#clock.monotonic();
  }

  /** Nothing is in flight any more. */
  forgetInFlight(): void {
    this.#inFlight.length = 0;
    this.#timeAll(IN_FLIGHT);
  }

  /** The place of the newest delivery of an event. */
  #find(eventId: string): number | undefined {
    if (this.#capacity === 0) return undefined;
    if (this.#numbers === undefined) this.#timeAll(UNTIMED);
    this.#numbers ??= new Map();
    const oldest = Math.max(0, this.#noted - this.#capacity);
    for (let number = Math.max(this.#told, oldest); number < this.#noted; number++) {
      this.#numbers.set(this.#ids[number % this.#capacity] ?? '', number);
    }
    this.#told = this.#noted;
    if (this.#numbers.size > 2 * this.#capacity) this.#forgetBefore(this.#numbers, oldest);
    const number = this.#numbers.get(eventId);
    return number === undefined || number < oldest ? undefined : number % this.#capacity;
  }

  /** Seldom enough to cost little for each delivery. */
  #forgetBefore(numbers: Map<string, number>, oldest: number): void {
    for (const [id, number] of numbers) if (number < oldest) numbers.delete(id);
  }

  #timeAll(settled: typeof IN_FLIGHT | typeof UNTIMED): void {
    const now = this.#clock.monotonic();
    for (let slot = 0; slot < this.#settledAt.length; slot++) {
      if (this.#settledAt[slot] === settled) this.#settledAt[slot] = now;
    }
  }
}

function indexOf(depth: number): number {
  return depth >= 0 && depth <= DEEPEST ? Math.trunc(depth) : DEEPEST;
}
