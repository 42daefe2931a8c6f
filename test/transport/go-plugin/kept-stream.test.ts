import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createSilentLogger, createVirtualClock } from '../../../src/ports/index.ts';
import type { VirtualClock } from '../../../src/ports/index.ts';
import { keepStreamOpen } from '../../../src/transport/go-plugin/kept-stream.ts';
import type { StreamOutcome } from '../../../src/transport/go-plugin/kept-stream.ts';

const FAILED: StreamOutcome = { kind: 'failed', error: new RuntimeError('UNAVAILABLE', 'gone') };

describe('keepStreamOpen', () => {
  it('waits 100, 200, 400 ms and so on up to 5 s between streams that end at once', async () => {
    const { clock, openedAt } = keep(() => 0);

    await clock.advanceAsync(30_000);

    expect(differences(openedAt).slice(0, 8)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  it.each([
    [9999, 3200],
    [10_000, 100],
  ])('waits after a stream of %i ms, the sixth, %i ms', async (livedMs, waitMs) => {
    const { clock, openedAt } = keep((index) => (index === 5 ? livedMs : 0));

    await clock.advanceAsync(60_000);

    expect(differences(openedAt).slice(0, 7)).toEqual([
      100,
      200,
      400,
      800,
      1600,
      livedMs + waitMs,
      // From there on it grows again.
      Math.min(2 * waitMs, 5000),
    ]);
  });

  it('opens no other stream, and leaves no timer, once it is given up', async () => {
    const { clock, openedAt, giveUp } = keep(() => 0);
    await clock.advanceAsync(150);

    giveUp();
    await clock.advanceAsync(60_000);

    expect(openedAt).toEqual([0, 100]);
    expect(clock.pending).toBe(0);
  });

  it('opens no other stream when the plugin offers none', async () => {
    const { clock, openedAt } = keep(() => 0, { kind: 'unsupported' });

    await clock.advanceAsync(60_000);

    expect(openedAt).toEqual([0]);
  });
});

// Helpers

interface Kept {
  readonly clock: VirtualClock;
  readonly openedAt: readonly number[];
  readonly giveUp: () => void;
}

/** Keeps a stream open whose n-th life is as long as `livesMs(n)` says. */
function keep(livesMs: (index: number) => number, outcome = FAILED): Kept {
  const clock = createVirtualClock();
  const openedAt: number[] = [];
  const giveUp = keepStreamOpen({
    name: 'test',
    clock,
    log: createSilentLogger(),
    open: () => {
      const livedMs = livesMs(openedAt.push(clock.monotonic()) - 1);
      if (livedMs === 0) return Promise.resolve(outcome);
      return new Promise((resolve) => void clock.setTimeout(() => resolve(outcome), livedMs));
    },
  });
  return { clock, openedAt, giveUp };
}

function differences(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}
