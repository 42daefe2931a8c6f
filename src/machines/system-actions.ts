// The actions through which a chart talks to the actor system that runs it.
//
// Invariants:
//   A1. An action records an intent and does nothing else; the system performs intents after the transition, in order.
//   A2. A chart that no system runs cannot talk to one: the action throws ACTION_OUTSIDE_SYSTEM instead of losing the
//       message.

import type { AnyActorLogic, EventObject, InputFrom, MachineContext, NonReducibleUnknown } from 'xstate';
import { InvalidOptionsError } from '../errors/index.ts';
import type { RuntimeError } from '../errors/index.ts';
import { requireObject, shown } from '../policy/index.ts';
import type { ChildOptions } from '../policy/index.ts';
import type { ActorRef, ReplyTo } from '../ports/index.ts';
import { recordIntent } from './intents.ts';
import type { Intent, MessageTarget, PlainLogic } from './intents.ts';

type Mapper<Context extends MachineContext, Event extends EventObject, Value> =
  | Exclude<Value, (...args: never) => unknown>
  | ((args: { readonly context: Context; readonly event: Event }) => Value);

// The part of XState's `ActionArgs` that is used here. The whole of it names the event twice, and TypeScript could not
// infer it from the place in `setup` where the action stands.
interface SystemActionArgs<Context extends MachineContext, Event extends EventObject> {
  readonly context: Context;
  readonly event: Event;
  readonly self: object;
}

type SystemAction<Context extends MachineContext, Event extends EventObject> = (
  args: SystemActionArgs<Context, Event>,
  params: unknown,
) => void;

/** What the logic starts from. Plain logic is known here by its form alone. */
type SpawnInput<Logic> = Logic extends AnyActorLogic
  ? InputFrom<Logic>
  : Logic extends { readonly initial: infer Initial }
    ? Extract<Initial, (input: never, actor: never) => unknown> extends (input: infer Input, actor: never) => unknown
      ? Input
      : unknown
    : unknown;

/** Input and options of `spawn`. The input is needed unless the logic takes undefined. */
type SpawnArguments<Context extends MachineContext, Event extends EventObject, Logic> =
  undefined extends SpawnInput<Logic>
    ? [input?: Mapper<Context, Event, SpawnInput<Logic>>, options?: ChildOptions]
    : [input: Mapper<Context, Event, SpawnInput<Logic>>, options?: ChildOptions];

/** How a chart asks. */
export interface AskActionOptions<Event extends EventObject, Reply = unknown> {
  /** Milliseconds until the question fails with DEADLINE_EXCEEDED. */
  readonly deadlineMs: number;
  /** The event that brings the reply to this chart. No mailbox bound can lose it. */
  readonly onReply: (reply: Reply) => Event;
  /** The event that says why no reply comes. */
  readonly onFailure: (error: RuntimeError) => Event;
}

