import { describe, expect, it } from 'vitest';
import type { AnyMachineSnapshot, AnyStateNode, EventObject } from 'xstate';
import type { Code } from '../../src/errors/index.ts';
import { pluginProcessMachine } from '../../src/machines/index.ts';
import { essenceOf, explore, longestWayOut, stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS, eventsOf, OUTSIDE, pluginProcessInput } from './plugin-process.alphabet.ts';
import type { EventName } from './plugin-process.alphabet.ts';
import { PATHS, TABLE } from './plugin-process.table.ts';
import type { Situation } from './plugin-process.table.ts';

const { handshaking, probing, ready, checking, missed, crashed } = PATHS;

describe('the plugin process in the situation', () => {
  it.each(Object.entries(TABLE))('"%s" goes where the table says on each of 37 events', (_, situation) => {
    const before = arrive(situation);
    const wanted = EVENT_NAMES.map((name) => [name, wantedAfter(before, situation, name)]);

    const reached = EVENT_NAMES.map((name) => [name, summaryOf(step(before, EVENTS[name]))]);

    expect(stateOf(before.snapshot)).toBe(situation.state);
    expect(reached).toEqual(wanted);
  });

  it.each(Object.entries(TABLE))('"%s" stays as it is on every event outside the table', (_, situation) => {
    const before = arrive(situation);
    const others = EVENT_NAMES.filter((name) => situation.on[name] === undefined);

    const changed = others.filter((name) => step(before, EVENTS[name]).snapshot !== before.snapshot);

    expect(changed).toEqual([]);
  });
});

describe('the table', () => {
  it('takes every transition that an event can trigger', () => {
    const taken = new Set(
      Object.values(TABLE).flatMap((situation) => {
        const { snapshot } = arrive(situation);
        return EVENT_NAMES.flatMap((name) =>
          pluginProcessMachine.getTransitionData(snapshot as never, EVENTS[name] as never),
        );
      }),
    );

    expect(
      triggered()
        .filter((transition) => !taken.has(transition as never))
        .map(String),
    ).toEqual([]);
  });

  it('visits every state that can be at rest', () => {
    const visited = new Set(Object.values(TABLE).map(({ state }) => `plugin-process.${state}`));
    const atomic = nodesOf(pluginProcessMachine.root).filter(({ type }) => type === 'atomic' || type === 'final');

    expect(atomic.map(({ id }) => id).filter((id) => !visited.has(id))).toEqual(['plugin-process.deciding']);
  });
});

