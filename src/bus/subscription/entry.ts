import type { Delivery, QueuedEvent } from '../event-source.ts';

/** Where an event of a subscription is. */
export const PLACE = { waiting: 0, inFlight: 1, settled: 2, lost: 3 } as const;

/** One of the places. */
export type Place = (typeof PLACE)[keyof typeof PLACE];

/**
 * An event of a subscription. The deliverer gets it as it is, so that no further object is made; one that is given back
 * waits under a new entry, so that what becomes of the old one later means nothing.
 */
export class Entry implements Delivery {
  readonly queued: QueuedEvent;
  readonly attempt: number;
  /** Place in the order of offers. */
  readonly number: number;
  /** The subscription, so that no entry is settled with another one. */
  readonly owner: object;
  place: Place = PLACE.waiting;
  /** Number of its delivery in the record of deliveries, once it is one. */
  delivery = 0;

  constructor(queued: QueuedEvent, attempt: number, number: number, owner: object) {
    this.queued = queued;
    this.attempt = attempt;
    this.number = number;
    this.owner = owner;
  }
}
