import type { AnyActorLogic, EmittedFrom, EventFromLogic, EventObject, OutputFrom, SnapshotFrom } from 'xstate';
import type { RuntimeError } from '../errors/index.ts';

/** What became of a message. */
export type TellOutcome =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: 'mailboxFull' | 'stopped' };

/** The address of an actor. Stays valid, and refuses messages, after the actor has ended. */
export interface ActorRef<Message extends EventObject = EventObject> {
  /** Name within its parent. */
  readonly name: string;
  /** Names from the root to the actor: `/plugins/kv`. */
  readonly path: string;
  /** Unique within the system, also among actors that had the same path one after the other. */
  readonly id: string;
  /** Puts a message into the mailbox. Never waits, never throws, and says what happened. */
  tell(message: Message): TellOutcome;
}

/** How an actor ended. */
export type ActorOutcome<Output = unknown> =
  | { readonly kind: 'done'; readonly output: Output }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: RuntimeError };

/** What whoever spawned an actor can do with it. */
export interface Actor<Logic extends AnyActorLogic = AnyActorLogic> extends ActorRef<EventFromLogic<Logic>> {
  /** The present state of the behaviour. */
  snapshot(): SnapshotFrom<Logic>;
  /** Calls back after each change of state. Returns the function that ends this; it ends by itself with the actor. */
  subscribe(listener: (snapshot: SnapshotFrom<Logic>) => void): () => void;
  /** Calls back for each fact that the chart emits. Returns the function that ends this. */
  onFact(listener: (fact: EmittedFrom<Logic>) => void): () => void;
  /** Settles once, when the actor has ended. Never rejects. */
  readonly ended: Promise<ActorOutcome<OutputFrom<Logic>>>;
  /** Messages waiting in the mailbox. */
  readonly waiting: number;
}
