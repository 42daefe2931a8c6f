import type { Delivery } from '../event-source.ts';

/**
 * Events in the order of their sequences: those on their way, and those of an ended stream that are to be sent again.
 * Sequences start at 1 and go up by 1; none is given twice.
 */
export class Window {
  /** Sequence of the oldest event in here; where there is none, of the next one. */
  oldest = 1;
  /** Sequence that the next event gets. */
  next = 1;
  bytes = 0;
  // A ring: the event of a sequence has a place of its own, and nothing is moved or made for an event.
  readonly #mask: number;
  readonly #deliveries: (Delivery | undefined)[];
  readonly #sends: Uint16Array;

  /** @param capacity most events at the same time */
  constructor(capacity: number) {
    const size = 2 ** Math.ceil(Math.log2(capacity));
    this.#mask = size - 1;
    this.#deliveries = Array.from({ length: size }, () => undefined);
    this.#sends = new Uint16Array(size);
  }

  /** How much of the capacity is in use: gaps count, as they have a sequence. */
  get size(): number {
    return this.next - this.oldest;
  }

  add(delivery: Delivery): void {
    const slot = this.next & this.#mask;
    this.#deliveries[slot] = delivery;
    this.#sends[slot] = 0;
    this.next += 1;
    this.bytes += delivery.queued.bytes;
  }

  at(sequence: number): Delivery | undefined {
    return sequence < this.oldest || sequence >= this.next ? undefined : this.#deliveries[sequence & this.#mask];
  }

  /** How often the event was sent to any process before. */
  attempt(sequence: number): number {
    return (this.at(sequence)?.attempt ?? 0) + this.sends(sequence);
  }

  /** How often the event was sent to this process. */
  sends(sequence: number): number {
    return this.#sends[sequence & this.#mask] ?? 0;
  }

  countSend(sequence: number): void {
    const slot = sequence & this.#mask;
    this.#sends[slot] = Math.min((this.#sends[slot] ?? 0) + 1, 0xffff);
  }

  /** Takes back that it was sent to this process, as it never got there. */
  forgetSend(sequence: number): void {
    const slot = sequence & this.#mask;
    this.#sends[slot] = Math.max(0, (this.#sends[slot] ?? 0) - 1);
  }

  /** Takes the oldest event out. */
  shift(): Delivery | undefined {
    return this.remove(this.oldest);
  }

  /** Takes any event out. Sequences of those that are gone already make no difference. */
  remove(sequence: number): Delivery | undefined {
    const delivery = this.at(sequence);
    if (delivery === undefined) return undefined;
    this.#deliveries[sequence & this.#mask] = undefined;
    this.bytes -= delivery.queued.bytes;
    if (sequence !== this.oldest) return delivery;
    do this.oldest += 1;
    while (this.oldest < this.next && this.#deliveries[this.oldest & this.#mask] === undefined);
    return delivery;
  }
}
