// Messages that reached nobody.
//
// Invariants:
//   L1. Every message that the system does not deliver is counted here once, with its reason.
//   L2. Listeners are called in a turn of their own, so that one that sends to a dead actor cannot overflow the stack,
//       and after I/O, so that it cannot freeze the event loop either.
//       A listener that subscribes anew while it is called hears of the next letter, not of the same one again.
//   L3. The log has at most LOG_LINES entries a LOG_WINDOW_MS; the next one after that says how many were left out.

import { Ring } from '../../../policy/index.ts';
import type { Environment, Message } from '../../../ports/index.ts';
import { callOutside } from '../asking/call-outside.ts';
import { typeOf } from '../mailbox/message-type.ts';

/**
 * Why a message reached nobody: the receiver had ended (`stopped`) or never existed (`unknown`); its mailbox was full
 * (`overflow`); the reply came after the question was settled (`lateReply`); a bound of time passed (`expired`); it is no
 * message (`undecodable`) or its type belongs to the system (`rejected`); it made the receiver fail (`poison`); its node
 * is gone (`remoteGone`).
 */
export type DeadLetterReason =
  | 'stopped'
  | 'unknown'
  | 'overflow'
  | 'lateReply'
  | 'expired'
  | 'undecodable'
  | 'rejected'
  | 'poison'
  | 'remoteGone';

/** A message that reached nobody. */
export interface DeadLetter {
  /** A reply that came too late is `{ type: 'actor.reply', value }`, and what is no message `{ type: 'actor.unknown', value }`. */
  readonly message: Message;
  readonly reason: DeadLetterReason;
  /** Path of the actor that it was for. */
  readonly receiver: string;
  /** Path of the actor that sent it; undefined from outside the system, or when that is not known any more. */
  readonly sender: string | undefined;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** What the system remembers of dead letters. */
export interface DeadLetters {
  /** Counted since the system began, by reason; reasons that never occurred are missing. */
  readonly counts: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** The last ones, oldest first; at most 1,000. */
  recent(): readonly DeadLetter[];
  /** Calls back for each one from now on. Returns the function that ends this. */
  subscribe(listener: (letter: DeadLetter) => void): () => void;
}

const KEPT = 1000;
const LOG_LINES = 10;
const LOG_WINDOW_MS = 10_000;

/** The dead letters of one system. */
export class DeadLetterOffice implements DeadLetters {
  readonly counts: Partial<Record<DeadLetterReason, number>> = {};
  readonly #environment: Environment;
  readonly #kept: DeadLetter[] = [];
  /** Where the next letter goes once `#kept` is full. */
  #next = 0;
  readonly #listeners = new Set<(letter: DeadLetter) => void>();
  readonly #undelivered = new Ring<DeadLetter>(KEPT);
  #scheduled = false;
  #windowEndsAt = 0;
  #logged = 0;
  #leftOut = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  add(reason: DeadLetterReason, content: unknown, receiver: string, sender: string | undefined): DeadLetter {
    const type = reason === 'lateReply' ? undefined : typeOf(content);
    const message = (type === undefined ? wrapped(reason, content) : content) as Message;
    const letter: DeadLetter = { message, reason, receiver, sender, at: this.#environment.clock.now() };
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
    if (this.#kept.length < KEPT) this.#kept.push(letter);
    else this.#kept[this.#next] = letter;
    this.#next = (this.#next + 1) % KEPT;
    if (this.#listeners.size > 0) this.#deliverLater(letter);
    this.#log(letter, type ?? message.type);
    return letter;
  }

  recent(): readonly DeadLetter[] {
    if (this.#kept.length < KEPT) return [...this.#kept];
    return [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)];
  }

  subscribe(listener: (letter: DeadLetter) => void): () => void {
    // An entry of its own, so that the same function can listen twice.
    const entry = (letter: DeadLetter): void => listener(letter);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  #deliverLater(letter: DeadLetter): void {
    // Listeners that cannot keep up miss the oldest; the counts have them all.
    if (!this.#undelivered.push(letter)) {
      this.#undelivered.shift();
      this.#undelivered.push(letter);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#environment.scheduler.yield(this.#deliver);
  }

  readonly #deliver = (): void => {
    this.#scheduled = false;
    // Those that listeners cause come in the next turn (L2).
    for (let left = this.#undelivered.size; left > 0; left--) {
      const letter = this.#undelivered.shift();
      if (letter === undefined) return;
      for (const listener of Array.from(this.#listeners)) {
        if (this.#listeners.has(listener)) callOutside(() => listener(letter), this.#report);
      }
    }
  };

  readonly #report = (error: unknown): void => {
    this.#environment.log.log('error', 'a listener for dead letters threw', { error });
  };

  /** @param type of the message, since reading it once more may fail */
  #log(letter: DeadLetter, type: string): void {
    const now = this.#environment.clock.monotonic();
    if (now >= this.#windowEndsAt) {
      this.#windowEndsAt = now + LOG_WINDOW_MS;
      this.#logged = 0;
    }
    if (this.#logged >= LOG_LINES) {
      this.#leftOut++;
      return;
    }
    this.#logged++;
    const { reason, receiver, sender } = letter;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    this.#environment.log.log('debug', `a message to "${receiver}" reached nobody: ${reason}`, {
      actor: receiver,
      reason,
      message: type,
      ...(sender !== undefined && { sender }),
      ...(leftOut > 0 && { leftOut }),
    });
  }
}

/** What is no message, or a reply, in the form of one. */
function wrapped(reason: DeadLetterReason, value: unknown): object {
  return { type: reason === 'lateReply' ? 'actor.reply' : 'actor.unknown', value };
}
