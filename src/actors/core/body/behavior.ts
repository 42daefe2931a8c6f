import type { RuntimeError } from '../../../errors/index.ts';
import type { MessageTarget } from '../../../machines/index.ts';
import type { ChildOptions } from '../../../policy/index.ts';
import type { ActorRef, Logger, Message, ReplyTo } from '../../../ports/index.ts';
import type { PersistOptions } from '../../durable/persist-options.ts';
import type { AnyLogic, InputOf, InputOption, MessageOf } from './logic.ts';

/** How a named timer of a behaviour fires. */
export interface TimerRule {
  /** Milliseconds until it fires, at least 0. */
  readonly afterMs: number;
  /** Fires again and again. Default: once. */
  readonly repeat?:
    | undefined
    /** The next wait begins when the message was processed: never two in the mailbox. */
    | 'fixedDelay'
    /** Fires at the start plus 1, 2, 3 … times `afterMs`; what was missed while the event loop was busy is left out. */
    | 'fixedRate';
}

/** How a behaviour asks. */
export interface BehaviorAskOptions<Reply = unknown, Messages extends Message = Message> {
  /** Milliseconds until the question fails with DEADLINE_EXCEEDED. */
  readonly deadlineMs: number;
  /** The message to this actor that brings the reply. */
  readonly onReply: (reply: Reply) => Messages;
  /** The message to this actor that says why no reply comes. */
  readonly onFailure: (error: RuntimeError) => Messages;
}

/** How a child is started, its name aside. */
export type ChildSpawnOptions<Logic extends AnyLogic> = ChildOptions &
  InputOption<Logic> & {
    /** Where it keeps its state, so that it goes on from there when it is started again. Default: nowhere. */
    readonly persist?: PersistOptions | undefined;
  };

/** Options that may be left out, unless the logic needs an input. */
type ChildSpawnArguments<Logic extends AnyLogic> =
  undefined extends InputOf<Logic> ? [options?: ChildSpawnOptions<Logic>] : [options: ChildSpawnOptions<Logic>];

/** What a behaviour can do while it processes a message. Do not keep it for use outside `receive`, `self` aside. */
export interface ActorContext<Messages extends Message = Message, Fact = unknown> {
  /** The actor's own address. */
  readonly self: ActorRef<Messages>;
  readonly log: Logger;
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** A number from 0 up to, not including, 1. */
  random(): number;
  /** Sends at once, unlike a chart, whose sends leave after the transition. */
  tell<Receives extends Message>(target: MessageTarget<Receives> | string, message: Receives): void;
  /**
   * The reply comes as a message; no mailbox bound can lose it.
   *
   * @throws INVALID_OPTIONS without `onReply` or `onFailure`; what else is wrong comes by `onFailure`
   */
  ask<Receives extends Message, Type extends Receives['type']>(
    target: ActorRef<Receives> | string,
    message: Receives & { readonly type: Type },
    options: BehaviorAskOptions<ReplyTo<Receives, Type>, Messages>,
  ): void;
  /** Answers the message that is processed, when it was asked. */
  reply(value: unknown): void;
  /**
   * Starts a child.
   *
   * @param options the input among them, unless the logic takes undefined
   * @throws NAME_TAKEN; SYSTEM_STOPPED; INVALID_OPTIONS
   */
  spawn<Logic extends AnyLogic>(
    name: string,
    logic: Logic,
    ...options: ChildSpawnArguments<Logic>
  ): ActorRef<MessageOf<Logic>>;
  /** Stops a child after the messages it has already received. */
  stop(name: string): void;
  /** Ends this actor after the present message; `output` is what it came to. */
  finish(output?: unknown): void;
  /**
   * Exactly one `actor.terminated` message comes when the actor has ended, at once when it had ended before. A name finds
   * the child that lives, else the last one of that name among the 64 that ended last.
   */
  watch(target: ActorRef<never> | string): void;
  unwatch(target: ActorRef<never> | string): void;
  /**
   * Puts the present message aside until `unstash`, with its question if it was asked. It counts against the mailbox's
   * capacity. What is stashed when the actor ends is a dead letter; a restart puts it back. What the system tells, such as
   * `actor.terminated`, can be stashed too; it counts nowhere, and a restart forgets it.
   */
  stash(): void;
  /** Puts every stashed message back before the waiting ones, and what the system told after them. */
  unstash(): void;
  /**
   * Sends this actor a message later; a timer of the same name is replaced. Ends with the actor, and with a restart.
   *
   * @throws INVALID_OPTIONS for a rule or a message that cannot be used
   */
  startTimer(name: string, rule: TimerRule, message: Messages): void;
  /** The timer's message does not come after this, even when it is in the mailbox already. */
  cancelTimer(name: string): void;
  /** Tells whoever listens by `onFact`. */
  emit(fact: Fact): void;
}

/** Plain logic: the state after a message is what `receive` returns. */
export interface BehaviorDefinition<Messages extends Message, State, Input, Fact> {
  /** The first state; a function makes it from the input, anew for each start and restart. */
  readonly initial: State | ((input: Input, actor: ActorContext<Messages, Fact>) => State);
  /**
   * Processes one message and returns the next state, which is no promise. Throwing fails the actor; the supervision decides
   * what follows. What takes time comes back as a message.
   */
  readonly receive: (state: State, message: Messages, actor: ActorContext<Messages, Fact>) => State;
  /**
   * Called once when the actor ends or is restarted. A promise is waited for, for at most the actor's `cleanUpMs`, before
   * the restart and in a stop; nobody waits when the actor ends by itself or by force. Not called when `initial` threw.
   */
  readonly stopped?: ((state: State) => void | Promise<void>) | undefined;
}

/** Plain logic for an actor, made by `behavior`. */
export interface Behavior<Messages extends Message, State = unknown, Input = undefined, Fact = unknown>
  extends BehaviorDefinition<Messages, State, Input, Fact> {
  readonly kind: 'behavior';
}

/**
 * Creates plain logic: for the data plane, where a statechart's microseconds count. It has everything else that an
 * actor has: mailbox, supervision, ask, watch, stash and timers.
 */
export function behavior<Messages extends Message, State, Input = undefined, Fact = unknown>(
  definition: BehaviorDefinition<Messages, State, Input, Fact>,
): Behavior<Messages, State, Input, Fact> {
  return { kind: 'behavior', initial: definition.initial, receive: definition.receive, stopped: definition.stopped };
}
