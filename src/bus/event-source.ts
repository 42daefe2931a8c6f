// Between the queue of a subscription and what delivers its events.

import type { RuntimeError } from '../errors/index.ts';
import type { DomainEvent, EventDraft, WireEvent } from '../ports/index.ts';
import type { EncodedEvent } from '../transport/events/index.ts';

/** An event that waits for a subscriber, or is on its way to it. */
export interface QueuedEvent {
  readonly wire: WireEvent;
  /** The public form; made once for all subscribers, on first use. */
  readonly event: DomainEvent;
  /** The event as bytes; made once for all subscribers, on first use. */
  readonly encoded: EncodedEvent;
  /** Size that counts against bounds. */
  readonly bytes: number;
}

/** A queued event in the hands of a deliverer. Counts as pending until it is settled, exactly once. */
export interface Delivery {
  readonly queued: QueuedEvent;
  /** How often it was sent to the subscriber before. */
  readonly attempt: number;
}

/** What a deliverer takes events from. Plain and synchronous: it is on the path of every event. */
export interface EventSource {
  /** Name of the subscriber. */
  readonly name: string;
  /** Events that wait. */
  readonly waiting: number;
  /** False from `stop` on, once nothing waits any more. */
  readonly open: boolean;
  /**
   * Takes the oldest events out of the queue, at most as many and as many bytes as said, but one at least when any waits
   * and `maxEvents` allows it. All have the same attempt. They are pending until settled.
   */
  take(maxEvents: number, maxBytes: number): readonly Delivery[];
  /** The subscriber has handled it. What its handler returned is published, as far as it may be. */
  delivered(delivery: Delivery, emitted?: readonly EventDraft[]): void;
  /** The subscriber's handler failed. */
  failed(delivery: Delivery, error: RuntimeError, emitted?: readonly EventDraft[]): void;
  /** Nobody can say what became of it: it was in the air when a process died or a stream was cut. */
  unknown(delivery: Delivery): void;
  /** Puts deliveries, in their order, back before those that wait. `sent`: they may have reached the subscriber. */
  giveBack(deliveries: readonly Delivery[], options: { readonly sent: boolean }): void;
  /** Called once after each change from nothing waiting to something waiting; one listener at a time. */
  onAvailable(listener: (() => void) | undefined): void;
}