/**
 * Sends a message: to an actor reference, or by name to a child that this chart has spawned.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function tell<Context extends MachineContext, Event extends EventObject, Message extends EventObject>(
  target: Mapper<Context, Event, MessageTarget<Message> | string>,
  message: Mapper<Context, Event, Message>,
): SystemAction<Context, Event> {
  return (args) => {
    record(args, { kind: 'tell', target: resolve(target, args), message: resolve(message, args) });
  };
}

/**
 * Asks an actor, or by name a child of this chart. The answer comes as an event: `onReply` makes it from the reply,
 * `onFailure` from the error when the receiver refuses, fails, ends, or does not answer in time. Exactly one of the two
 * comes, unless this chart ends first.
 *
 * @throws INVALID_OPTIONS without `onReply` or `onFailure`
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function ask<
  Context extends MachineContext,
  Event extends EventObject,
  Message extends EventObject,
  Type extends Message['type'],
>(
  target: Mapper<Context, Event, ActorRef<Message> | string>,
  message: Mapper<Context, Event, Message & { readonly type: Type }>,
  options: AskActionOptions<NoInfer<Event>, ReplyTo<Message, Type>>,
): SystemAction<Context, Event> {
  requireAskOptions(options);
  return (args) => {
    const to = resolve(target, args);
    const untyped = options as unknown as AskActionOptions<EventObject>;
    record(args, { kind: 'ask', target: to as ActorRef<never>, message: resolve(message, args), ...untyped });
  };
}

/**
 * Answers the message that caused the transition, when it was asked. Does nothing but a log entry when it was told, or
 * answered before. A chart that answers later keeps the question: by `stash`, or by a `replyTo` that the message carries.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function reply<Context extends MachineContext, Event extends EventObject>(
  value: Mapper<Context, Event, NonReducibleUnknown>,
): SystemAction<Context, Event> {
  return (args) => record(args, { kind: 'reply', value: resolve(value, args) });
}

/**
 * Starts a child under this chart's actor. The name is how `tell` and `stop` find it; a name that is taken by a living
 * child is refused, logged, and leaves that child alone. `options` are those of the system's `spawn` without name, input
 * and parent: mailbox, supervision, strategy.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function spawn<
  Context extends MachineContext,
  Event extends EventObject,
  Logic extends AnyActorLogic | PlainLogic,
>(
  name: Mapper<Context, Event, string>,
  logic: Logic,
  ...rest: SpawnArguments<Context, Event, Logic>
): SystemAction<Context, Event> {
  const [input, options] = rest as [input?: Mapper<Context, Event, NonReducibleUnknown>, options?: ChildOptions];
  return (args) => {
    record(args, { kind: 'spawn', name: resolve(name, args), logic, input: resolve(input, args), options });
  };
}

/**
 * Stops a child of this chart's actor, after the messages it has already received. Unknown names are ignored.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function stop<Context extends MachineContext, Event extends EventObject>(
  name: Mapper<Context, Event, string>,
): SystemAction<Context, Event> {
  return (args) => record(args, { kind: 'stop', name: resolve(name, args) });
}

/**
 * Watches an actor, or by name a child of this chart: exactly one `actor.terminated` event comes when it has ended, at
 * once when it has ended already. Watching twice counts once.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function watch<Context extends MachineContext, Event extends EventObject>(
  target: Mapper<Context, Event, ActorRef<never> | string>,
): SystemAction<Context, Event> {
  return (args) => record(args, { kind: 'watch', target: resolve(target, args) });
}

/**
 * Ends a watch. No `actor.terminated` of it comes afterwards, also when the actor has ended meanwhile.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function unwatch<Context extends MachineContext, Event extends EventObject>(
  target: Mapper<Context, Event, ActorRef<never> | string>,
): SystemAction<Context, Event> {
  return (args) => record(args, { kind: 'unwatch', target: resolve(target, args) });
}

/**
 * Puts the message that caused the transition aside, with its question if it was asked. It counts against the mailbox's
 * capacity until `unstash`. What is stashed when the actor ends is a dead letter; a restart puts it back. A notice of the
 * system, such as `actor.terminated`, can be stashed too; it counts nowhere, and a restart forgets it.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function stash<Context extends MachineContext, Event extends EventObject>(): SystemAction<Context, Event> {
  return (args) => record(args, { kind: 'stash' });
}

/**
 * Puts every stashed message back, in order, before those that wait in the mailbox; notices of the system come after them.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function unstash<Context extends MachineContext, Event extends EventObject>(): SystemAction<Context, Event> {
  return (args) => record(args, { kind: 'unstash' });
}

function requireAskOptions(options: object): void {
  const { onReply, onFailure } = requireObject('options', options) as { onReply?: unknown; onFailure?: unknown };
  for (const [field, value] of Object.entries({ onReply, onFailure })) {
    if (typeof value !== 'function') throw new InvalidOptionsError(field, `must be a function, got ${shown(value)}`);
  }
}

function record(args: { readonly self: object }, intent: Intent): void {
  recordIntent(args.self, intent.kind, intent);
}

function resolve<Context extends MachineContext, Event extends EventObject, Value>(
  mapper: Mapper<Context, Event, Value>,
  args: { readonly context: Context; readonly event: Event },
): Value {
  return typeof mapper === 'function'
    ? (mapper as (args: { context: Context; event: Event }) => Value)({ context: args.context, event: args.event })
    : (mapper as Value);
}
