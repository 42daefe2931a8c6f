// What one process takes events from: the queue of a subscription, until the tap is shut.
//
// Invariants:
//   T1. From `shut` on nothing comes out of it, and it seems to be empty; what is in its deliverer's hands is settled, or
//       given back, as before.
//   T2. A shut tap leaves the listener of the queue alone: it may be that of the next process.
//   T3. What handlers returned is published in the name of the process that they ran in.

import type { RuntimeError } from '../../errors/index.ts';
import type { EventDraft } from '../../ports/index.ts';
import type { Delivery, EventSource } from '../event-source.ts';
import type { PublishEmitted, SubscriptionQueue } from './subscription-queue.ts';

/** A source that can be shut while what was taken from it is still on its way. */
export interface SourceTap extends EventSource {
  /** Gives nothing out any more. Idempotent. */
  shut(): void;
}

/** Opens a tap. One at a time is open: they share the listener of the queue. */
export function createTap(queue: SubscriptionQueue, publish: PublishEmitted): SourceTap {
  return new Tap(queue, publish);
}

const NOTHING: readonly Delivery[] = Object.freeze([]);

class Tap implements SourceTap {
  readonly name: string;
  readonly #queue: SubscriptionQueue;
  readonly #publish: PublishEmitted;
  #isShut = false;

  constructor(queue: SubscriptionQueue, publish: PublishEmitted) {
    this.name = queue.name;
    this.#queue = queue;
    this.#publish = publish;
  }

  get waiting(): number {
    return this.#isShut ? 0 : this.#queue.waiting;
  }

  get open(): boolean {
    return !this.#isShut && this.#queue.open;
  }

  take(maxEvents: number, maxBytes: number): readonly Delivery[] {
    return this.#isShut ? NOTHING : this.#queue.take(maxEvents, maxBytes);
  }

  delivered(delivery: Delivery, emitted?: readonly EventDraft[]): void {
    this.#queue.delivered(delivery, emitted, this.#publish);
  }

  failed(delivery: Delivery, error: RuntimeError, emitted?: readonly EventDraft[]): void {
    this.#queue.failed(delivery, error, emitted, this.#publish);
  }

  unknown(delivery: Delivery): void {
    this.#queue.unknown(delivery);
  }

  giveBack(deliveries: readonly Delivery[], options: { readonly sent: boolean }): void {
    this.#queue.giveBack(deliveries, options);
  }

  onAvailable(listener: (() => void) | undefined): void {
    if (!this.#isShut) this.#queue.onAvailable(listener);
  }

  shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    this.#queue.onAvailable(undefined);
  }
}
