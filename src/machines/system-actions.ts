// The actions through which a chart talks to the actor system that runs it.
//
// Invariants:
//   A1. An action records an intent and does nothing else; the system performs intents after the transition, in order.
//   A2. A chart that no system runs cannot talk to one: the action throws ACTION_OUTSIDE_SYSTEM instead of losing the
//       message.

import type { AnyActorLogic, EventObject, MachineContext, NonReducibleUnknown } from 'xstate';
import { RuntimeError } from '../errors/index.ts';

/** What a message can be sent to. */
export interface MessageTarget<Message extends EventObject = EventObject> {
  /** Puts the message into the receiver's mailbox; never throws. */
  tell(message: Message): unknown;
}

/** What a chart asked the system for. */
export type Intent =
  | { readonly kind: 'tell'; readonly target: MessageTarget<never> | string; readonly message: EventObject }
  | { readonly kind: 'spawn'; readonly name: string; readonly logic: AnyActorLogic; readonly input: unknown }
  | { readonly kind: 'stop'; readonly name: string };

/** Where a running chart's intents go. */
export type IntentSink = (intent: Intent) => void;

type Mapper<Context extends MachineContext, Event extends EventObject, Value> =
  | Exclude<Value, (...args: never) => unknown>
  | ((args: { readonly context: Context; readonly event: Event }) => Value);

// The part of XState's `ActionArgs` that is used here. The whole of it names the event twice, and TypeScript could not
// infer it from the place in `setup` where the action stands.
interface SystemActionArgs<Context extends MachineContext, Event extends EventObject> {
  readonly context: Context;
  readonly event: Event;
  readonly self: { readonly system: object };
}

type SystemAction<Context extends MachineContext, Event extends EventObject> = (
  args: SystemActionArgs<Context, Event>,
  params: unknown,
) => void;

// One XState system is one runtime actor, since every runtime actor is a root; so the system object is the key.
const sinks = new WeakMap<object, IntentSink>();

/** Connects a root XState actor to the runtime actor that wraps it. */
export function connectIntents(system: object, sink: IntentSink): void {
  sinks.set(system, sink);
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
    record(args, 'tell', { kind: 'tell', target: resolve(target, args), message: resolve(message, args) });
  };
}

/**
 * Starts a child under this chart's actor. The name is how `tell` and `stop` find it; a name that is taken by a living
 * child is refused, logged, and leaves that child alone.
 *
 * @throws ACTION_OUTSIDE_SYSTEM when no actor system runs the chart.
 */
export function spawn<Context extends MachineContext, Event extends EventObject>(
  name: Mapper<Context, Event, string>,
  logic: AnyActorLogic,
  input?: Mapper<Context, Event, NonReducibleUnknown>,
): SystemAction<Context, Event> {
  return (args) => {
    record(args, 'spawn', { kind: 'spawn', name: resolve(name, args), logic, input: resolve(input, args) });
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
  return (args) => {
    record(args, 'stop', { kind: 'stop', name: resolve(name, args) });
  };
}

function record(args: { readonly self: { readonly system: object } }, action: string, intent: Intent): void {
  const sink = sinks.get(args.self.system);
  if (sink === undefined) {
    throw new RuntimeError('ACTION_OUTSIDE_SYSTEM', `action "${action}" ran in an actor that no system spawned`);
  }
  sink(intent);
}

function resolve<Context extends MachineContext, Event extends EventObject, Value>(
  mapper: Mapper<Context, Event, Value>,
  args: { readonly context: Context; readonly event: Event },
): Value {
  return typeof mapper === 'function'
    ? (mapper as (args: { context: Context; event: Event }) => Value)({ context: args.context, event: args.event })
    : (mapper as Value);
}
