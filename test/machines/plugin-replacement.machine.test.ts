import { describe, expect, it } from 'vitest';
import type { AnyStateNode } from 'xstate';
import { pluginReplacementMachine } from '../../src/machines/index.ts';
import { nodesBelow, transitionsOf } from '../../tools/mermaid.ts';
import { explore, longestWayOut, stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS, OUTSIDE } from './plugin-replacement.alphabet.ts';
import type { EventName } from './plugin-replacement.alphabet.ts';

const [unused, stop] = ['open.unused', { stop: 'done' }] as const;
const given = { ...stop, discard: 'open.clearing', 'next lost': 'open.clearing' } as const;
const used = { ...stop, revert: 'open.reverting' } as const;
const provisional: readonly EventName[] = ['ready', 'swap for now'];

/** Events that are left out change no state. */
const TABLE: readonly [from: string, after: readonly EventName[], on: Partial<Record<EventName, string>>][] = [
  [`${unused}.staging`, [], { ...given, ready: `${unused}.staged`, 'not ready': 'open.clearing' }],
  [
    `${unused}.staged`,
    ['ready'],
    { ...given, verify: `${unused}.verifying`, swap: 'open.swapping', 'swap for now': 'open.swapping' },
  ],
  [
    `${unused}.verifying`,
    ['ready', 'verify'],
    { ...given, verified: `${unused}.staged`, unverified: `${unused}.staged` },
  ],
  ['open.swapping', ['ready', 'swap'], { ...used, moved: 'open.draining', 'not moved': `${unused}.staged` }],
  ['open.swapping', provisional, { ...used, moved: 'open.draining', 'not moved': `${unused}.staged`, ...back() }],
  ['open.draining', ['ready', 'swap', 'moved'], { ...used, keep: 'open.keeping', ...drained() }],
  ['open.draining', [...provisional, 'moved'], { ...used, keep: 'open.keeping', ...drained(), ...back() }],
  [
    'open.draining',
    [...provisional, 'moved', 'standby lost'],
    { ...used, keep: 'open.keeping', ...drained(), 'next lost': 'open.draining' },
  ],
  ['open.probation', ['ready', 'swap', 'moved', 'drained'], { ...used, keep: 'open.keeping' }],
  ['open.probation', [...provisional, 'moved', 'drained'], { ...used, keep: 'open.keeping', ...back() }],
  ['open.keeping', ['ready', 'swap', 'moved', 'keep'], { ...stop, retired: 'done', 'retire failed': 'done' }],
  [
    'open.reverting',
    ['ready', 'swap', 'moved', 'revert'],
    { ...stop, back: 'open.clearing', 'not back': 'open.probation' },
  ],
  ['open.clearing', ['not ready'], { ...stop, cleared: 'done', 'clear failed': 'done' }],
  ['done', ['stop'], {}],
];

describe('the replacement of a version', () => {
  it.each(TABLE)('goes from %s after %j where the table says, and nowhere else', (from, after, on) => {
    const before = go(after);

    const reached = Object.fromEntries(EVENT_NAMES.map((name) => [name, stateOf(step(before, EVENTS[name]).snapshot)]));

    expect(stateOf(before.snapshot)).toBe(from);
    expect(reached).toEqual(Object.fromEntries(EVENT_NAMES.map((name) => [name, on[name] ?? from])));
  });

  it('takes every transition that an event can trigger, and visits every state', () => {
    const taken = new Set(
      TABLE.flatMap(([, after]) =>
        EVENT_NAMES.flatMap((name) =>
          pluginReplacementMachine.getTransitionData(go(after).snapshot as never, EVENTS[name] as never),
        ),
      ),
    );

    const missed = nodesBelow(pluginReplacementMachine.root)
      .flatMap(transitionsOf)
      .filter((one) => !taken.has(one as never));

    expect(missed.map(({ eventType, source }) => `${(source as AnyStateNode).id} ${eventType}`)).toEqual([]);
  });

  it.each(TABLE.slice(0, -1))(
    'R5: answers each command in %s after %j: it does something, or is refused',
    (_, after) => {
      const before = go(after);
      const commands = (['verify', 'swap', 'keep', 'revert', 'discard'] as const).map((name) => {
        const { facts, snapshot } = step(before, EVENTS[name]);
        const isRefused = facts.some(({ type }) => type === 'replacement.refused');
        const isAgain = !isRefused && stateOf(snapshot) === stateOf(before.snapshot);
        return isAgain ? `${name} again` : isRefused ? 'refused' : 'done';
      });

      const repeated = commands.filter((answer) => answer.endsWith('again'));
      const asked: Readonly<Record<string, readonly string[]>> = {
        'open.keeping': ['keep again'],
        'open.reverting': ['revert again'],
        'open.clearing': ['revert again', 'discard again'],
      };
      expect(repeated).toEqual(asked[stateOf(before.snapshot)] ?? []);
    },
  );

  it.each<[string, readonly EventName[]]>([
    ['kept', ['ready', 'swap', 'moved', 'keep', 'retired']],
    ['reverted', ['ready', 'swap', 'moved', 'revert', 'back', 'cleared']],
    ['reverted', ['ready', 'swap for now', 'next lost', 'back', 'cleared']],
    ['discarded', ['ready', 'discard', 'cleared']],
    ['failed', ['not ready', 'cleared']],
    ['failed', ['ready', 'verify', 'next lost', 'cleared']],
    ['stopped', ['ready', 'swap', 'stop']],
  ])('ends as %s after %j', (end, path) => {
    const { snapshot, facts } = go(path);

    expect((snapshot.output as { readonly end: string }).end).toBe(end);
    expect(facts.at(-1)).toMatchObject({ type: 'plugin.replacementEnded', end });
  });

  it('R3: does not take back a version that is lost, and goes on with the new one', () => {
    const { snapshot, facts } = go([...provisional, 'moved', 'standby lost', 'next lost', 'revert', 'not back']);

    expect([stateOf(snapshot), facts.map(({ type }) => type)]).toEqual(['open.probation', ['replacement.unreverted']]);
  });

  it('gives effects the times of the commands', () => {
    const { timers, snapshot } = go(['ready', 'swap', 'moved']);

    expect([...timers.values(), snapshot.context.drainMs]).toEqual(['plugin-replacement.open.draining', 100]);
    expect(go(['ready', 'swap', 'moved', 'keep']).snapshot.context.drainMs).toBe(70);
  });

  it('R4: is 1 step from its end once it is chosen which version stays', () => {
    const found = explore(pluginReplacementMachine, {
      input: { plugin: 'kv' },
      events: Object.values(EVENTS),
      keyOf: (snapshot) => `${stateOf(snapshot)} ${snapshot.context.hasStandby} ${snapshot.context.revertOnCrash}`,
    });
    const chosen = found.filter(({ snapshot }) => /clearing|keeping/.test(stateOf(snapshot)));

    expect(chosen.length).toBeGreaterThan(3);
    for (const journey of chosen) expect(longestWayOut(journey, Object.values(OUTSIDE))).toBe(1);
  });
});

// Helpers

function go(names: readonly EventName[]): Journey {
  return travel(
    pluginReplacementMachine,
    { plugin: 'kv' },
    names.map((name) => EVENTS[name]),
  );
}

function back(): Partial<Record<EventName, string>> {
  return { 'next lost': 'open.reverting' };
}

function drained(): Partial<Record<EventName, string>> {
  return { drained: 'open.probation', 'drain failed': 'open.probation', 'drain timeout': 'open.probation' };
}
