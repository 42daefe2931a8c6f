import { describe, expect, it } from 'vitest';
import { createActor, fromPromise } from 'xstate';
import { auditRelayMachine } from '../../src/machines/index.ts';
import type { AuditRelayFact } from '../../src/machines/index.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import { explore, longestWayOut, stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS } from './audit-relay.alphabet.ts';
import type { EventName } from './audit-relay.alphabet.ts';

const STOPS = { stop: 'stopping', 'stop at once': 'stopped' } as const;
const idle = ['sealed', 'delivered'] as const;

const TABLE: readonly [from: string, after: readonly EventName[], on: Partial<Record<EventName, string>>][] = [
  ['sealing', [], { sealed: 'delivering', 'sealing failed': 'backingOff', 'sealing hangs': 'backingOff', ...STOPS }],
  ['delivering', ['sealed'], { delivered: 'idle', 'sink failed': 'backingOff', 'sink hangs': 'backingOff', ...STOPS }],
  [
    'delivering',
    ['sealed', 'written'],
    { delivered: 'sealing', 'sink failed': 'backingOff', 'sink hangs': 'backingOff', ...STOPS },
  ],
  ['idle', idle, { poll: 'sealing', written: 'collecting', ...STOPS }],
  ['collecting', [...idle, 'written'], { settled: 'sealing', ...STOPS }],
  ['backingOff', ['sealing failed'], { backoff: 'sealing', ...STOPS }],
  [
    'stopping',
    ['stop'],
    { finished: 'stopped', 'finish failed': 'stopped', 'time is up': 'stopped', 'stop at once': 'stopped' },
  ],
  ['stopped', ['stop at once'], {}],
];

describe('the audit relay', () => {
  it.each(TABLE)('goes from %s after %j where the table says, and nowhere on any other event', (from, after, on) => {
    const before = go(after);

    const reached = EVENT_NAMES.map((name) => [name, stateOf(step(before, EVENTS[name]).snapshot)]);

    expect(stateOf(before.snapshot)).toBe(from);
    expect(reached).toEqual(EVENT_NAMES.map((name) => [name, on[name] ?? from]));
  });

  it('A1: reaches delivering by sealing only, also after a failure of the sink', () => {
    expect(stateOf(go(['sealed', 'sink failed', 'backoff']).snapshot)).toBe('sealing');
  });

  it('A3: seals once more for what was written during each of the 2 steps', () => {
    expect(stateOf(go(['written', 'sealed', 'delivered']).snapshot)).toBe('sealing');
    expect(stateOf(go(['sealed', 'written', 'delivered', 'sealed', 'delivered']).snapshot)).toBe('idle');
  });

  it('A4: counts failures in a row until a delivery goes well, not until a sealing does', () => {
    const failed = ['sealing failed', 'backoff', 'sealed', 'sink failed', 'backoff', 'sealed'] as const;

    expect(go(failed).snapshot.context.attempt).toBe(2);
    expect(go([...failed, 'delivered in part']).snapshot.context.attempt).toBe(0);
  });

  it('A4: waits 250, 500, 1,000 … 30,000 ms at most, and half of it at least', async () => {
    const waits = await waitsBetweenTries(9);

    const most = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    expect(waits.map((wait, index) => wait >= (most[index] ?? 0) / 2 - 1 && wait <= (most[index] ?? 0) + 1)).toEqual(
      most.map(() => true),
    );
  });

  it('A2: gives a step up after 30,000 ms and says so', async () => {
    const clock = createVirtualClock();
    const facts: AuditRelayFact[] = [];
    const signals: AbortSignal[] = [];
    const sealEntries = fromPromise<void>(async ({ signal }) => {
      signals.push(signal);
      await new Promise<void>(() => {});
    });
    const actor = createActor(auditRelayMachine.provide({ actors: { sealEntries } }), {
      input: { sink: 'file' },
      clock,
    });
    actor.on('*', (fact) => facts.push(fact));
    actor.start();

    clock.advance(29_999);
    const before = actor.getSnapshot().value;
    clock.advance(1);

    expect([before, actor.getSnapshot().value, signals[0]?.aborted]).toEqual(['sealing', 'backingOff', true]);
    expect(facts).toEqual([
      {
        type: 'relay.failed',
        sink: 'file',
        attempt: 1,
        failure: expect.objectContaining({ code: 'DEADLINE_EXCEEDED' }),
      },
    ]);
    actor.stop();
  });

  it('A5: is over at most 2 steps after a stop, from everywhere', () => {
    const found = explore(auditRelayMachine, {
      input: { sink: 'file' },
      events: Object.values(EVENTS),
      keyOf: ({ value, context }) => `${String(value)} ${context.hasHeard}`,
    });

    expect(new Set(found.map(({ snapshot }) => snapshot.value)).size).toBe(7);
    const away = found.filter(({ snapshot }) => snapshot.value !== 'stopped');
    for (const journey of away) expect(longestWayOut(step(journey, EVENTS.stop), [EVENTS.finished])).toBe(1);
  });

  it('is caught up only when its last step says so', () => {
    const outputs = (['finished', 'finish failed', 'time is up'] as const).map(
      (last) => go(['stop', last]).snapshot.output,
    );

    expect(outputs).toEqual([{ isCaughtUp: true }, { isCaughtUp: false }, { isCaughtUp: false }]);
  });
});

// Helpers

function go(names: readonly EventName[]): Journey {
  return travel(
    auditRelayMachine,
    { sink: 'file' },
    names.map((name) => EVENTS[name]),
  );
}

/** Milliseconds between tries that all fail; a failure is heard of up to 4 ms after it, in steps of 5. */
async function waitsBetweenTries(count: number): Promise<number[]> {
  const clock = createVirtualClock();
  const tries: number[] = [];
  const sealEntries = fromPromise<void>(async () => {
    tries.push(clock.now());
    throw new Error('no store');
  });
  const input = { sink: 'file', random: 0.3 };
  const actor = createActor(auditRelayMachine.provide({ actors: { sealEntries } }), { input, clock });
  actor.start();
  while (tries.length <= count) await clock.advanceAsync(5);
  actor.stop();
  return tries.slice(1).map((at, index) => at - (tries[index] ?? 0) - 4);
}
