// Where messages wait for an actor: bounds, overflow and the stash around a backlog.
//
// Invariants:
//   M1. Messages that wait or are stashed never exceed the capacity, nor their bytes `maxBytes`, but by the one message
//       that the actor has put aside last.
//   M2. Signals are outside the bounds: nothing evicts them, and they evict nothing.
//   M3. What is not accepted, or evicted, is reported to the owner once.
//   M4. Room goes to the waiting offers first, in their order, so that no `tell` overtakes an offer.
//   M5. A message at work can always be put aside, whatever came in while it was processed: it was accepted, and the
//       bounds are for what comes after it. No offer is given its place before that.

import type { MailboxPolicy } from '../../../policy/index.ts';
import type { Backlog } from './backlog.ts';
import type { Cell } from '../cell.ts';
import { Envelope } from './envelope.ts';
import type { Queued } from './envelope.ts';
import type { Offers } from './offers.ts';
import type { Signal } from './signal.ts';

/** Who hears of what the bounds do. */
export interface MailboxOwner {
  /** What bounds the mailbox. */
  readonly policy: { readonly mailbox: MailboxPolicy };
  /** A message that had been accepted was dropped for want of room. */
  evicted(item: Queued): void;
  /** A message was not accepted for want of room, and the policy drops those. */
  droppedNewest(item: Queued): void;
  /** The mailbox became high, or low again. */
  waterChanged(level: 'high' | 'low'): void;
}

/** What an actor has put aside. */
class Stash {
  readonly messages: Queued[] = [];
  signals: Signal[] = [];
}

/** The mailbox of one actor. Small, since every actor has one: what few actors need is made at the first need. */
export class Mailbox {
  readonly backlog: Backlog;
  /** Waiting offers; made at the first. */
  offers: Offers | undefined = undefined;
  readonly #owner: MailboxOwner;
  #stash: Stash | undefined = undefined;
  #bytes = 0;
  #high = false;

  constructor(backlog: Backlog, owner: MailboxOwner) {
    this.backlog = backlog;
    this.#owner = owner;
  }

  get policy(): MailboxPolicy {
    return this.#owner.policy.mailbox;
  }

  /** Messages waiting, stashed ones aside. */
  get waiting(): number {
    return this.backlog.messages;
  }

  get stashed(): number {
    return this.#stash === undefined ? 0 : this.#stash.messages.length;
  }

  /** Whether what there is no room for becomes a dead letter here; else it stays the sender's. */
  get dropsOverflow(): boolean {
    return this.policy.overflow === 'dropNewest' || this.policy.overflow === 'dropOldest';
  }

  /** Whether a message of so many bytes may come in now. */
  isFree(bytes: number): boolean {
    return this.hasRoom(bytes) && this.offers?.isWaiting !== true;
  }

  /** Whether a message of so many bytes fits. */
  hasRoom(bytes: number): boolean {
    return this.backlog.messages + this.stashed < this.policy.capacity && this.#bytes + bytes <= this.policy.maxBytes;
  }

  /** False when the message is refused. */
  push(item: Queued, sender: Cell | undefined): boolean {
    const bytes = bytesOf(item);
    if (!this.isFree(bytes) && !this.#makeRoom(item, bytes)) return false;
    this.add(item, bytes, sender);
    return true;
  }

  /** Adds a message for which there is room. */
  add(item: Queued, bytes: number, sender: Cell | undefined): void {
    this.#bytes += bytes;
    this.backlog.push(item, sender);
    this.#rise();
  }

  pushSignal(signal: Signal): void {
    this.backlog.pushSignal(signal);
  }

  take(): Queued | Signal | undefined {
    const item = this.backlog.take();
    if (item instanceof Envelope) this.#bytes -= item.bytes;
    if (this.#high && this.backlog.messages <= this.policy.lowAt) this.#setHigh(false);
    return item;
  }

  /** Gives the room that there is to the waiting offers (M5). */
  admit(): void {
    if (this.offers !== undefined) this.offers.admit();
  }

  /** Puts the message that was taken last aside (M5). */
  stash(item: Queued): void {
    this.#bytes += bytesOf(item);
    this.#stash ??= new Stash();
    this.#stash.messages.push(item);
  }

  /** Puts a signal aside, outside the bounds (M2). */
  stashSignal(signal: Signal): void {
    this.#stash ??= new Stash();
    this.#stash.signals.push(signal);
  }

  /** Signals belong to the life of the behaviour that they were for. */
  forgetStashedSignals(): void {
    if (this.#stash !== undefined) this.#stash.signals = [];
  }

  /** Takes the message that was stashed last. */
  unstashLast(): Queued | undefined {
    const item = this.#stash?.messages.pop();
    if (item !== undefined) this.#bytes -= bytesOf(item);
    return item;
  }

  /** Puts the stashed messages before the waiting ones, and stashed signals, which belong to no sender, after them. */
  unstash(): void {
    if (this.#stash === undefined) return;
    const { messages, signals } = this.#stash;
    this.#stash = undefined;
    this.backlog.putBack(messages);
    for (const signal of signals) this.backlog.pushSignal(signal);
    this.#rise();
  }

  /** Empties mailbox and stash; signals are forgotten. Returns the messages in the order in which they would have come. */
  drain(): Queued[] {
    this.#high = true;
    this.unstash();
    const items: Queued[] = [];
    for (let item = this.backlog.takeOldestMessage(); item !== undefined; item = this.backlog.takeOldestMessage()) {
      items.push(item);
    }
    while (this.backlog.take() !== undefined);
    this.#bytes = 0;
    this.#high = false;
    return items;
  }

  /** Applies the overflow policy. True when there is room now. */
  #makeRoom(item: Queued, bytes: number): boolean {
    const { overflow, maxBytes } = this.policy;
    if (overflow === 'dropOldest' && bytes <= maxBytes) {
      while (!this.hasRoom(bytes)) {
        const oldest = this.backlog.takeOldestMessage();
        // Only the stash is left; it is the actor's own and stays.
        if (oldest === undefined) break;
        if (oldest instanceof Envelope) this.#bytes -= oldest.bytes;
        this.#owner.evicted(oldest);
      }
      if (this.hasRoom(bytes)) return true;
    }
    if (this.dropsOverflow) this.#owner.droppedNewest(item);
    return false;
  }

  #rise(): void {
    if (!this.#high && this.backlog.messages >= this.policy.highAt) this.#setHigh(true);
  }

  #setHigh(high: boolean): void {
    this.#high = high;
    this.#owner.waterChanged(high ? 'high' : 'low');
  }
}

function bytesOf(item: Queued): number {
  return item instanceof Envelope ? item.bytes : 0;
}
