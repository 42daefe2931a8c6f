import { describe, expect, it } from 'vitest';
import { createActor, fromPromise, waitFor } from 'xstate';
import type { AnyStateNode } from 'xstate';
import { supervisorMachine } from '../../src/machines/index.ts';
import type { SupervisorContext } from '../../src/machines/index.ts';
import type { SupervisionOptions, SupervisionStrategy } from '../../src/policy/index.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import { nodesBelow, transitionsOf } from '../../tools/mermaid.ts';
import { stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS, membersOf, supervisorInput } from './supervisor.alphabet.ts';
import type { EventName } from './supervisor.alphabet.ts';

const FAILED = ['a failed', 'b failed', 'c failed'] as const;
const toEscalated = { 'stop failed': 'escalated' } as const;

/** Under restForOne; b has failed. Events that are left out change no state. */
const TABLE: readonly [from: string, after: readonly EventName[], on: Partial<Record<EventName, string>>][] = [
  ['stopping', [], { stop: 'halted', stopped: 'backingOff', ...toEscalated }],
  ['stopping', ['a failed'], { stop: 'halted', stopped: 'stopping', ...toEscalated }],
  ['stopping', ['all left'], { stop: 'halted', stopped: 'watching', ...toEscalated }],
  ['backingOff', ['stopped'], { stop: 'halted', backoff: 'starting', 'a failed': 'stopping', 'all left': 'watching' }],
  [
    'starting',
    ['stopped', 'backoff'],
    { stop: 'halted', started: 'watching', 'start of b failed': 'stopping', 'start broke': 'escalated' },
  ],
  [
    'starting',
    ['stopped', 'backoff', 'b failed'],
    { stop: 'halted', started: 'stopping', 'start of b failed': 'stopping', 'start broke': 'escalated' },
  ],
  [
    'watching',
    ['stopped', 'backoff', 'started'],
    { stop: 'halted', stable: 'steady', ...Object.fromEntries(FAILED.map((name) => [name, 'stopping'])) },
  ],
  ['steady', ['stopped', 'backoff', 'started', 'stable'], {}],
  ['escalated', ['stop failed'], {}],
  ['halted', ['stop'], {}],
];

/** The same, where failures count for 60 s and waits start from the beginning after 10. */
const REMEMBERING: (typeof TABLE)[number] = [
  'remembering',
  ['stopped', 'backoff', 'started', 'stable'],
  { stop: 'halted', memory: 'steady', ...Object.fromEntries(FAILED.map((name) => [name, 'stopping'])) },
];

describe('the supervisor', () => {
  it.each(TABLE)('goes from %s after %j where the table says, and nowhere else', (from, after, on) => {
    expect(reachedFrom(go(after))).toEqual([from, wanted(from, on)]);
  });

  it('goes from remembering where the table says, and nowhere else', () => {
    const [from, after, on] = REMEMBERING;

    expect(reachedFrom(go(after, { stableMs: 10_000 }))).toEqual([from, wanted(from, on)]);
  });

  it('takes every transition that an event can trigger, and visits every state', () => {
    const brief = [REMEMBERING[1], REMEMBERING[1].slice(0, -1)].map((after) => go(after, { stableMs: 10_000 }));
    const before = [...TABLE.map(([, after]) => go(after)), ...brief];
    const taken = new Set(
      before.flatMap(({ snapshot }) =>
        EVENT_NAMES.flatMap((name) => supervisorMachine.getTransitionData(snapshot as never, EVENTS[name] as never)),
      ),
    );
    const visited = new Set(before.map(({ snapshot }) => stateOf(snapshot)));

    const missed = triggered().filter((transition) => !taken.has(transition as never));
    expect(missed.map(({ eventType, source }) => `${(source as AnyStateNode).id} ${eventType}`)).toEqual([]);
    expect(Object.keys(supervisorMachine.states).filter((name) => !visited.has(name))).toEqual(['deciding']);
  });
});

