import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import type { AnyActorRef } from 'xstate';
import { ChartTimers } from '../../../src/actors/durable/chart-timers.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';

const machine = createMachine({ id: 'm', initial: 'a', states: { a: { after: { 50: 'b' } }, b: {} } });

/** A class of actors whose system differs from XState's in one way. */
function changedXState(change: (actor: AnyActorRef, options: { readonly snapshot?: object }) => void): AnyActorRef {
  const Actor = createActor(machine).constructor as new (logic: object, options: object) => AnyActorRef;
  class Changed extends Actor {
    constructor(logic: object, options: object) {
      super(logic, options);
      change(this, options);
    }
  }
  return new Changed(machine, {});
}

const internals = (actor: AnyActorRef) =>
  actor.system as unknown as {
    _snapshot: { _scheduledEvents: Record<string, object> } | undefined;
    scheduler: { schedule: ((...args: never[]) => void) | undefined };
    _relay: unknown;
  };

describe('T2: XState that works in another way is refused with XSTATE_CHANGED', () => {
  it.each<[string, (actor: AnyActorRef, options: { readonly snapshot?: object }) => void]>([
    ['has no scheduled events', (actor) => void (internals(actor)._snapshot = undefined)],
    ['has no scheduler', (actor) => void (internals(actor).scheduler.schedule = undefined)],
    ['keeps scheduled events elsewhere', (actor) => void (internals(actor).scheduler.schedule = () => {})],
    ['does not deliver them', (actor) => void (internals(actor)._relay = () => {})],
    [
      'arms timers by itself when it restores',
      (actor, { snapshot }) => {
        if (snapshot === undefined) return;
        const start = actor.start.bind(actor);
        actor.start = () => {
          const started = start();
          internals(actor).scheduler.schedule?.(...([actor, actor, { type: 'again' }, 1, 'again'] as never[]));
          return started;
        };
      },
    ],
  ])('when it %s', (_, change) => {
    expect(() => new ChartTimers(changedXState(change), createVirtualClock())).toThrow(
      expect.objectContaining({ code: 'XSTATE_CHANGED' }),
    );
  });

  it('and the installed one is not', () => {
    expect(() => new ChartTimers(createActor(machine), createVirtualClock())).not.toThrow();
  });
});

describe('T1: the delayed events of a chart', () => {
  it('are seen with the moment at which they fire, whenever one looks', () => {
    const clock = createVirtualClock({ startAt: 1000 });
    const root = createActor(machine, { clock: clock as never });
    const timers = new ChartTimers(root, clock);
    root.start();
    const [first] = timers.armed();
    clock.advance(20);
    const [later] = timers.armed();
    clock.advance(30);

    expect(first).toEqual({
      name: 'xstate.after.50.m.a',
      message: { type: 'xstate.after.50.m.a' },
      source: [],
      target: [],
      dueAt: 1050,
      delayMs: 50,
    });
    expect([later, timers.armed(), root.getSnapshot().value]).toEqual([first, [], 'b']);
    root.stop();
  });
});
