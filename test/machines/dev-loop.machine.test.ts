import { describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { devLoopMachine } from '../../src/machines/index.ts';
import type { DevLoopContext, DevLoopInput } from '../../src/machines/index.ts';
import { COMMANDS, EVENT_NAMES, EVENTS, INPUTS, OUTSIDE } from './dev-loop.alphabet.ts';
import type { EventName } from './dev-loop.alphabet.ts';
import { explore, longestWayOut, stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';

const building = ['detected'] as const;
const diffing = [...building, 'built'] as const;
const asking = [...diffing, 'compared, net added'] as const;
const uploading = [...diffing, 'compared, nothing sensitive'] as const;
const verifying = [...uploading, 'uploaded'] as const;
const watching = [...verifying, 'verified'] as const;

type Row = readonly [from: string, after: readonly EventName[], on: Partial<Record<EventName, string>>];
const OUT = { stop: 'stopped', 'watch lost': 'failed', 'watching failed': 'failed' } as const;

const FIRST_ROUND: readonly Row[] = [
  ['detecting', [], { detected: 'looping.building', 'detection failed': 'failed', stop: 'stopped' }],
  [
    'looping.building',
    building,
    { ...OUT, built: 'looping.diffing', 'build failed': 'failed', 'build late': 'failed' },
  ],
  [
    'looping.diffing',
    diffing,
    {
      ...OUT,
      change: 'looping.building',
      'compared, nothing sensitive': 'looping.uploading',
      'compared, net added': 'looping.awaitingConsent',
      'comparison failed': 'failed',
      'comparison late': 'failed',
    },
  ],
  [
    'looping.awaitingConsent',
    asking,
    {
      ...OUT,
      change: 'looping.building',
      consented: 'looping.uploading',
      refused: 'looping.watching',
      'asking failed': 'failed',
    },
  ],
  [
    'looping.uploading',
    uploading,
    { ...OUT, uploaded: 'looping.verifying', 'upload failed': 'failed', 'upload late': 'failed' },
  ],
  [
    'looping.verifying',
    verifying,
    {
      ...OUT,
      verified: 'looping.watching',
      'verification failed': 'failed',
      'verification late': 'failed',
    },
  ],
  ['looping.watching', watching, { ...OUT, change: 'looping.building' }],
  ['stopped', ['stop'], {}],
  ['failed', [...building, 'build failed'], {}],
];

describe('the first round of the development loop', () => {
  it.each(FIRST_ROUND)('goes from %s where the table says, and nowhere on any other event', (from, after, on) => {
    const before = go(after);

    const reached = EVENT_NAMES.map((name) => [name, stateOf(step(before, EVENTS[name]).snapshot)]);

    expect(stateOf(before.snapshot)).toBe(from);
    expect(reached).toEqual(EVENT_NAMES.map((name) => [name, on[name] ?? from]));
  });
});

describe('a later round', () => {
  const again = [...watching, 'change'] as const;

  it.each<readonly EventName[]>([
    ['build failed'],
    ['build late'],
    ['built', 'comparison failed'],
    ['built', 'compared, nothing sensitive', 'upload failed'],
    ['built', 'compared, nothing sensitive', 'upload late'],
    ['built', 'compared, nothing sensitive', 'uploaded', 'verification failed'],
  ])('D5: only tells what failed: %s %s %s %s', (...failing) => {
    const { snapshot, facts } = go([...again, ...failing]);

    expect(stateOf(snapshot)).toBe('looping.watching');
    expect(facts.map(({ type }) => type)).toEqual(['round.failed', 'watch.began']);
    expect((snapshot.context as DevLoopContext).failure).toBeUndefined();
  });

  it('D5: recovers with the next edit', () => {
    const round = ['change', 'built', 'compared, nothing sensitive', 'uploaded', 'verified'] as const;

    const { snapshot } = go([...again, 'build failed', ...round]);

    expect([stateOf(snapshot), snapshot.context.rounds]).toEqual(['looping.watching', 3]);
  });
});

describe('changes while the loop is busy', () => {
  it.each<readonly [string, readonly EventName[]]>([
    ['building', building],
    ['diffing', diffing],
    ['awaitingConsent', asking],
  ])('D1: give up what %s does, and build generation 2', (_, at) => {
    const before = go(at);

    const after = step(before, EVENTS.change);

    expect(stateOf(after.snapshot)).toBe('looping.building');
    expect(after.snapshot.context.current).toBe(2);
    expect(after.facts.map(({ type }) => type)).toEqual(['sources.superseded', 'build.started']);
  });

  it('D2: start no second upload, and are built once when the first is answered', () => {
    const busy = go([...uploading, 'change', 'change', 'uploaded', 'change']);

    const after = step(busy, EVENTS.verified);

    expect(stateOf(busy.snapshot)).toBe('looping.verifying');
    expect([stateOf(after.snapshot), after.snapshot.context.current]).toEqual(['looping.building', 4]);
  });

  it('D2: are built also when the upload that they came in failed, in the first round, too', () => {
    expect(stateOf(go([...uploading, 'change', 'upload failed']).snapshot)).toBe('looping.building');
  });
});

describe('consent', () => {
  it('D4: is asked for with what is missing, and goes with the upload', () => {
    expect(consentAfter([...asking, 'consented'])).toEqual(['net:*']);
  });

  it('D4: is not asked for twice when the upload failed', () => {
    const again = [
      ...asking,
      'refused',
      'change',
      'built',
      'compared, net added',
      'consented',
      'upload failed',
    ] as const;

    expect(stateOf(go([...again, 'change', 'built', 'compared, net added']).snapshot)).toBe('looping.uploading');
  });

  it('D4: ends when the sources no longer ask for it', () => {
    const failed = [
      ...asking,
      'refused',
      'change',
      'built',
      'compared, net added',
      'consented',
      'upload failed',
    ] as const;
    const without = ['change', 'built', 'compared, nothing sensitive', 'upload failed'] as const;

    const again = go([...failed, ...without, 'change', 'built', 'compared, net added']);

    expect(stateOf(again.snapshot)).toBe('looping.awaitingConsent');
  });

  it('D4: ends when the host has accepted', () => {
    expect(consentAfter([...asking, 'consented', 'uploaded'])).toEqual([]);
  });

  it('is not asked for with yes', () => {
    expect(stateOf(go(asking, { yes: true }).snapshot)).toBe('looping.uploading');
  });

  it('that is refused ends a loop that does not watch', () => {
    const { snapshot } = go([...asking, 'refused'], { watch: false });

    expect([stateOf(snapshot), snapshot.context.failure?.code]).toEqual(['failed', 'CONSENT_REQUIRED']);
  });
});

describe('what the host has accepted', () => {
  it('D3: is what an answer says, and nothing else changes it', () => {
    const acceptedAfter = (names: readonly EventName[]): unknown => contextAfter(names).accepted;

    expect(
      [uploading, [...uploading, 'change', 'upload failed'], verifying].map((at) => acceptedAfter(at as never)),
    ).toEqual([undefined, undefined, []]);
  });
});

describe('a loop without watching', () => {
  it('is finished after 1 round', () => {
    expect(stateOf(go(watching, { watch: false }).snapshot)).toBe('finished');
  });

  it('that only builds is finished after the build, and watches nothing', () => {
    const { snapshot } = go(diffing, { buildOnly: true });

    expect([stateOf(snapshot), snapshot.context.watch]).toEqual(['finished', false]);
  });
});

describe('a stop', () => {
  it.each(INPUTS)('D6: ends the loop %o from every state', (input) => {
    const found = explore(devLoopMachine, {
      input,
      events: Object.values<EventObject>(EVENTS),
      keyOf: ({ value, context }) => {
        const { wanted, current, rounds } = context as DevLoopContext;
        return `${JSON.stringify(value)} ${Math.min(wanted - current, 1)} ${Math.min(rounds, 1)}`;
      },
    });

    const ends = found.map((journey) => longestWayOut(step(journey, COMMANDS.stop), Object.values(OUTSIDE)));

    expect(found.length).toBeGreaterThanOrEqual(5);
    expect(Math.max(...ends)).toBe(0);
  });
});

// Helpers

function go(names: readonly EventName[], input: DevLoopInput = {}): Journey {
  return travel(
    devLoopMachine,
    input,
    names.map((name) => EVENTS[name]),
  );
}

function contextAfter(names: readonly EventName[]): DevLoopContext {
  return go(names).snapshot.context as DevLoopContext;
}

function consentAfter(names: readonly EventName[]): readonly string[] {
  return contextAfter(names).consented;
}
