// What a chart asked the system for, and how the system hears of it.
//
// Invariants:
//   I1. One XState system is one runtime actor, since every runtime actor is a root; so what the system has to have of its
//       own, its clock, is also where its intents go. A table beside it would cost every actor memory.
//   I2. Recording has no effect of its own: whoever is connected decides when an intent is performed, or that it is not.

import type { AnyActorLogic, EventObject } from 'xstate';
import { RuntimeError } from '../errors/index.ts';
import type { ChildOptions } from '../policy/index.ts';
import type { ActorRef } from '../ports/index.ts';

/** What a message can be sent to. */
export interface MessageTarget<Message extends EventObject = EventObject> {
  /** Puts the message into the receiver's mailbox; never throws. */
  tell(message: Message): unknown;
}

/** Plain logic, made by `behavior` of the actor system. */
export interface PlainLogic {
  readonly kind: 'behavior';
}

/** What a chart asked the system for. */
export type Intent =
  | { readonly kind: 'tell'; readonly target: MessageTarget<never> | string; readonly message: EventObject }
  | {
      readonly kind: 'ask';
      readonly target: ActorRef<never> | string;
      readonly message: EventObject;
      readonly deadlineMs: number;
      readonly onReply: (reply: unknown) => EventObject;
      readonly onFailure: (error: RuntimeError) => EventObject;
    }
  | { readonly kind: 'reply'; readonly value: unknown }
  | {
      readonly kind: 'spawn';
      readonly name: string;
      readonly logic: AnyActorLogic | PlainLogic;
      readonly input: unknown;
      readonly options: ChildOptions | undefined;
    }
  | { readonly kind: 'stop'; readonly name: string }
  | { readonly kind: 'watch' | 'unwatch'; readonly target: ActorRef<never> | string }
  | { readonly kind: 'stash' | 'unstash' };

/** Where a running chart's intents go: the clock of its XState system. */
export interface IntentSink {
  recordIntent(intent: Intent): void;
}

/**
 * Hands an intent to the runtime actor that runs the chart. Throws ACTION_OUTSIDE_SYSTEM when there is none.
 *
 * @param self the XState actor that the action ran in: the chart, or one that it has started
 */
export function recordIntent(self: object, action: string, intent: Intent): void {
  const { clock } = self as { readonly clock?: unknown };
  if (!isSink(clock)) {
    throw new RuntimeError('ACTION_OUTSIDE_SYSTEM', `action "${action}" ran in an actor that no system spawned`);
  }
  clock.recordIntent(intent);
}

function isSink(clock: unknown): clock is IntentSink {
  return typeof clock === 'object' && clock !== null && 'recordIntent' in clock;
}
