import { describe, expect, it } from 'vitest';
import { createActor, fromPromise, waitFor } from 'xstate';
import type { AnyStateNode } from 'xstate';
import { subscriptionMachine } from '../../src/machines/index.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import { nodesBelow, transitionsOf } from '../../tools/mermaid.ts';
import { stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS } from './subscription.alphabet.ts';
import type { EventName } from './subscription.alphabet.ts';

const onWay = { stop: 'draining', 'stop now': 'closing', drained: 'closing' } as const;
const joined = { attached: 'active.flowing', 'attached overflowing': 'active.overflowing' } as const;
const full = {
  'overflowed at 0': 'active.overflowing',
  'overflowed at 999': 'active.overflowing',
  'overflowed at 1000': 'active.overflowing',
} as const;

/** Events that are left out change no state. */
const TABLE: readonly [from: string, after: readonly EventName[], on: Partial<Record<EventName, string>>][] = [
  ['starting', [], { ...onWay, ...joined }],
  ['active.flowing', ['attached'], { ...onWay, ...full, detached: 'suspended' }],
  ['active.overflowing', ['attached overflowing'], { ...onWay, detached: 'suspended', relieved: 'active.flowing' }],
  ['suspended', ['attached', 'detached'], { ...onWay, ...joined }],
  ['draining', ['stop'], { drained: 'closing', 'stop now': 'closing', 'time is up': 'closing' }],
  ['closing', ['drained'], { closed: 'stopped', 'close failed': 'stopped' }],
  ['stopped', ['drained', 'closed'], {}],
];

describe('the subscription', () => {
  it.each(TABLE)('SC-1: goes from %s after %j where the table says, and nowhere else', (from, after, on) => {
    const reached = Object.fromEntries(
      EVENT_NAMES.map((name) => [name, stateOf(step(go(after), EVENTS[name]).snapshot)]),
    );

    expect(stateOf(go(after).snapshot)).toBe(from);
    expect(reached).toEqual(Object.fromEntries(EVENT_NAMES.map((name) => [name, on[name] ?? from])));
  });

  it('takes every transition that an event can trigger, and visits every state', () => {
    const warned: EventName[] = ['overflowed at 0', 'attached'];
    const before = [...TABLE.map(([, after]) => go(after)), go(warned)];
    const taken = new Set(
      before.flatMap(({ snapshot }) =>
        EVENT_NAMES.flatMap((name) => subscriptionMachine.getTransitionData(snapshot as never, EVENTS[name] as never)),
      ),
    );

    const missed = nodesBelow(subscriptionMachine.root)
      .flatMap(transitionsOf)
      .filter((one) => !taken.has(one as never));

    expect(missed.map(({ eventType, source }) => `${(source as AnyStateNode).id} ${eventType}`)).toEqual([]);
  });
});

describe('the warnings of a subscription', () => {
  it.each<readonly EventName[]>([[], ['attached'], ['attached overflowing'], ['attached', 'detached']])(
    'S3: come once in 1,000 ms, after %s',
    (...after) => {
      const warnings = (['overflowed at 0', 'overflowed at 999', 'overflowed at 1000'] as const).reduce<
        [Journey, string[]]
      >(
        ([journey, facts], name) => {
          const next = step(journey, EVENTS[name]);
          return [next, [...facts, ...next.facts.map(({ type }) => type)]];
        },
        [go(after), []],
      )[1];

      expect(warnings).toEqual(['subscription.overflowed', 'subscription.overflowed']);
    },
  );

  it('S3: count across a relief and a suspension', () => {
    const path = ['overflowed at 0', 'attached', 'overflowed at 999', 'relieved', 'detached'] as const;

    const { facts } = step(go(path), EVENTS['overflowed at 999']);

    expect(facts).toEqual([]);
  });

  it('say how many were dropped and wait', () => {
    const { facts } = step(go(['attached']), EVENTS['overflowed at 0']);

    expect(facts).toEqual([{ type: 'subscription.overflowed', name: 'audit', dropped: 3, waiting: 256 }]);
  });
});

describe('the end of a subscription', () => {
  it('gives the report of the closed queue', () => {
    const { snapshot, facts } = go(['attached', 'stop', 'time is up', 'closed']);

    const report = { delivered: 1, dropped: 2, failed: 3, unknown: 4 };
    expect([snapshot.output, facts]).toEqual([report, [{ type: 'subscription.stopped', name: 'audit', ...report }]]);
  });

  it('comes 5,000 ms after a stop when nothing is drained', async () => {
    const clock = createVirtualClock();
    const report = { delivered: 0, dropped: 1, failed: 0, unknown: 0 };
    const logic = subscriptionMachine.provide({ actors: { closeQueue: fromPromise(async () => report) } });
    const actor = createActor(logic, { input: { name: 'audit' }, clock }).start();
    actor.send({ type: 'stop', drainMs: 5000 });

    clock.advance(4999);
    const before = actor.getSnapshot().value;
    clock.advance(1);
    const { output } = await waitFor(actor, ({ status }) => status === 'done');

    expect([before, output]).toEqual(['draining', report]);
  });
});

// Helpers

function go(names: readonly EventName[]): Journey {
  return travel(
    subscriptionMachine,
    { name: 'audit' },
    names.map((name) => EVENTS[name]),
  );
}