describe('who is stopped and started', () => {
  it.each<[SupervisionStrategy, readonly string[]]>([
    ['oneForOne', ['b']],
    ['oneForAll', ['a', 'b', 'c']],
    ['restForOne', ['b', 'c']],
  ])('V3: under %s are %j after b failed', (strategy, names) => {
    expect(batchOf(go([], {}, strategy))).toEqual(names.toReversed());
    expect(batchOf(go(['stopped', 'backoff'], {}, strategy))).toEqual(names);
  });

  it('V1: are more when a member before it fails in the meantime, and nobody is stopped twice', () => {
    expect(batchOf(go(['a failed', 'stopped']))).toEqual(['a']);
    expect(batchOf(go(['stopped', 'a failed']))).toEqual(['a']);
    expect(batchOf(go(['stopped', 'a failed', 'stopped', 'backoff']))).toEqual(['a', 'b', 'c']);
  });

  it('V1: are those who fail while they are started, once the start is over', () => {
    const { batch } = contextOf(go(['stopped', 'backoff', 'c failed', 'started']));

    expect(batch).toEqual(['c']);
  });

  it('V2: are not those after the member whose start failed: they need no stop, but a start', () => {
    expect(batchOf(go(['stopped', 'backoff', 'start of b failed'], {}, 'restForOne'))).toEqual(['b']);
    expect(batchOf(go(['stopped', 'backoff', 'start of b failed', 'stopped', 'backoff']))).toEqual(['b', 'c']);
  });

  it('V2: are all of the batch when the start names nobody who was in it', () => {
    const journey = go(['stopped', 'backoff', 'start of b failed'], {}, 'oneForOne');
    const odd = go(['stopped', 'backoff', 'b left', 'c failed', 'start of b failed'], {}, 'restForOne');

    expect(batchOf(journey)).toEqual(['b']);
    expect([stateOf(odd.snapshot), batchOf(odd)]).toEqual(['stopping', ['c']]);
  });

  it('V2: are stopped under their own name when they left and came back while the others were stopped', () => {
    const back = ['b left', 'all back'] as const;

    expect(batchOf(go([...back, 'b failed', 'stopped']))).toEqual(['b']);
    expect(batchOf(go([...back, 'stopped', 'backoff', 'started', 'b failed']))).toEqual(['c', 'b']);
  });

  it('are not those who have left', () => {
    expect(batchOf(go(['stopped', 'b left', 'backoff']))).toEqual(['c']);
  });
});

describe('how long the supervisor waits', () => {
  it('V4: waits 100, 200, 400 ms between failures of one member, and 100 again after 60 s', () => {
    const again = ['stopped', 'backoff', 'started', 'b failed'] as const;
    const steps = [...again, ...again, 'stopped'] as const;

    const facts = factsOf(steps).filter(({ type }) => type === 'member.restarting');

    expect(facts).toMatchObject([
      { names: ['b', 'c'], attempt: 1, delayMs: 100, reason: 'b broke' },
      { attempt: 2, delayMs: 200 },
      { attempt: 3, delayMs: 400 },
    ]);
  });

  it('starts from the beginning after 10 s, and counts failures for 60 s', () => {
    const calm = ['stopped', 'backoff', 'started', 'stable', 'b failed', 'stopped'] as const;

    const journey = go(calm, { stableMs: 10_000 });

    expect(journey.facts).toMatchObject([{ attempt: 1, delayMs: 100 }]);
    expect(contextOf(journey).records).toEqual([{ name: 'b', window: [0, 20], attempts: 1 }]);
  });

  it('takes the longest of the waits of those who failed', () => {
    const twice = ['stopped', 'backoff', 'started', 'b failed', 'a failed', 'stopped', 'stopped'] as const;

    expect(factsOf(twice).at(-1)).toMatchObject({
      attempt: 2,
      delayMs: 200,
      reason: 'b broke',
      names: ['a', 'b', 'c'],
    });
  });
});

