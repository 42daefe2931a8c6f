import type { Clock, TimerHandle } from '../../ports/index.ts';
import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { Delivery, EventSource } from '../event-source.ts';
import { settle } from './results.ts';

/**
 * Events of plain streams that were cut: their results may still come for a while. After that nobody can say what became
 * of them, and they are not sent again.
 */
export class LateResults {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #source: EventSource;
  readonly #onSettled: () => void;
  readonly #waiting = new Map<string, Delivery>();
  readonly #timers = new Set<TimerHandle>();

  constructor(source: EventSource, clock: Clock, waitMs: number, onSettled: () => void) {
    this.#source = source;
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#onSettled = onSettled;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Waits for the results of these. */
  add(deliveries: readonly Delivery[]): void {
    if (deliveries.length === 0) return;
    for (const delivery of deliveries) this.#waiting.set(delivery.queued.wire.id, delivery);
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      this.#giveUp(deliveries);
      this.#onSettled();
    }, this.#waitMs);
    this.#timers.add(timer);
  }

  /** Settles the event of a result; false when it is none of these. */
  take(result: EventResult): boolean {
    const delivery = this.#waiting.get(result.eventId);
    if (delivery === undefined) return false;
    this.#waiting.delete(result.eventId);
    settle(this.#source, delivery, result);
    this.#onSettled();
    return true;
  }

  /** Waits no longer. */
  release(): void {
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#timers.clear();
    this.#giveUp([...this.#waiting.values()]);
  }

  #giveUp(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (this.#waiting.delete(delivery.queued.wire.id)) this.#source.unknown(delivery);
    }
  }
}
