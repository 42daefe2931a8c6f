// What waits for an actor, in the order of arrival.
//
// Invariants:
//   B1. Messages leave in the order in which they came.
//   B2. A signal leaves after the messages that came before it, and before those that came after it.

import type { Ring } from '../../../policy/index.ts';
import type { Cell } from '../cell.ts';
import type { Queued } from './envelope.ts';
import type { Signal } from './signal.ts';
import { giveRingBack, takeRing } from './spare-rings.ts';

/** The order of a mailbox. The race kernel has one of its own, in which each sender has a lane. */
export interface Backlog {
  /** Messages waiting. */
  readonly messages: number;
  /** Messages and signals waiting. */
  readonly size: number;
  /** `sender` is undefined for what comes from outside the system. */
  push(item: Queued, sender: Cell | undefined): void;
  pushSignal(signal: Signal): void;
  take(): Queued | Signal | undefined;
  /** Takes the message that waits longest; signals stay. */
  takeOldestMessage(): Queued | undefined;
  /** Puts messages back before all others, in their order. */
  putBack(items: readonly Queued[]): void;
}

/** The order of production: one queue. Takes little memory while nothing waits. */
export class FifoBacklog implements Backlog {
  /** Undefined while no message waits. */
  #queue: Ring<Queued> | undefined = undefined;
  /** Undefined while no signal waits. */
  #signals: Ring<Signal> | undefined = undefined;
  /** Messages that have ever been pushed, less those that were put back. */
  #taken = 0;

  get messages(): number {
    return this.#queue === undefined ? 0 : this.#queue.size;
  }

  get size(): number {
    return this.messages + (this.#signals === undefined ? 0 : this.#signals.size);
  }

  push(item: Queued): void {
    this.#queue ??= takeRing();
    this.#queue.push(item);
  }

  pushSignal(signal: Signal): void {
    this.#signals ??= takeRing();
    signal.after = this.#taken + this.messages;
    this.#signals.push(signal);
  }

  take(): Queued | Signal | undefined {
    const signal = this.#signals?.peek();
    if (signal === undefined || signal.after > this.#taken) return this.takeOldestMessage();
    this.#signals = withoutFirst(this.#signals);
    return signal;
  }

  takeOldestMessage(): Queued | undefined {
    const item = this.#queue?.peek();
    if (item === undefined) return undefined;
    this.#taken++;
    this.#queue = withoutFirst(this.#queue);
    return item;
  }

  putBack(items: readonly Queued[]): void {
    if (items.length === 0) return;
    this.#queue ??= takeRing();
    for (let i = items.length - 1; i >= 0; i--) this.#queue.unshift(items[i] as Queued);
    this.#keepBehind(this.#taken);
    this.#taken -= items.length;
  }

  /** An eviction counts as taken, and can leave signals behind that were due before it; what is put back precedes them. */
  #keepBehind(taken: number): void {
    const signals = this.#signals;
    for (let left = signals?.size ?? 0; left > 0; left--) {
      const signal = signals?.shift();
      if (signal === undefined) return;
      signal.after = Math.max(signal.after, taken);
      signals?.push(signal);
    }
  }
}

/** Removes the first item. The ring, unless it is empty now. */
function withoutFirst<T>(ring: Ring<T> | undefined): Ring<T> | undefined {
  ring?.shift();
  if (ring === undefined || ring.size > 0) return ring;
  giveRingBack(ring);
  return undefined;
}
