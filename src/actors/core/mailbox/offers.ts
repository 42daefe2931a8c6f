import { Ring } from '../../../policy/index.ts';
import type { TellOutcome } from '../../../ports/index.ts';
import type { Cell } from '../cell.ts';
import { Envelope } from './envelope.ts';
import type { Queued } from './envelope.ts';
import type { Mailbox } from './mailbox.ts';
import type { TimerTicket, Timers } from '../timers.ts';

/** A message whose sender waits for room. */
class Offer {
  readonly item: Queued;
  readonly sender: Cell | undefined;
  readonly #resolve: (outcome: TellOutcome) => void;
  #release: () => void = () => {};
  settled = false;

  constructor(item: Queued, sender: Cell | undefined, resolve: (outcome: TellOutcome) => void) {
    this.item = item;
    this.sender = sender;
    this.#resolve = resolve;
  }

  onSettled(release: () => void): void {
    this.#release = release;
  }

  settle(outcome: TellOutcome): void {
    if (this.settled) return;
    this.settled = true;
    this.#release();
    this.#resolve(outcome);
  }
}

/** The senders that wait for room in one mailbox, first come, first served. At most as many as the mailbox holds. */
export class Offers {
  readonly #mailbox: Mailbox;
  readonly #timers: Timers;
  readonly #owner: OffersOwner;
  #waiting: Ring<Offer>;

  constructor(mailbox: Mailbox, timers: Timers, owner: OffersOwner) {
    this.#mailbox = mailbox;
    this.#timers = timers;
    this.#owner = owner;
    this.#waiting = new Ring(mailbox.policy.capacity);
  }

  get isWaiting(): boolean {
    return this.#first() !== undefined;
  }

  /** Waits at most `blockMs`; `refusal` is the outcome when time is up, the signal fires, or too many wait. */
  wait(
    item: Queued,
    sender: Cell | undefined,
    options: { readonly blockMs: number; readonly signal: AbortSignal | undefined; readonly refusal: TellOutcome },
  ): Promise<TellOutcome> {
    const { blockMs, signal, refusal } = options;
    return new Promise((resolve) => {
      const offer = new Offer(item, sender, resolve);
      if (signal?.aborted === true || !this.#enqueue(offer)) {
        offer.settle(refusal);
        return;
      }
      const giveUp = (): void => {
        offer.settle(refusal);
        // The ones behind it may be smaller.
        this.admit();
      };
      const timer: TimerTicket = this.#timers.start(blockMs, giveUp);
      signal?.addEventListener('abort', giveUp, { once: true });
      offer.onSettled(() => {
        this.#timers.cancel(timer);
        signal?.removeEventListener('abort', giveUp);
      });
    });
  }

  /** Fills the room that there is. */
  admit(): void {
    for (let offer = this.#first(); offer !== undefined; offer = this.#first()) {
      const bytes = offer.item instanceof Envelope ? offer.item.bytes : 0;
      if (!this.#mailbox.hasRoom(bytes)) return;
      this.#waiting.shift();
      this.#mailbox.add(offer.item, bytes, offer.sender);
      offer.settle(this.#owner.offerAccepted());
    }
  }

  /** Refuses everybody who waits, because the actor takes no more. */
  refuseAll(refusal: TellOutcome): void {
    for (let offer = this.#first(); offer !== undefined; offer = this.#first()) {
      this.#waiting.shift();
      this.#owner.offerRefused(offer.item);
      offer.settle(refusal);
    }
  }

  #enqueue(offer: Offer): boolean {
    if (this.#waiting.push(offer)) return true;
    // Those that gave up still have their places.
    const old = this.#waiting;
    this.#waiting = new Ring(this.#mailbox.policy.capacity);
    for (let one = old.shift(); one !== undefined; one = old.shift()) if (!one.settled) this.#waiting.push(one);
    return this.#waiting.push(offer);
  }

  #first(): Offer | undefined {
    // Those that gave up leave their place when it comes to the front.
    while (this.#waiting.peek()?.settled === true) this.#waiting.shift();
    return this.#waiting.peek();
  }
}

/** Who hears of what becomes of offers. */
export interface OffersOwner {
  /** An offer has found room; what it returns is the offer's outcome. */
  offerAccepted(): TellOutcome;
  /** An offer was refused because the actor ends. */
  offerRefused(item: Queued): void;
}
