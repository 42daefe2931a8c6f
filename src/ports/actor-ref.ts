import type { RuntimeError } from '../errors/index.ts';

/** What actors send each other: an object with a type. `actor.…` and `xstate.…` are reserved for the system. */
export interface Message {
  readonly type: string;
}

declare const REPLY: unique symbol;

/** Marks a message that is answered, with the type of the answer: `{ type: 'count' } & Expects<number>`. */
export interface Expects<Reply> {
  /** Exists for the compiler only. */
  readonly [REPLY]?: Reply;
}

/** What `ask` resolves with for a message of the type `Type`, read from the receiver's messages. */
export type ReplyTo<Messages extends Message, Type extends Message['type']> =
  Extract<Messages, { readonly type: Type }> extends Expects<infer Reply> ? Reply : unknown;

/**
 * Why a message was not accepted: the mailbox is full, the receiver has ended or is ending, the type belongs to the
 * system, or the value is no message.
 */
export type RefusalReason = 'mailboxFull' | 'stopped' | 'reserved' | 'undecodable';

/** What became of a message. */
export type TellOutcome = { readonly accepted: true } | { readonly accepted: false; readonly reason: RefusalReason };

/** How long `offer` waits. */
export interface OfferOptions {
  /** Gives the wait up; the outcome is then the refusal that the mailbox gave. */
  readonly signal?: AbortSignal | undefined;
}

/** The address of an actor. Stays valid, and refuses messages, after the actor has ended. */
export interface ActorRef<Messages extends Message = Message> {
  /** Name within its parent. */
  readonly name: string;
  /** Names from the root to the actor: `/plugins/kv`. */
  readonly path: string;
  /** Unique within the system, also among actors that had the same path one after the other. */
  readonly id: string;
  /** Puts a message into the mailbox. Never waits, never throws, and says what happened. */
  tell(message: Messages): TellOutcome;
  /**
   * Like `tell`, but where the mailbox is full and its overflow policy is `block`, waits for room, for at most the
   * policy's `blockMs`. Offers are taken in the order in which they were made. Never rejects.
   */
  offer(message: Messages, options?: OfferOptions): Promise<TellOutcome>;
}

/** How an actor ended. */
export type ActorOutcome<Output = unknown> =
  | { readonly kind: 'done'; readonly output: Output }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: RuntimeError };

/** Tells a watcher that an actor has ended; exactly one for each watch. Only the system can send it. */
export interface TerminatedMessage extends Message {
  readonly type: 'actor.terminated';
  readonly ref: ActorRef<never>;
  readonly outcome: ActorOutcome;
}
