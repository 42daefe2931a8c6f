import { WARNING_INTERVAL_MS } from '../../machines/index.ts';
import type { SubscriptionEvent } from '../../machines/index.ts';
import type { Environment } from '../../ports/index.ts';
import type { SubscriptionQueue } from './subscription-queue.ts';

/**
 * Tells the chart of a subscription what has changed in its queue: levels and not edges, at most once a turn of the event
 * loop. So the chart hears a few events a turn, however fast the queue overflows and is relieved, and its mailbox, which
 * must have room for a stop, cannot be filled.
 */
export class ChartLink {
  readonly #environment: Environment;
  readonly #queue: SubscriptionQueue;
  readonly #tell: (event: SubscriptionEvent) => void;
  readonly #report: () => void;
  #dirty = false;
  #ended = false;
  #attached = false;
  #overflowing = false;
  #pressures = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(environment: Environment, queue: SubscriptionQueue, tell: (event: SubscriptionEvent) => void) {
    this.#environment = environment;
    this.#queue = queue;
    this.#tell = tell;
    this.#report = () => this.#tellChanges();
  }

  /** Something has changed, or may have. */
  changed(): void {
    if (this.#dirty || this.#ended) return;
    this.#dirty = true;
    this.#environment.scheduler.yield(this.#report);
  }

  /** Nobody listens any more. */
  end(): void {
    this.#ended = true;
  }

  #tellChanges(): void {
    this.#dirty = false;
    if (this.#ended) return;
    this.#tellDeliverer();
    this.#tellOverflow();
  }

  #tellDeliverer(): void {
    const { attached, overflowing } = this.#queue;
    if (attached === this.#attached) return;
    this.#attached = attached;
    if (attached) this.#overflowing = overflowing;
    this.#tell(attached ? { type: 'deliverer.attached', overflowing } : { type: 'deliverer.detached' });
  }

  #tellOverflow(): void {
    const { pressures, overflowing, waiting, counters } = this.#queue;
    const at = this.#environment.clock.monotonic();
    const isDue = !this.#overflowing || at - this.#toldAt >= WARNING_INTERVAL_MS;
    if (pressures > this.#pressures && isDue) {
      this.#pressures = pressures;
      this.#toldAt = at;
      this.#overflowing = true;
      this.#tell({ type: 'queue.overflowed', at, dropped: counters.dropped, waiting });
    }
    if (!this.#overflowing || overflowing) return;
    this.#overflowing = false;
    this.#tell({ type: 'queue.relieved', dropped: counters.dropped });
  }
}
