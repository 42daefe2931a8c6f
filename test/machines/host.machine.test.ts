import { describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { hostMachine } from '../../src/machines/index.ts';
import { explore, longestWayOut, stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';

const EVENTS = {
  stop: { type: 'host.stop', deadlineMs: 100 } as EventObject,
  'plugins stopped': { type: 'xstate.done.actor.0.host.stopping' },
  'stop failed': { type: 'xstate.error.actor.0.host.stopping', error: new Error('no') } as EventObject,
  deadline: { type: 'xstate.after.stopDeadline.host.stopping' },
  'plugins killed': { type: 'xstate.done.actor.0.host.forcing', output: ['kv'] } as EventObject,
  'kill failed': { type: 'xstate.error.actor.0.host.forcing', error: new Error('no') } as EventObject,
  noise: { type: 'noise' },
} as const;
type Name = keyof typeof EVENTS;

const TABLE: readonly [from: string, after: readonly Name[], on: Partial<Record<Name, string>>][] = [
  ['open', [], { stop: 'stopping' }],
  ['stopping', ['stop'], { 'plugins stopped': 'stopped', 'stop failed': 'forcing', deadline: 'forcing' }],
  ['forcing', ['stop', 'deadline'], { 'plugins killed': 'stopped', 'kill failed': 'stopped' }],
  ['stopped', ['stop', 'plugins stopped'], {}],
];

describe('the host', () => {
  it.each(TABLE)('goes from %s where the table says, and nowhere on any other event', (from, after, on) => {
    const before = go(after);
    const names = Object.keys(EVENTS) as Name[];

    const reached = names.map((name) => [name, stateOf(step(before, EVENTS[name]).snapshot)]);

    expect(stateOf(before.snapshot)).toBe(from);
    expect(reached).toEqual(names.map((name) => [name, on[name] ?? from]));
  });

  it('gives the plugins the time that the stop names', () => {
    const { timers, snapshot } = go(['stop']);

    expect([snapshot.context.deadlineMs, [...timers.values()]]).toEqual([100, ['host.stopping']]);
  });

  it.each<[string, readonly Name[], readonly string[]]>([
    ['nobody when all stopped', ['stop', 'plugins stopped'], []],
    ['those that were killed', ['stop', 'deadline', 'plugins killed'], ['kv']],
    ['nobody when even the kill failed', ['stop', 'deadline', 'kill failed'], []],
  ])('names %s', (_, after, forced) => {
    expect(go(after).snapshot.output).toEqual({ forced });
  });

  it('H2: is stopped at most two steps after a stop, and keeps the laws of all machines', () => {
    const found = explore(hostMachine, {
      input: {},
      events: Object.values(EVENTS),
      keyOf: ({ value }) => String(value),
    });

    expect(found.map(({ snapshot }) => snapshot.value)).toEqual(['open', 'stopping', 'stopped', 'forcing']);
    const { stop: _, ...outside } = EVENTS;
    expect(longestWayOut(go(['stop']), Object.values(outside))).toBe(2);
  });
});

// Helpers

function go(names: readonly Name[]): Journey {
  return travel(
    hostMachine,
    {},
    names.map((name) => EVENTS[name]),
  );
}
