import { describe, expect, it } from 'vitest';
import { startCaller } from '../../../src/cli/demo/caller.ts';
import type { Caller, CallerOptions } from '../../../src/cli/demo/caller.ts';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';

describe('startCaller', () => {
  it('calls every 30 ms, each time with another id', async () => {
    const { caller, clock } = start(() => 7);

    await clock.advanceAsync(90);
    await caller.stop();

    expect(caller.answered).toEqual(['a-1', 'a-2', 'a-3', 'a-4']);
    expect([...caller.pids]).toEqual([7]);
  });

  it('tells the first failure and the recovery of an outage, and counts by code', async () => {
    const { caller, clock, told } = start((number) => {
      if (number === 2) throw new RuntimeError('PLUGIN_CRASHED', 'gone');
      if (number === 3 || number === 4) throw new RuntimeError('PLUGIN_UNAVAILABLE', 'not yet');
      return number;
    });

    await clock.advanceAsync(150);
    await caller.stop();

    expect(told).toEqual(['a-2 fails: gone', 'recovers after 90 ms: PLUGIN_CRASHED 1, PLUGIN_UNAVAILABLE 2']);
    expect(caller).toMatchObject({ answered: ['a-1', 'a-5', 'a-6'], failed: 3 });
    expect([...caller.codes]).toEqual([
      ['PLUGIN_CRASHED', 1],
      ['PLUGIN_UNAVAILABLE', 2],
    ]);
  });

  it('makes no further call after a stop', async () => {
    const { caller, clock } = start(() => 7);

    await caller.stop();
    await clock.advanceAsync(1000);

    expect(caller.answered).toEqual(['a-1']);
    expect(clock.pending).toBe(0);
  });
});

// Helpers

interface Started {
  readonly caller: Caller;
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly told: string[];
}

/** A caller of a plugin that answers at once, with what `answer` says to the call of that number. */
function start(answer: (number: number) => number): Started {
  const clock = createVirtualClock();
  const told: string[] = [];
  let calls = 0;
  const client = {
    work: async ({ id }: { id: string }) => ({ id, text: '', pid: answer((calls += 1)) }),
  } as unknown as CallerOptions['client'];
  const caller = startCaller({
    plugin: 'a',
    client,
    clock,
    everyMs: 30,
    onFailure: (id, { rawMessage }) => told.push(`${id} fails: ${rawMessage}`),
    onRecovery: ({ ms, codes }) =>
      told.push(`recovers after ${ms} ms: ${[...codes].map(([code, count]) => `${code} ${count}`).join(', ')}`),
  });
  return { caller, clock, told };
}
