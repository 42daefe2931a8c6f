// What waits for a subscriber, what is in its hands, and the books of both.
//
// Plain and synchronous, since it is on the path of every event; the chart of the subscription decides when it closes.
//
// Invariants:
//   Q1. published = delivered + dropped + failed + pending + unknown at every instant: whoever is called from here finds
//       the books closed.
//   Q2. An event is settled once. What is settled again, or by a stranger, changes nothing and is counted.
//   Q3. Events are taken in the order in which they were offered. What is given back takes its old place, whatever the
//       order of giving back, and no bound drops it.
//   Q4. While an offer waits for room, no later one gets in; an offer waits only while the ring holds something.
//   Q5. Nothing is taken beyond the bounds of what is in flight, except one event when nothing is.

import type { RuntimeError } from '../../errors/index.ts';
import { Ring } from '../../policy/index.ts';
import type { DomainEvent, Environment, EventDraft } from '../../ports/index.ts';
import type { Delivery, EventSource, QueuedEvent } from '../event-source.ts';
import { BlockedOffers } from './blocked-offers.ts';
import { createTally } from './counters.ts';
import type { SubscriptionCounters } from './counters.ts';
import { Deliveries } from './delivery-record.ts';
import { Entry, PLACE } from './entry.ts';
import type { Place } from './entry.ts';
import { FailureWarnings } from './failure-warnings.ts';
import type { ResolvedSubscriptionOptions } from './subscription-options.ts';

/** What became of an offer. */
export type OfferOutcome = 'queued' | 'dropped' | 'rejected';

/** Whom the queue tells what changes the state of its subscription. None of them throws. */
export interface QueueHooks {
  /** A deliverer came or went, or the queue overflows, or does so no more. Often called; must be cheap. */
  changed(): void;
  /** Nothing is left, and nothing will come. */
  drained(): void;
  /** Publishes what a handler returned. */
  publishEmitted(cause: DomainEvent, drafts: readonly EventDraft[]): EmittedOutcomes;
}

/** What became of each draft; nothing when all were published. */
// biome-ignore lint/suspicious/noConfusingVoidType: a publisher that refuses nothing need not say so
export type EmittedOutcomes = readonly { readonly accepted: boolean }[] | void;

/** Publishes what the handler of an event returned. */
export type PublishEmitted = (cause: DomainEvent, drafts: readonly EventDraft[]) => EmittedOutcomes;

type Gate = 'open' | 'draining' | 'closed';

const NOTHING: readonly Delivery[] = Object.freeze([]);

/** The queue of one subscription. */
export class SubscriptionQueue implements EventSource {
  readonly name: string;
  readonly deliveries: Deliveries;
  /** Offers that found no room, so far. */
  pressures = 0;
  /** Whether one did since the queue was last at its low water mark. */
  overflowing = false;
  readonly #options: ResolvedSubscriptionOptions;
  readonly #environment: Environment;
  readonly #hooks: QueueHooks;
  readonly #tally = createTally();
  readonly #failures: FailureWarnings;
  readonly #fresh: Ring<Entry>;
  readonly #returned = new Ring<Entry>(Number.POSITIVE_INFINITY);
  readonly #blocked: BlockedOffers;
  #gate: Gate = 'open';
  #listener: (() => void) | undefined = undefined;
  #freshBytes = 0;
  #inFlight = 0;
  #inFlightBytes = 0;
  #offered = 0;
  /** Number of the last of `#returned`, which is sorted by number. */
  #lastReturned = 0;

  constructor(options: ResolvedSubscriptionOptions, environment: Environment, hooks: QueueHooks) {
    this.name = options.name;
    const { remembered: capacity, rememberedMs: settledMs } = options;
    this.deliveries = new Deliveries({ clock: environment.clock, capacity, settledMs });
    this.#failures = new FailureWarnings(environment, options.name);
    this.#options = options;
    this.#environment = environment;
    this.#hooks = hooks;
    this.#fresh = new Ring(options.capacity);
    this.#blocked = new BlockedOffers(environment.clock, options.blockMs, options.capacity, () => this.#expire());
  }

  get waiting(): number {
    return this.#fresh.size + this.#returned.size;
  }

  get open(): boolean {
    return this.#gate === 'open' || (this.#gate === 'draining' && this.waiting > 0);
  }

  get attached(): boolean {
    return this.#listener !== undefined;
  }

  get pending(): number {
    return this.waiting + this.#inFlight + this.#blocked.size;
  }