describe('what the supervisor reports', () => {
  it('names those who were restarted, aside from those who are down again', () => {
    expect(go(['stopped', 'backoff', 'started']).facts).toEqual([{ type: 'member.restarted', names: ['b', 'c'] }]);
    expect(go(['stopped', 'backoff', 'c failed', 'started']).facts).toEqual([
      { type: 'member.restarted', names: ['b'] },
    ]);
    expect(go(['stopped', 'backoff', 'start of b failed']).facts).toEqual([]);
  });

  it('V4: escalates at failure 3 when 2 restarts are allowed', () => {
    const again = ['stopped', 'backoff', 'started', 'b failed'] as const;

    const { facts, snapshot } = go([...again, ...again], { maxRestarts: 2 });

    const why = { name: 'b', reason: 'b broke' };
    expect(facts).toEqual([{ type: 'supervisor.escalated', ...why, restarts: 2, withinMs: 60_000 }]);
    expect(snapshot.output).toEqual({ kind: 'escalated', ...why });
  });

  it('V4: escalates at once when no restart is allowed', () => {
    const { facts, snapshot } = go([], { maxRestarts: 0 });

    expect([snapshot.status, facts]).toMatchObject(['done', [{ type: 'supervisor.escalated', restarts: 0 }]]);
  });

  it('V1: escalates for a failure that came while it stopped, when all are stopped', () => {
    expect(stateOf(go(['b failed', 'stopped'], { maxRestarts: 1 }).snapshot)).toBe('escalated');
    expect(stateOf(go(['b failed', 'b left', 'stopped'], { maxRestarts: 1 }).snapshot)).toBe('backingOff');
  });

  it('V4: escalates for the second that failed too often when the first has left', () => {
    const both = ['b failed', 'a failed', 'a failed', 'b left', 'stopped'] as const;

    expect(go(both, { maxRestarts: 1 }).snapshot.output).toMatchObject({ kind: 'escalated', name: 'a' });
  });

  it.each<[string, readonly EventName[], string]>([
    ['the error of a stop that failed', ['stop failed'], 'stuck'],
    ['the value that a start threw', ['stopped', 'backoff', 'start broke'], 'no reason'],
    ['the failure that used the budget up before the stop failed', ['b failed', 'stop failed'], 'b broke'],
  ])('escalates with %s', (_, after, reason) => {
    const { snapshot, facts } = go(after, { maxRestarts: 1 });

    expect(snapshot.output).toEqual({ kind: 'escalated', name: 'b', reason });
    expect(facts).toMatchObject([{ type: 'supervisor.escalated', reason, withinMs: 60_000 }]);
  });

  it('has an outcome for the end that is calm and the one that is ordered', () => {
    expect(go(['stopped', 'backoff', 'started', 'stable']).snapshot.output).toEqual({ kind: 'steady' });
    expect(go(['stop']).snapshot.output).toEqual({ kind: 'halted' });
  });

  it('is steady at once when the first failure is that of a stranger', () => {
    const input = { ...supervisorInput('oneForAll'), members: membersOf(['y']) };

    const { snapshot, timers } = travel(supervisorMachine, input, []);

    expect([stateOf(snapshot), [...timers.values()]]).toEqual(['watching', ['supervisor.watching']]);
    expect(stateOf(step(travel(supervisorMachine, input, []), EVENTS.stable).snapshot)).toBe('steady');
  });

  it('escalates without a name when the member that failed has left before the stop failed', () => {
    expect(go(['all left', 'stop failed']).snapshot.output).toEqual({ kind: 'escalated', name: '', reason: 'stuck' });
  });

  it('waits no time for those who are left when all who failed have left', () => {
    const journey = go(['b left', 'stopped']);

    expect(journey.facts).toEqual([{ type: 'member.restarting', names: ['c'], attempt: 0, delayMs: 0, reason: '' }]);
  });
});

describe('the supervisor as an actor', () => {
  it('V3, V4: stops and starts b and c after 100 ms, and ends after 60 s without a failure', async () => {
    const calls: string[] = [];
    const clock = createVirtualClock();
    const machine = supervisorMachine.provide({
      actors: {
        stopMembers: fromPromise(async ({ input }) => void calls.push(`stop ${input.names.join()}`)),
        startMembers: fromPromise(async ({ input }) => {
          calls.push(`start ${input.names.join()} at ${clock.monotonic()}`);
          return {};
        }),
      },
    });
    const actor = createActor(machine, { input: supervisorInput('restForOne'), clock }).start();

    await waitFor(actor, ({ value }) => value === 'backingOff');
    clock.advance(100);
    await waitFor(actor, ({ value }) => value === 'watching');
    clock.advance(60_000);

    expect([calls, actor.getSnapshot().output]).toEqual([['stop c,b', 'start b,c at 100'], { kind: 'steady' }]);
  });
});

// Helpers

function go(
  names: readonly EventName[],
  options: SupervisionOptions = {},
  strategy: SupervisionStrategy = 'restForOne',
): Journey {
  const events = names.map((name) => EVENTS[name]);
  return travel(supervisorMachine, supervisorInput(strategy, options), events);
}

/** All facts on the way. */
function factsOf(names: readonly EventName[]): readonly { readonly type: string }[] {
  return [[], ...names].flatMap((_, i) => go(names.slice(0, i)).facts);
}

function contextOf({ snapshot }: Journey): SupervisorContext {
  return snapshot.context as SupervisorContext;
}

function batchOf(journey: Journey): readonly string[] {
  return contextOf(journey).batch;
}

function wanted(from: string, on: Partial<Record<EventName, string>>): readonly (readonly [string, string])[] {
  return EVENT_NAMES.map((name) => [name, on[name] ?? from]);
}

function reachedFrom(before: Journey): unknown {
  const reached = EVENT_NAMES.map((name) => [name, stateOf(step(before, EVENTS[name]).snapshot)]);
  return [stateOf(before.snapshot), reached];
}

function triggered(): ReturnType<typeof transitionsOf> {
  return nodesBelow(supervisorMachine.root as AnyStateNode)
    .flatMap(transitionsOf)
    .filter(({ eventType }) => eventType !== '');
}
