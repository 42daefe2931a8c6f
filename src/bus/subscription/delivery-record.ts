import { LRUMap } from 'mnemonist';
import { Ring } from '../../policy/index.ts';
import type { QueuedEvent } from '../event-source.ts';

/** What was delivered to a subscriber, so that the depth of what it publishes does not rest on its own word. */
export interface DeliveryRecord {
  /** Depth of an event that was delivered lately; undefined for one that was not. */
  depthOf(eventId: string): number | undefined;
  /** The greatest depth among the events in flight; undefined when none is. */
  readonly deepestInFlight: number | undefined;
}

/** Depths above count as this one; the depth limit of a bus lies far below. */
const DEEPEST = 63;

/**
 * Remembers the last deliveries. They are only noted on the way of an event, and put into a map when somebody asks: most
 * subscribers never publish.
 */
export class Deliveries implements DeliveryRecord {
  readonly #capacity: number;
  readonly #ids: Ring<string>;
  readonly #depths: Ring<number>;
  #known: LRUMap<string, number> | undefined = undefined;
  /** How many events of each depth are in flight. */
  readonly #inFlight: number[] = [];

  /** @param capacity how many are remembered; 0 for none */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#ids = new Ring(capacity);
    this.#depths = new Ring(capacity);
  }

  get deepestInFlight(): number | undefined {
    for (let depth = this.#inFlight.length - 1; depth >= 0; depth--) {
      if ((this.#inFlight[depth] ?? 0) > 0) return depth;
    }
    return undefined;
  }

  depthOf(eventId: string): number | undefined {
    if (this.#capacity === 0) return undefined;
    this.#known ??= new LRUMap(this.#capacity);
    for (let id = this.#ids.shift(); id !== undefined; id = this.#ids.shift()) {
      this.#known.set(id, this.#depths.shift() ?? 0);
    }
    return this.#known.get(eventId);
  }

  /** An event was given to the deliverer. */
  began({ wire }: QueuedEvent): void {
    const depth = indexOf(wire.depth);
    while (this.#inFlight.length <= depth) this.#inFlight.push(0);
    this.#inFlight[depth] = (this.#inFlight[depth] ?? 0) + 1;
    if (this.#capacity === 0) return;
    if (this.#ids.size === this.#capacity) {
      this.#ids.shift();
      this.#depths.shift();
    }
    this.#ids.push(wire.id);
    this.#depths.push(wire.depth);
  }

  /** Nothing is in flight any more. */
  forgetInFlight(): void {
    this.#inFlight.length = 0;
  }

  /** It is in the deliverer's hands no more. */
  ended({ wire }: QueuedEvent): void {
    const depth = indexOf(wire.depth);
    this.#inFlight[depth] = (this.#inFlight[depth] ?? 1) - 1;
  }
}

function indexOf(depth: number): number {
  return depth >= 0 && depth <= DEEPEST ? Math.trunc(depth) : DEEPEST;
}
