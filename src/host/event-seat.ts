// What a plugin has on the bus over all its versions: one subscription, and the version that gets its events.
//
// Invariants:
//   E1. One version at a time holds the seat. Who holds it is decided at once; the events follow when nothing is on its way
//       to the version before, in its processes or in a stream that is being let go.
//   E2. A version that wants no events does not take the seat: nothing further comes into the queue, and what waits there is
//       the old version's to handle until that ends.
//   E3. A move that the bus refuses has changed nothing.

/** The subscription, as far as a seat needs it. */
export interface SeatedSubscription {
  /** Changes the patterns of what comes into its queue. */
  route(patterns: readonly string[]): void;
}

/** A version of the plugin, as far as its events are concerned. */
export interface SeatMember<Subscription> {
  /** Patterns of the events that it wants; empty for none. */
  readonly patterns: readonly string[];
  /** Makes the subscription for its patterns. Throws what the bus refuses. */
  subscribe(): Subscription | undefined;
  /** Takes nothing further out of the queue; what it has goes on. At once. */
  pause(): void;
  /** Settles when nothing is on its way to it: after `drainMs` what is left is back in the queue. Never rejects. */
  letGo(drainMs: number): Promise<void>;
  /** Gets the events from now on, if it holds the seat. */
  begin(): void;
}

/** The seat of one plugin. */
export class EventSeat<Subscription extends SeatedSubscription> {
  /** Undefined before the plugin has subscribed, and when that has ended. */
  subscription: Subscription | undefined;
  #holder: SeatMember<Subscription> | undefined;
  #letGo: Promise<void> = Promise.resolve();

  /** Settles when nothing is on its way to a version, or process, that has lost the seat. Never rejects. */
  get free(): Promise<void> {
    return this.#letGo;
  }

  isHeldBy(member: SeatMember<Subscription>): boolean {
    return this.#holder === member;
  }

  /** The first version takes the seat when it is made. */
  enter(member: SeatMember<Subscription>): void {
    this.#holder ??= member;
  }

  /** E1. Nobody begins before this has settled. It never rejects. */
  awaitBefore(work: Promise<void>): void {
    this.#letGo = this.#letGo.then(() => work);
  }

  /**
   * Gives the seat to another version, or back. Who takes what comes next is decided when this returns; it settles when the
   * events have moved, within `drainMs` and what a stream takes to close.
   *
   * @throws what the bus refuses
   */
  give(next: SeatMember<Subscription>, drainMs: number): Promise<void> {
    const before = this.#holder;
    if (this.subscription !== undefined) this.subscription.route(next.patterns);
    else if (next.patterns.length > 0) this.subscription = next.subscribe();
    const isHolder = before === next;
    // E2.
    if (isHolder || (next.patterns.length === 0 && this.subscription !== undefined)) return this.#letGo;
    this.#holder = next;
    before?.pause();
    this.#letGo = this.#letGo.then(() => before?.letGo(drainMs)).then(() => next.begin());
    return this.#letGo;
  }
}
