// The one place of the durable actors that reaches into XState: the delayed events that are armed.
//
// XState forgets them when it restores a snapshot (statelyai/xstate#5331). They stand in the system's
// `_snapshot._scheduledEvents`, and `system.scheduler.schedule` arms one; both are internal, and XState 6 has
// `system.runtime.scheduleTimer` in their place. This file is what changes then.
//
// Invariants:
//   T1. Every delayed event of the chart and of what it invoked or spawned is seen, with the moment at which it fires.
//   T2. XState that works in another way is refused with XSTATE_CHANGED before anything is stored; also one that arms
//       timers by itself when it restores, since they would fire twice.

import type { AnyActorLogic, AnyActorRef, EventObject } from 'xstate';
import { RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { StoredTimer } from './record.ts';

interface ScheduledEvent {
  readonly source: AnyActorRef;
  readonly target: AnyActorRef;
  readonly event: EventObject;
  readonly delay: number;
  readonly id: string;
}

type Schedule = (source: AnyActorRef, target: AnyActorRef, event: EventObject, delay: number, id?: string) => void;

/** What is used of an XState system. */
interface SystemInternals {
  readonly _snapshot: { readonly _scheduledEvents: Readonly<Record<string, ScheduledEvent>> };
  readonly scheduler: { schedule: Schedule };
}

type ActorClass = new (
  logic: AnyActorLogic,
  options: { readonly clock: object; readonly snapshot?: object },
) => AnyActorRef;

const checked = new WeakSet<object>();

/** The delayed events of one chart. */
export class ChartTimers {
  readonly #root: AnyActorRef;
  readonly #system: SystemInternals;
  readonly #clock: Clock;
  /** When each event fires, in wall-clock time, and what it was armed for at first. */
  readonly #times = new WeakMap<ScheduledEvent, { readonly dueAt: number; readonly delayMs: number }>();

  /**
   * @param root before it is started
   * @throws XSTATE_CHANGED
   */
  constructor(root: AnyActorRef, clock: Clock) {
    // A program may have loaded XState twice, so it is the root's own class that is tried out.
    const { constructor } = root;
    if (!checked.has(constructor)) {
      tryOut(constructor as unknown as ActorClass, root);
      checked.add(constructor);
    }
    this.#root = root;
    this.#system = internalsOf(root);
    this.#clock = clock;
    const { scheduler } = this.#system;
    const { schedule } = scheduler;
    scheduler.schedule = (source, target, event, delay, id) => {
      schedule(source, target, event, delay, id);
      // Now, since the moment of storing is a later one.
      for (const armed of this.#events()) this.#note(armed, armed.delay);
    };
  }

  /** T1. @throws SNAPSHOT_INVALID for an event that goes to an actor outside the chart. */
  armed(): StoredTimer[] {
    const events = this.#events();
    if (events.length === 0) return [];
    const paths = pathsBelow(this.#root);
    return events.flatMap((armed) => {
      const source = paths.get(armed.source);
      const target = paths.get(armed.target);
      // XState is about to forget what an actor had armed that has stopped.
      if (source === undefined) return [];
      if (target === undefined) {
        throw new RuntimeError(
          'SNAPSHOT_INVALID',
          `the delayed event "${armed.id}" goes to an actor outside the chart`,
        );
      }
      return [{ name: armed.id, message: armed.event, source, target, ...this.#note(armed, armed.delay) }];
    });
  }

  /** Arms what was armed, after the root was started. A timer whose actor is gone is gone too. */
  restore(timers: readonly StoredTimer[], delayOf: (timer: StoredTimer) => number): void {
    const actors = new Map([...pathsBelow(this.#root)].map(([actor, path]) => [JSON.stringify(path), actor]));
    for (const timer of timers.toSorted((a, b) => a.dueAt - b.dueAt)) {
      const source = actors.get(JSON.stringify(timer.source));
      const target = actors.get(JSON.stringify(timer.target));
      if (source === undefined || target === undefined) continue;
      const before = new Set(this.#events());
      const delay = Math.max(0, delayOf(timer));
      this.#system.scheduler.schedule(source, target, timer.message as EventObject, delay, timer.name);
      for (const armed of this.#events()) {
        if (!before.has(armed)) this.#times.set(armed, { dueAt: this.#clock.now() + delay, delayMs: timer.delayMs });
      }
    }
  }

  #events(): ScheduledEvent[] {
    return Object.values(this.#system._snapshot._scheduledEvents);
  }

  #note(armed: ScheduledEvent, delayMs: number): { readonly dueAt: number; readonly delayMs: number } {
    const known = this.#times.get(armed);
    if (known !== undefined) return known;
    const times = { dueAt: this.#clock.now() + delayMs, delayMs };
    this.#times.set(armed, times);
    return times;
  }
}

/** The actors of a chart with their ids from the chart downwards. */
function pathsBelow(root: AnyActorRef): Map<AnyActorRef, readonly string[]> {
  const paths = new Map<AnyActorRef, readonly string[]>();
  const add = (actor: AnyActorRef, path: readonly string[]): void => {
    paths.set(actor, path);
    const { children = {} } = actor.getSnapshot() as { readonly children?: Readonly<Record<string, AnyActorRef>> };
    for (const [id, child] of Object.entries(children)) add(child, [...path, id]);
  };
  add(root, []);
  return paths;
}

function internalsOf(root: AnyActorRef): SystemInternals {
  const system = root.system as unknown as SystemInternals;
  const events: unknown = system._snapshot?._scheduledEvents;
  if (typeof events !== 'object' || events === null) throw changed('system._snapshot._scheduledEvents');
  const schedule: unknown = system.scheduler?.schedule;
  if (typeof schedule !== 'function') throw changed('system.scheduler.schedule');
  return system;
}

/** Arms a timer in a system of its own, restores that, and sees whether all is as expected (T2). */
function tryOut(Actor: ActorClass, like: AnyActorRef): void {
  const fired: (() => void)[] = [];
  const clock = { setTimeout: (fire: () => void) => fired.push(fire), clearTimeout: () => {} };
  const heard: string[] = [];
  const logic = probe(heard);
  const first = new Actor(logic, { clock });
  internalsOf(first);
  first.start();
  internalsOf(first).scheduler.schedule(first, first, { type: 'late' }, 5, 'probe');
  const [armed] = Object.values(internalsOf(first)._snapshot._scheduledEvents);
  if (armed?.source !== first || armed.target !== first || armed.delay !== 5 || armed.id !== 'probe') {
    throw changed('scheduled events with source, target, delay and id');
  }
  const second = new Actor(logic, { clock, snapshot: first.getPersistedSnapshot() });
  second.start();
  if (Object.keys(internalsOf(second)._snapshot._scheduledEvents).length > 0) throw changed('a restore without timers');
  if (fired.length !== 1) throw changed('one timer of the clock for each event');
  for (const fire of fired) fire();
  if (heard.join() !== 'late') throw changed('delayed events that arrive');
  if (Object.keys(internalsOf(first)._snapshot._scheduledEvents).length > 0) throw changed('events that are forgotten');
  first.stop();
  second.stop();
  if (typeof like.getPersistedSnapshot !== 'function') throw changed('getPersistedSnapshot');
}

/** The smallest logic that XState runs: it notes what arrives. */
function probe(heard: string[]): AnyActorLogic {
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
  return new RuntimeError('XSTATE_CHANGED', `the installed xstate lacks what durable actors need: ${missing}`);
}