  get counters(): SubscriptionCounters {
    return Object.freeze({ ...this.#tally, pending: this.pending });
  }

  /** Takes an event, or says what became of it; a promise when the publisher is to wait. Never throws. */
  offer(queued: QueuedEvent): OfferOutcome | Promise<'queued' | 'dropped'> {
    if (this.#gate !== 'open') return 'rejected';
    this.#tally.published++;
    const entry = new Entry(queued, 0, ++this.#offered, this);
    if (this.#blocked.size === 0 && this.#hasRoom(queued.bytes)) {
      this.#push(entry);
      return 'queued';
    }
    return this.#overflow(entry);
  }

  take(maxEvents: number, maxBytes: number): readonly Delivery[] {
    if (this.waiting === 0 || maxEvents < 1) return NOTHING;
    const { maxInFlight, maxInFlightBytes } = this.#options;
    const taken: Entry[] = [];
    let bytes = 0;
    while (taken.length < maxEvents && this.#inFlight < maxInFlight) {
      const next = this.#returned.peek() ?? this.#fresh.peek();
      if (next === undefined) break;
      const size = next.queued.bytes;
      if (this.#inFlight > 0 && this.#inFlightBytes + size > maxInFlightBytes) break;
      if (taken.length > 0 && (bytes + size > maxBytes || next.attempt !== taken[0]?.attempt)) break;
      bytes += size;
      this.#sendOff(next, size);
      taken.push(next);
    }
    this.#lookForRelief();
    return taken;
  }

  /** @param publish publishes what the handler returned; default: the way of the subscription */
  delivered(delivery: Delivery, emitted?: readonly EventDraft[], publish?: PublishEmitted): void {
    const entry = this.#release(delivery, PLACE.settled);
    if (entry === undefined) return;
    this.#tally.delivered++;
    this.#settled(entry, emitted, publish);
  }

  failed(delivery: Delivery, error: RuntimeError, emitted?: readonly EventDraft[], publish?: PublishEmitted): void {
    const entry = this.#release(delivery, PLACE.settled);
    if (entry === undefined) return;
    this.#tally.failed++;
    this.#failures.failed(entry, error);
    this.#settled(entry, emitted, publish);
  }

  unknown(delivery: Delivery): void {
    const entry = this.#release(delivery, PLACE.settled);
    if (entry === undefined) return;
    this.#tally.unknown++;
    this.#settled(entry, undefined, undefined);
  }

  giveBack(deliveries: readonly Delivery[], { sent }: { readonly sent: boolean }): void {
    const wasEmpty = this.waiting === 0;
    for (let i = deliveries.length - 1; i >= 0; i--) {
      const entry = this.#release(deliveries[i], PLACE.lost);
      if (entry !== undefined)
        this.#putBack(new Entry(entry.queued, entry.attempt + (sent ? 1 : 0), entry.number, this));
    }
    if (wasEmpty && this.waiting > 0) this.#announce();
  }

  onAvailable(listener: (() => void) | undefined): void {
    this.#listener = this.#gate === 'closed' ? undefined : listener;
    this.#hooks.changed();
  }

  /** From now on nothing is taken in. What is in goes on as before. */
  closeIntake(): void {
    if (this.#gate !== 'open') return;
    this.#gate = 'draining';
    this.#lookForEnd();
  }

  /** Drops what waits; what is in flight is unknown, and nothing that is said about it later counts. */
  close(): void {
    if (this.#gate === 'closed') return;
    this.#gate = 'closed';
    this.#listener = undefined;
    this.#tally.dropped += this.waiting + this.#blocked.size;
    this.#tally.unknown += this.#inFlight;
    this.#fresh.clear();
    this.#returned.clear();
    this.#freshBytes = 0;
    this.#inFlight = 0;
    this.#inFlightBytes = 0;
    this.deliveries.forgetInFlight();
    this.#failures.end();
    while (this.#blocked.size > 0) this.#blocked.shift('dropped');
  }

  #hasRoom(bytes: number): boolean {
    const { capacity, maxBytes } = this.#options;
    return this.#fresh.size < capacity && this.#freshBytes + bytes <= maxBytes;
  }

  #push(entry: Entry): void {
    const wasEmpty = this.waiting === 0;
    this.#fresh.push(entry);
    this.#freshBytes += entry.queued.bytes;
    if (wasEmpty) this.#announce();
  }

  #overflow(entry: Entry): OfferOutcome | Promise<'queued' | 'dropped'> {
    const { overflow, maxBytes } = this.#options;
    this.pressures++;
    this.overflowing = true;
    this.#hooks.changed();
    // One that can never fit is to make nobody wait or leave.
    if (entry.queued.bytes <= maxBytes) {
      if (overflow === 'block' && this.#canBlock(entry)) return this.#blocked.add(entry);
      if (overflow === 'dropOldest') return this.#replaceOldest(entry);
    }
    this.#tally.dropped++;
    // Under `block` nobody waits for a place to wait in.
    if (overflow !== 'reject' && overflow !== 'block') return 'dropped';
    this.#tally.rejected++;
    return 'rejected';
  }

  #canBlock({ queued }: Entry): boolean {
    const { capacity, maxBytes } = this.#options;
    return this.#blocked.size < capacity && this.#blocked.bytes + queued.bytes <= maxBytes;
  }

  #replaceOldest(entry: Entry): 'queued' {
    while (!this.#hasRoom(entry.queued.bytes)) {
      const oldest = this.#fresh.shift();
      if (oldest === undefined) break;
      oldest.place = PLACE.lost;
      this.#freshBytes -= oldest.queued.bytes;
      this.#tally.dropped++;
    }
    // Something waited before, so that nobody is told.
    this.#fresh.push(entry);
    this.#freshBytes += entry.queued.bytes;
    return 'queued';
  }

  /** Q4. */
  #admitBlocked(): void {
    for (let first = this.#blocked.peek(); first !== undefined; first = this.#blocked.peek()) {
      if (!this.#hasRoom(first.queued.bytes)) return;
      this.#fresh.push(first);
      this.#freshBytes += first.queued.bytes;
      this.#blocked.shift('queued');
    }
  }

  #expire(): void {
    while (this.#blocked.shiftDue()) this.#tally.dropped++;
    // The one that is first now may be smaller than the one that waited in vain.
    this.#admitBlocked();
    this.#hooks.changed();
    this.#lookForEnd();
  }

  #sendOff(entry: Entry, bytes: number): void {
    if (this.#returned.size > 0) {
      this.#returned.shift();
    } else {
      this.#fresh.shift();
      this.#freshBytes -= bytes;
      if (this.#blocked.size > 0) this.#admitBlocked();
    }
    entry.place = PLACE.inFlight;
    this.#inFlight++;
    this.#inFlightBytes += bytes;
    if (entry.attempt > 0) this.#tally.redelivered++;
    entry.delivery = this.deliveries.began(entry.queued);
  }

  /** Takes a delivery out of the deliverer's hands; undefined when it is not in them (Q2). */
  #release(delivery: Delivery | undefined, place: Place): Entry | undefined {
    if (this.#gate === 'closed') {
      this.#tally.settledLate++;
      return undefined;
    }
    if (!(delivery instanceof Entry) || delivery.owner !== this || delivery.place !== PLACE.inFlight) {
      this.#tally.settledTwice++;
      return undefined;
    }
    delivery.place = place;
    this.#inFlight--;
    this.#inFlightBytes -= delivery.queued.bytes;
    this.deliveries.ended(delivery.queued, delivery.delivery);
    return delivery;
  }

  #settled(entry: Entry, emitted: readonly EventDraft[] | undefined, publish: PublishEmitted | undefined): void {
    if (emitted !== undefined && emitted.length > 0) this.#publish(entry, emitted, publish);
    if (this.#gate === 'draining') this.#lookForEnd();
  }

  #publish(
    { queued }: Entry,
    drafts: readonly EventDraft[],
    publish: PublishEmitted = (cause, given) => this.#hooks.publishEmitted(cause, given),
  ): void {
    try {
      const outcomes = publish(queued.event, drafts);
      const refused = outcomes?.filter(({ accepted }) => !accepted).length ?? 0;
      this.#tally.refused += refused;
      this.#tally.emitted += drafts.length - refused;
    } catch (error) {
      this.#tally.refused += drafts.length;
      const { id } = queued.wire;
      this.#environment.log.log('error', 'what a handler returned could not be published', { eventId: id, error });
    }
  }

  /** Q3. Nearly always it goes to the front, since deliveries come back last first; else it is sorted in. */
  #putBack(entry: Entry): void {
    const { number } = entry;
    if (this.#returned.size === 0 || number > this.#lastReturned) {
      this.#lastReturned = number;
      this.#returned.push(entry);
    } else {
      this.#returned.insert(entry, (one) => one.number < number);
    }
  }

  #lookForRelief(): void {
    if (!this.overflowing || this.#blocked.size > 0) return;
    if (this.#fresh.size > this.#options.lowAt || this.#freshBytes > this.#options.lowBytes) return;
    this.overflowing = false;
    this.#hooks.changed();
  }

  #lookForEnd(): void {
    if (this.#gate === 'draining' && this.pending === 0) this.#hooks.drained();
  }

  #announce(): void {
    if (this.#listener === undefined) return;
    try {
      this.#listener();
    } catch (error) {
      // It is the deliverer's; the publisher and the other subscribers have no part in it.
      this.#environment.log.log('error', 'the deliverer of a subscription threw', { subscription: this.name, error });
    }
  }
}