describe('the plugin process', () => {
  it('P1: watches the exit in every state below alive, and in no other', () => {
    for (const { snapshot, children } of reachable()) {
      const watched = children.has('0.plugin-process.alive');
      expect([stateOf(snapshot), watched]).toEqual([stateOf(snapshot), stateOf(snapshot).startsWith('alive')]);
    }
  });

  it('P1: cleans up after each process exactly once before anything else happens', () => {
    for (const { snapshot, path } of reachable()) {
      const launches = snapshot.context.launches - (stateOf(snapshot) === 'spawning' ? 1 : 0);
      const cleaned = path.filter(({ type }) => type.endsWith('actor.0.plugin-process.reaping')).length;
      const isAfter = ['reporting', 'backingOff', 'quarantined', 'dead', 'spawning'].includes(stateOf(snapshot));
      expect(cleaned).toBe(isAfter ? launches : launches - 1);
    }
  });

  it('P2: keeps the first failure when a second one follows', () => {
    const { snapshot } = go([...checking, ...missed, ...missed, 'health missed', 'watch failed', 'exit SIGKILL']);

    expect(snapshot.context.failure).toEqual({
      code: 'PLUGIN_UNRESPONSIVE',
      message: 'plugin "kv" missed 3 health checks in a row',
      phase: 'ready',
    });
  });

  it('P2: blames the exit for the broken connection that it left', () => {
    const { snapshot } = go([...probing, 'probe failed', 'exit 3']);

    expect(snapshot.context.failure).toEqual({
      code: 'PLUGIN_EXITED_EARLY',
      message: 'plugin "kv" exited with code 3 before it was ready',
      phase: 'probing',
    });
  });

  it('P2: blames a new process for its own failure, not for the crash before', () => {
    const { snapshot } = go([...crashed, 'restart verdict', 'backoff', 'spawned', 'start timeout']);

    expect(snapshot.context.failure).toEqual({
      code: 'HANDSHAKE_TIMEOUT',
      message: 'plugin "kv" was not ready within 60000 ms',
      phase: 'handshaking',
    });
  });

  it('P2: says KILL_TIMED_OUT whatever came before', () => {
    const { snapshot } = go([...checking, ...missed, ...missed, 'health missed', 'kill timeout']);

    expect(snapshot.context.failure).toEqual({
      code: 'KILL_TIMED_OUT',
      message: 'process 7 of plugin "kv" still runs 5000 ms after SIGKILL',
      phase: 'killing',
    });
  });

  it('says why an early exit happened when the clean-up found out', () => {
    const diagnosis = { code: 'MAGIC_COOKIE_MISMATCH', message: 'the plugin wants another cookie' };
    const before = go([...handshaking, 'exit 3']);

    const { snapshot } = step(before, cleanedUp({ stderrTail: [], diagnosis }));

    expect(snapshot.output).toMatchObject({ kind: 'failed', failure: { ...diagnosis, phase: 'handshaking' } });
  });

  it('keeps the failure when the diagnosis is about something else', () => {
    const diagnosis = { code: 'MAGIC_COOKIE_MISMATCH', message: 'the plugin wants another cookie' };
    const before = go([...handshaking, 'handshake failed', 'exit 3']);

    const { snapshot } = step(before, cleanedUp({ stderrTail: [], diagnosis }));

    expect(snapshot.context.failure?.code).toBe('HANDSHAKE_MALFORMED');
  });

  it('P3: is dead with its failure when the first start fails', () => {
    const { snapshot, facts } = go(['spawned', 'exit SIGKILL', 'cleaned up']);

    const failure = {
      code: 'PLUGIN_EXITED_EARLY',
      message: 'plugin "kv" was ended by SIGKILL before it was ready',
      phase: 'handshaking',
    };
    const rest = { failure, exit: { code: null, signal: 'SIGKILL' }, stderrTail: ['last words'] };
    expect(snapshot.output).toEqual({ kind: 'failed', ...rest });
    expect(facts).toEqual([
      { type: 'plugin.failed', ...rest },
      { type: 'plugin.dead', outcome: { kind: 'failed', ...rest } },
    ]);
  });

  it('P3: is started again when a later start fails', () => {
    const { snapshot } = go([...crashed, 'restart verdict', 'backoff', 'spawn failed', 'cleaned up']);

    expect([stateOf(snapshot), snapshot.context.attempt]).toEqual(['reporting', 2]);
  });

  it('P3: is dead when its process cannot be ended, although it was ready before', () => {
    const { snapshot } = go([...ready, 'watch failed', 'kill timeout', 'cleaned up']);

    expect(snapshot.output).toMatchObject({ kind: 'failed', failure: { code: 'KILL_TIMED_OUT' }, exit: undefined });
  });

  it('P4: goes on counting failures while the plugin is not ready for long enough', () => {
    const { snapshot } = go([...crashed, 'restart verdict', 'backoff', ...crashed]);

    expect(snapshot.context.attempt).toBe(2);
  });

  it.each<[string, readonly EventName[]]>([
    ['10 s of being ready', ['restart verdict', 'backoff', ...ready, 'min uptime']],
    ['a reset of the wait', ['restart verdict', 'reset']],
    ['a reset of the quarantine', ['quarantine verdict', 'reset']],
  ])('P4: starts to count anew after %s', (_, rest) => {
    expect(go([...crashed, ...rest]).snapshot.context.attempt).toBe(0);
  });

  it('P5: reaches dead from every state after a stop, whatever the outside world does', () => {
    const outside = Object.values(OUTSIDE);

    const known = new Map();

    const ways = reachable().map((journey) => longestWayOut(step(journey, EVENTS.stop), outside, known));

    // Drain, ask, grace, SIGTERM, three effects that fail on the way, SIGKILL, clean-up.
    expect(Math.max(...ways)).toBe(9);
  });

  it('counts the misses in a row only', () => {
    const { snapshot } = go([...checking, ...missed, ...missed, 'healthy', 'health interval', 'health missed']);

    expect([stateOf(snapshot), snapshot.context.missed]).toEqual(['alive.ready.resting', 1]);
  });

  it('tells of each miss with its number and its reason', () => {
    const first = go([...checking, 'health missed']);
    const third = go([...checking, ...missed, ...missed, 'health missed']);

    const message = 'no answer within 3000 ms';
    expect([...first.facts, ...third.facts]).toEqual([
      { type: 'plugin.unhealthy', missed: 1, message },
      { type: 'plugin.unhealthy', missed: 3, message },
    ]);
  });

  it('says stopped, and nothing of a failure, after a stop', () => {
    const { snapshot, facts } = go(['stop', 'spawned', 'exit 3', 'cleaned up']);

    expect([snapshot.output, facts]).toEqual([
      { kind: 'stopped' },
      [{ type: 'plugin.dead', outcome: { kind: 'stopped' } }],
    ]);
  });

  it('forgets what it knew of the process before when it starts the next', () => {
    const { context } = go([...crashed, 'restart verdict', 'backoff']).snapshot;

    expect(context).toMatchObject({ launches: 2, starts: 1, goal: 'run', missed: 0, stderrTail: [] });
    expect([context.pid, context.version, context.failure, context.exit]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['from 1 s to 60 s with no jitter', 'none' as const, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]],
    ['three quarters of that for a random number in the middle', 'equal' as const, [750, 1500, 3000, 6000, 12_000]],
  ])('waits %s', (_, jitter, waits) => {
    let journey = travel(pluginProcessMachine, pluginProcessInput({ backoff: { jitter } }), eventsOf(crashed));
    const delays = waits.map(() => {
      const waiting = step(journey, EVENTS['restart verdict']);
      journey = eventsOf(['backoff', 'spawned', 'exit 3', 'cleaned up']).reduce(step, waiting);
      return waiting.facts.map((fact) => (fact as EventObject & { delayMs: number }).delayMs);
    });

    expect(delays.flat()).toEqual(waits);
  });
});

