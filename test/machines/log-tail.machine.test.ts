import { describe, expect, it } from 'vitest';
import { createActor, fromPromise } from 'xstate';
import { RuntimeError } from '../../src/errors/index.ts';
import { logTailMachine } from '../../src/machines/index.ts';
import type { LogTailContext, TailPage } from '../../src/machines/index.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import { stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS, page } from './log-tail.alphabet.ts';
import type { EventName } from './log-tail.alphabet.ts';

const TABLE: readonly [from: string, after: readonly EventName[], on: Partial<Record<EventName, string>>][] = [
  ['reading', [], { stop: 'stopped', 'read nothing': 'pausing', 'host away': 'backingOff', 'host refuses': 'refused' }],
  ['pausing', ['read nothing'], { stop: 'stopped', paused: 'reading' }],
  ['backingOff', ['host away'], { stop: 'stopped', waited: 'reading' }],
  ['refused', ['host refuses'], {}],
  ['stopped', ['stop'], {}],
];

describe('the tail of a log', () => {
  it.each(TABLE)('goes from %s where the table says, and nowhere on any other event', (from, after, on) => {
    const before = go(after);

    const reached = EVENT_NAMES.map((name) => [name, stateOf(step(before, EVENTS[name]).snapshot)]);

    expect(stateOf(before.snapshot)).toBe(from);
    expect(reached).toEqual(EVENT_NAMES.map((name) => [name, on[name] ?? from]));
  });

  it('T2: tells the loss of the host once, and its return once', () => {
    const away = ['host away', 'waited', 'host away', 'waited', 'host away', 'waited', 'read'] as const;

    const facts = away.map((_, index) => go(away.slice(0, index + 1)).facts.map(({ type }) => type));

    expect(facts.flat()).toEqual(['logs.lost', 'logs.resumed', 'logs.read']);
  });

  it('T1, T2: asks again after 250, 500, 1,000 … 10,000 ms, from where it was', async () => {
    const { waits, cursors } = await lostFor(8);

    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    expect(new Set(cursors.slice(1))).toEqual(new Set(['second']));
  });

  it('T3: waits 200 ms after an answer without entries', () => {
    expect((go([]).snapshot.context as LogTailContext).pauseMs).toBe(200);
  });
});

// Helpers

function go(names: readonly EventName[]): Journey {
  return travel(
    logTailMachine,
    { plugin: 'kv' },
    names.map((name) => EVENTS[name]),
  );
}

/** Reads one page, then loses the host so many times. */
async function lostFor(count: number): Promise<{ waits: number[]; cursors: (string | undefined)[] }> {
  const clock = createVirtualClock();
  const asked: number[] = [];
  const cursors: (string | undefined)[] = [];
  const readLogs = fromPromise<TailPage, { plugin: string; cursor: string | undefined }>(async ({ input }) => {
    cursors.push(input.cursor);
    if (cursors.length === 1) return page(1, 'second');
    asked.push(clock.now());
    throw new RuntimeError('UNAVAILABLE', 'nobody there');
  });
  const actor = createActor(logTailMachine.provide({ actors: { readLogs } }), { input: { plugin: 'kv' }, clock });
  actor.start();
  while (asked.length <= count) await clock.advanceAsync(250);
  actor.stop();
  return { waits: asked.slice(1).map((at, index) => at - (asked[index] ?? 0)), cursors };
}
