import type { AnyActorLogic, EmittedFrom, EventFromLogic, InputFrom, OutputFrom, SnapshotFrom } from 'xstate';
import type { ActorOutcome, ActorRef, Message } from '../../../ports/index.ts';
import type { Behavior } from './behavior.ts';

/** Any plain logic. Its state is given and taken, so that no one type in place of it would fit every behaviour. */
export interface AnyBehavior {
  readonly kind: 'behavior';
  readonly initial: unknown;
  readonly receive: (state: never, message: never, actor: never) => unknown;
  readonly stopped?: ((state: never) => void | Promise<void>) | undefined;
}

/** What an actor can run: an XState machine, any other XState actor logic, or plain logic. */
export type AnyLogic = AnyActorLogic | AnyBehavior;

/** The messages that an actor with this logic takes. */
export type MessageOf<Logic extends AnyLogic> = Logic extends AnyActorLogic
  ? EventFromLogic<Logic>
  : Logic extends Behavior<infer Messages, infer _State, infer _Input, infer _Fact>
    ? Messages
    : Message;

/** What the logic starts from. */
export type InputOf<Logic extends AnyLogic> = Logic extends AnyActorLogic
  ? InputFrom<Logic>
  : Logic extends Behavior<infer _Messages, infer _State, infer Input, infer _Fact>
    ? Input
    : unknown;

/** The input of a spawn: to be given unless the logic can start from nothing. */
export type InputOption<Logic extends AnyLogic> =
  undefined extends InputOf<Logic>
    ? { readonly input?: InputOf<Logic> | undefined }
    : { readonly input: InputOf<Logic> };

/** The state of the logic: XState's snapshot, or the state of a behaviour. */
export type SnapshotOf<Logic extends AnyLogic> = Logic extends AnyActorLogic
  ? SnapshotFrom<Logic>
  : Logic extends Behavior<infer _Messages, infer State, infer _Input, infer _Fact>
    ? State
    : unknown;

/** The facts that the logic emits. */
export type FactOf<Logic extends AnyLogic> = Logic extends AnyActorLogic
  ? EmittedFrom<Logic>
  : Logic extends Behavior<infer _Messages, infer _State, infer _Input, infer Fact>
    ? Fact
    : unknown;

/** What the logic comes to. */
export type OutputOf<Logic extends AnyLogic> = Logic extends AnyActorLogic ? OutputFrom<Logic> : unknown;

/** What whoever spawned an actor can do with it. */
export interface Actor<Logic extends AnyLogic = AnyActorLogic> extends ActorRef<MessageOf<Logic>> {
  /** The present state of the behaviour. */
  snapshot(): SnapshotOf<Logic>;
  /**
   * Calls back after each change of state, also across restarts. Returns the function that ends this; it ends by itself
   * with the actor.
   */
  subscribe(listener: (snapshot: SnapshotOf<Logic>) => void): () => void;
  /** Calls back for each fact that the behaviour emits. Returns the function that ends this. */
  onFact(listener: (fact: FactOf<Logic>) => void): () => void;
  /** Settles once, when the actor has ended. Never rejects. */
  readonly ended: Promise<ActorOutcome<OutputOf<Logic>>>;
  /** Messages waiting in the mailbox, stashed ones included. */
  readonly waiting: number;
  /** How often it was started again. */
  readonly restarts: number;
}

/** Any actor. */
export type AnyActor = Actor<AnyActorLogic>;
