import { describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { pluginLeaseMachine, pluginLifecycleMachine } from '../../src/machines/index.ts';
import { begin, stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS, eventsOf, lifecycleInput } from './plugin-lifecycle.alphabet.ts';
import { TABLE } from './plugin-lifecycle.table.ts';
import type { Situation } from './plugin-lifecycle.table.ts';

const ACTIVE = ['activate', 'held: inactive', 'reserving: activating', 'activating done', 'settling: active'];

describe('the plugin lifecycle in the situation', () => {
  it.each(Object.entries(TABLE))(
    `"%s" goes where the table says on each of ${EVENT_NAMES.length} events`,
    (_, situation) => {
      const before = arrive(situation);
      // Rows that are seen in a state of rest are all in the table of the state `unread`, in short.
      const names = EVENT_NAMES.filter((name) => !name.startsWith('seen: ') || situation.on[name] !== undefined);
      const free = names.filter((name) => !(name.startsWith('held: ') && situation.on[name] === undefined));

      const reached = free.map((name) => [name, place(step(before, eventOf(name)))]);

      expect(place(before)).toBe(situation.state);
      expect(reached).toEqual(free.map((name) => [name, situation.on[name] ?? situation.state]));
    },
  );
});

describe('the table', () => {
  it('has every state of the chart that something waits in', () => {
    const waits = new Set(Object.values(TABLE).map(({ state }) => state));
    const wanted = leaves().filter(
      (state) => !['resting.sorting', 'owning.deciding', 'owning.sorting', 'owning.finishing'].includes(state),
    );

    expect(wanted.filter((state) => !waits.has(state) && state !== 'resting.absent')).toEqual([]);
  });
});

describe('the plugin lifecycle', () => {
  it('C8: has a time-out in each of its 21 states that wait for an effect', () => {
    const waiting = nodes().filter(({ id, invoke }) => invoke.length > 0 && id !== 'plugin-lifecycle.open.owning');

    expect(waiting).toHaveLength(21);
    expect(waiting.filter(({ after }) => after.length === 0).map(({ id }) => id)).toEqual([]);
  });

  it('C8: gives a plugin that may take 314 s to start and stop that time, and every other step 120 s', () => {
    const { delays } = pluginLifecycleMachine.implementations;
    const { context } = go([...ACTIVE]).snapshot;
    const timesOf = (limitMs: number) =>
      [delays['workTimeout'], delays['instanceTimeout']].map((delay) =>
        (delay as unknown as (given: object) => number)({ context: { ...context, limitMs } }),
      );

    expect([timesOf(74_000), timesOf(314_000)]).toEqual([
      [120_000, 120_000],
      [120_000, 314_000],
    ]);
  });

  it('C1: keeps the lease in every state below owning, and in no other', () => {
    for (const situation of Object.values(TABLE)) {
      const { children } = arrive(situation);
      expect([situation.state, children.has('0.plugin-lifecycle.open.owning')]).toEqual([
        situation.state,
        situation.state.startsWith('owning'),
      ]);
    }
  });

  it('C2: refuses what comes while somebody works, and says what is under way', () => {
    const { facts } = go(['activate', 'activate, again']);

    expect(facts).toMatchObject([
      {
        type: 'operation.failed',
        request: { id: 2 },
        error: { code: 'INVALID_TRANSITION', actual: 'activating', expected: ['installed', 'inactive'] },
      },
    ]);
  });

  it('C2: refuses nobody while it works by itself', () => {
    expect(go(['recover', 'activate']).facts).toEqual([]);
  });

  it('C4: parks a failed start in errored, and says why only when that is written', () => {
    const failed = go([...ACTIVE.slice(0, 3), 'activating failed']);
    const parked = step(failed, eventOf('settling: errored'));

    expect(failed.facts).toEqual([]);
    expect(failed.snapshot.context.outcome).toMatchObject({ to: 'errored', failure: { code: 'UNAVAILABLE' } });
    expect(parked.facts).toMatchObject([
      { type: 'lifecycle.changed', from: 'activating', to: 'errored', failure: { code: 'PROBE_FAILED' } },
      { type: 'operation.failed', error: { code: 'UNAVAILABLE' } },
    ]);
  });

  it('C5: goes on by itself with what it finds abandoned', () => {
    const { snapshot, facts } = go(['deactivate', 'held: activating']);

    expect(facts.map(({ type }) => type)).toEqual(['lifecycle.changed', 'operation.failed']);
    expect(snapshot.context.request).toEqual({ id: 0, operation: 'recover' });
  });

  it.each([
    ['active', 'restart'],
    ['quarantined', 'quarantine'],
  ])('C6: answers a crash after which the row is %s with %s', (state, decision) => {
    const { facts } = go([...ACTIVE, 'crash', `counting: ${state}`]);

    expect(facts.find(({ type }) => type === 'crash.judged')).toEqual({ type: 'crash.judged', crash: 7, decision });
  });

  it('C6: answers a crash that nobody counts any more with quarantine', () => {
    const { facts } = go([...ACTIVE, 'crash', 'lease lost']);

    expect(facts).toContainEqual({ type: 'crash.judged', crash: 7, decision: 'quarantine' });
  });

  it('U3: undoes an update in which the version that serves crashes, and counts that crash afterwards', () => {
    const { snapshot } = go([
      ...ACTIVE,
      'update',
      'reserving: updating',
      'crash',
      'reverting done',
      'settling: active',
    ]);

    expect(stateOf(snapshot)).toBe('open.owning.counting');
  });

  it('does not count the crash of a new version against the one that comes back', () => {
    const path = [
      ...ACTIVE,
      'update',
      'reserving: updating',
      'staged',
      'verifying done',
      'swapping done',
      'crash',
      'reverting done',
    ];

    expect(go(path).snapshot.context.crashes).toEqual([]);
  });
});

describe('a lease that is held', () => {
  const policy = { ttlMs: 15_000, renewMs: 5_000, retryMs: 1_000, marginMs: 3_000 };
  const renewing = 'plugin-lease.held.renewing';
  const events = {
    renewal: { type: 'xstate.after.renewal.plugin-lease.held.resting' },
    renewed: { type: `xstate.done.actor.0.${renewing}`, output: { kind: 'renewed', elapsedMs: 2_000 } } as EventObject,
    lost: { type: `xstate.done.actor.0.${renewing}`, output: { kind: 'lost' } } as EventObject,
    failed: { type: `xstate.error.actor.0.${renewing}`, error: new Error('no') } as EventObject,
    deadline: { type: 'xstate.after.deadline.plugin-lease.held' },
  };

  it('K1: is given up 3 s before its end, however the store answers', () => {
    const journey = [events.renewal, events.failed, events.deadline].reduce(
      step,
      begin(pluginLeaseMachine, { policy, elapsedMs: 0 }),
    );

    expect(stateOf(journey.snapshot)).toBe('lost');
  });

  it('K2: counts from before it was asked for', () => {
    const journey = [events.renewal, events.renewed].reduce(step, begin(pluginLeaseMachine, { policy, elapsedMs: 0 }));

    expect([stateOf(journey.snapshot), journey.snapshot.context.elapsedMs]).toEqual(['held.resting', 2_000]);
  });

  it('is lost as soon as the store says so', () => {
    const journey = [events.renewal, events.lost].reduce(step, begin(pluginLeaseMachine, { policy, elapsedMs: 0 }));

    expect(journey.snapshot.status).toBe('done');
  });
});

// Helpers

function eventOf(name: string): EventObject {
  return EVENTS[name] ?? { type: 'noise' };
}

function arrive({ after, probes = false }: Situation): Journey {
  return travel(pluginLifecycleMachine, lifecycleInput(probes ? { probeAfterMs: 1_000 } : {}), eventsOf(after));
}

function go(names: readonly string[]): Journey {
  return travel(pluginLifecycleMachine, lifecycleInput(), eventsOf(names));
}

/** State below `open`. */
function place({ snapshot }: Journey): string {
  return stateOf(snapshot).replace(/^open\./, '');
}

/** All states of the chart. */
function nodes(): readonly (typeof pluginLifecycleMachine.root)[] {
  const below = (node: typeof pluginLifecycleMachine.root): readonly (typeof pluginLifecycleMachine.root)[] => [
    node,
    ...Object.values(node.states).flatMap((child) => below(child as never)),
  ];
  return below(pluginLifecycleMachine.root);
}

function leaves(): readonly string[] {
  const below = (node: typeof pluginLifecycleMachine.root): readonly string[] =>
    node.type === 'history'
      ? []
      : Object.values(node.states).length === 0
        ? [node.id.replace(/^plugin-lifecycle\.(open\.)?/, '')]
        : Object.values(node.states).flatMap((child) => below(child as never));
  return below(pluginLifecycleMachine.root);
}
