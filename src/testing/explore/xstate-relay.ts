// The one place that reaches into XState: puts a callback between the actors of one XState system.
//
// The messages between a root and the children that it invokes or spawns never touch our mailboxes: XState hands them
// over on the sender's stack, through `system._relay`. That member is internal, and XState 6 has an official seam in its
// place (`system.runtime.sendEvent`); this file is what changes then.
//
// Invariants:
//   X1. Every delivery within the system goes through the callback: sends between actors, timers, outcomes of
//       children, and what promises and observables tell their own actor. A send from outside has no source.
//   X2. XState that works in another way is refused when the callback is put in, with XSTATE_CHANGED; no message is
//       ever lost because a hook stopped hooking.
//   X3. Taking the callback out leaves the system as it was.

import { createRequire } from 'node:module';
import { fromCallback } from 'xstate';
import type { AnyActorLogic, AnyActorRef, EventObject } from 'xstate';
import { RuntimeError } from '../../errors/index.ts';

/** One message on its way between two actors of an XState system. */
export interface Delivery {
  /** Who sent it; undefined when it came from outside, by `send`. A timer's source is the actor that armed it. */
  readonly source: AnyActorRef | undefined;
  readonly target: AnyActorRef;
  readonly event: EventObject;
  /**
   * Hands the message over now. Not calling it drops the message, calling it twice duplicates it. A target that has
   * stopped meanwhile ignores it.
   */
  deliver(): void;
}

type Relay = (source: AnyActorRef | undefined, target: AnyActorRef, event: EventObject) => void;

/** What is used of an XState system. */
interface SystemInternals {
  _relay: Relay;
  readonly scheduler: {
    schedule(source: AnyActorRef, target: AnyActorRef, event: EventObject, delay: number, id: string): void;
  };
}

type ActorClass = new (
  logic: AnyActorLogic,
  options: { readonly id: string; readonly parent?: AnyActorRef; readonly clock?: object },
) => AnyActorRef;

const checked = new WeakSet<object>();

/**
 * Routes the messages between a root and its XState children, and among these, through a callback, which delivers them
 * now, later, or never.
 *
 * @param root an actor without a parent, best before it is started: what is sent before cannot be caught
 * @returns takes the callback out again
 * @throws XSTATE_CHANGED when the XState behind the root does not work as expected
 */
export function interceptRelay(root: AnyActorRef, intercept: (delivery: Delivery) => void): () => void {
  const { constructor } = root;
  // A program may have loaded XState twice, so it is the root's own class that is tried out.
  if (!checked.has(constructor)) {
    tryOut(constructor as unknown as ActorClass);
    checked.add(constructor);
  }
  return hook(root, intercept);
}

function hook(root: AnyActorRef, intercept: (delivery: Delivery) => void): () => void {
  const system = root.system as unknown as SystemInternals;
  const original = system._relay;
  if (typeof original !== 'function' || original.length !== 3) throw changed('system._relay(source, target, event)');
  let isOut = false;
  const relay: Relay = (source, target, event) => {
    const deliver = (): void => original(source, target, event);
    if (isOut) deliver();
    else intercept({ source, target, event, deliver });
  };
  if (!Reflect.set(system, '_relay', relay)) throw changed('a writable system._relay');
  return () => {
    isOut = true;
    // Somebody who hooked in later still calls ours, which lets everything pass from now on.
    if (system._relay === relay) system._relay = original;
  };
}

/** Sends one message of each kind through a system of its own, and sees whether each one is held and delivered (X2). */
function tryOut(Actor: ActorClass): void {
  const heard: string[] = [];
  const held: Delivery[] = [];
  const timers: (() => void)[] = [];
  const clock = { setTimeout: (fire: () => void) => timers.push(fire), clearTimeout: () => {} };
  const root = new Actor(listener(heard), { id: 'root', clock });
  const child = new Actor(
    fromCallback(({ sendBack }) => sendBack({ type: 'from child' })),
    { id: 'child', parent: root },
  );
  hook(root, (delivery) => held.push(delivery));
  root.start();
  child.start();
  root.send({ type: 'from outside' });
  const { scheduler } = root.system as unknown as Partial<SystemInternals>;
  if (typeof scheduler?.schedule !== 'function') throw changed('system.scheduler.schedule');
  scheduler.schedule(root, root, { type: 'from timer' }, 1, 'timer');
  for (const fire of timers) fire();
  const early = heard.length;
  for (const { deliver } of held) deliver();
  root.stop();
  const seen = held.map(({ source, target, event }) => `${source?.id ?? 'nobody'} to ${target.id}: ${event.type}`);
  const wanted = ['child to root: from child', 'nobody to root: from outside', 'root to root: from timer'];
  for (const [i, line] of wanted.entries()) if (seen[i] !== line) throw changed(`the delivery "${line}"`);
  const events = ['from child', 'from outside', 'from timer'];
  if (early > 0) throw changed('deliveries that wait');
  if (heard.join() !== events.join()) throw changed('deliveries that arrive');
}

/** The smallest logic that XState runs: it notes what arrives. */
function listener(heard: string[]): AnyActorLogic {
  const snapshot = { status: 'active', output: undefined, error: undefined } as const;
  return {
    getInitialSnapshot: () => snapshot,
    getPersistedSnapshot: () => snapshot,
    transition: (_: unknown, { type }: EventObject) => {
      if (!type.startsWith('xstate.')) heard.push(type);
      return snapshot;
    },
  } as unknown as AnyActorLogic;
}

function changed(missing: string): RuntimeError {
  return new RuntimeError(
    'XSTATE_CHANGED',
    `xstate ${versionOfXState()} lacks what the race kernel hooks into: ${missing}`,
  );
}

function versionOfXState(): string {
  try {
    const { version } = createRequire(import.meta.url)('xstate/package.json') as { readonly version?: string };
    return version ?? 'of an unknown version';
  } catch {
    // A bundle has no package.json beside it.
    return 'of an unknown version';
  }
}