describe('the laws of all machines hold for the plugin process', () => {
  it('L1, L2, L3: in everything that can be reached, for every event', () => {
    // `explore` takes each step through the checks of `step`.
    expect(reachable().length).toBeGreaterThan(50);
  });

  it('L4: the same events give the same snapshot', () => {
    for (const { path, snapshot } of reachable()) {
      const again = travel(pluginProcessMachine, pluginProcessInput(), path);
      expect(essenceOf(again.snapshot)).toEqual(essenceOf(snapshot));
    }
  });
});

// Helpers

function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

function arrive({ after, policy }: Situation): Journey {
  return travel(pluginProcessMachine, pluginProcessInput(policy), eventsOf(after));
}

function go(names: readonly EventName[]): Journey {
  return travel(pluginProcessMachine, pluginProcessInput(), eventsOf(names));
}

function summaryOf({ snapshot }: Journey): unknown {
  return { to: stateOf(snapshot), goal: snapshot.context.goal, code: snapshot.context.failure?.code };
}

function wantedAfter({ snapshot }: Journey, { state, on }: Situation, name: EventName): unknown {
  const [to, change = {}] = on[name] ?? [state];
  return { to, goal: snapshot.context.goal, code: snapshot.context.failure?.code, ...change };
}

function cleanedUp(output: unknown): EventObject {
  return { ...EVENTS['cleaned up'], output } as EventObject;
}

let explored: readonly Journey[] | undefined;

/** Everything that can be reached, told apart by state and by what decides later. */
function reachable(): readonly Journey[] {
  const keyOf = ({ value, context: { goal, failure, starts, missed } }: AnyMachineSnapshot): string =>
    JSON.stringify([value, goal, decisive(failure?.code), starts > 0, missed === 2]);
  explored ??= explore(pluginProcessMachine, { input: pluginProcessInput(), events: Object.values(EVENTS), keyOf });
  return explored;
}

/** What a failure decides later: whether an exit explains it, and whether there is a restart. */
function decisive(code: Code | undefined): string | undefined {
  if (code === 'CONNECT_FAILED' || code === 'PROBE_FAILED') return 'broken';
  return code === undefined || code === 'KILL_TIMED_OUT' ? code : 'other';
}

/** The transitions that an event triggers and that do something; those of `deciding` are triggered by none. */
function triggered(): readonly unknown[] {
  return nodesOf(pluginProcessMachine.root)
    .flatMap((node) => [...node.transitions.values()].flat())
    .filter(({ target, actions }) => target !== undefined || actions.length > 0);
}
