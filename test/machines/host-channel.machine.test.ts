import { describe, expect, it } from 'vitest';
import { createActor, fromPromise } from 'xstate';
import { hostChannelMachine } from '../../src/machines/index.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import { explore, longestWayOut, stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS } from './host-channel.alphabet.ts';
import type { EventName } from './host-channel.alphabet.ts';

const dialing = ['waiting'] as const;
const ready = ['waiting', 'dialled'] as const;
const backingOff = ['waiting', 'dial failed'] as const;

const TABLE: readonly [from: string, after: readonly EventName[], on: Partial<Record<EventName, string>>][] = [
  ['unbound', [], { waiting: 'dialing', stop: 'closed' }],
  ['dialing', dialing, { dialled: 'ready', 'dial failed': 'backingOff', 'dial timeout': 'backingOff', stop: 'closed' }],
  ['ready', ready, { broken: 'backingOff', 'carrying failed': 'backingOff', stop: 'closed' }],
  ['backingOff', backingOff, { backoff: 'dialing', stop: 'closed' }],
  ['closed', ['stop'], {}],
];

describe('the host channel', () => {
  it.each(TABLE)('goes from %s where the table says, and nowhere on any other event', (from, after, on) => {
    const before = go(after);

    const reached = EVENT_NAMES.map((name) => [name, stateOf(step(before, EVENTS[name]).snapshot)]);

    expect(stateOf(before.snapshot)).toBe(from);
    expect(reached).toEqual(EVENT_NAMES.map((name) => [name, on[name] ?? from]));
  });

  it('N3: counts failures in a row until a call is answered', () => {
    const failed = [...backingOff, 'backoff', 'dial timeout', 'backoff', 'dialled'] as const;

    const attempts = [failed, [...failed, 'broken'], [...failed, 'proven'], [...failed, 'proven', 'broken']].map(
      (after) => go(after as readonly EventName[]).snapshot.context.attempt,
    );

    expect(attempts).toEqual([2, 3, 0, 1]);
  });

  it('N3: waits at most 250, 500, 1,000 … 10,000 ms, with full jitter', async () => {
    const waits = await waitsBetweenDials(8);

    const most = [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000];
    expect(waits.map((wait, index) => wait >= 0 && wait <= (most[index] ?? 0))).toEqual(most.map(() => true));
    expect(new Set(waits).size).toBe(8);
  });

  it('gives a dial 5,000 ms unless it is told otherwise', () => {
    expect([
      go([]).snapshot.context.dialTimeoutMs,
      travelWith({ dialTimeoutMs: 7 }).snapshot.context.dialTimeoutMs,
    ]).toEqual([5_000, 7]);
  });

  it('N4: is closed one step after a stop, from everywhere', () => {
    const found = explore(hostChannelMachine, {
      input: {},
      events: Object.values(EVENTS),
      keyOf: ({ value }) => String(value),
    });

    expect(found.map(({ snapshot }) => snapshot.value)).toEqual([
      'unbound',
      'dialing',
      'closed',
      'ready',
      'backingOff',
    ]);
    expect(longestWayOut(go([...ready, 'stop']), [])).toBe(0);
  });
});

// Helpers

function go(names: readonly EventName[]): Journey {
  return travel(
    hostChannelMachine,
    {},
    names.map((name) => EVENTS[name]),
  );
}

function travelWith(input: object): Journey {
  return travel(hostChannelMachine, input, []);
}

/** Milliseconds between the failures of dials and the next dials. */
async function waitsBetweenDials(count: number): Promise<number[]> {
  const clock = createVirtualClock();
  const dials: number[] = [];
  const dialHost = fromPromise<void>(async () => {
    dials.push(clock.now());
    throw new Error('nobody there');
  });
  const actor = createActor(hostChannelMachine.provide({ actors: { dialHost } }), { input: { random: 0.3 }, clock });
  actor.start();
  actor.send({ type: 'emit.waiting' });
  while (dials.length <= count) await clock.advanceAsync(1);
  actor.stop();
  return dials.slice(1).map((at, index) => at - (dials[index] ?? 0));
}
