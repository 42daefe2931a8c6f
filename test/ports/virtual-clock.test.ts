import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../src/ports/index.ts';
import type { VirtualClock } from '../../src/ports/index.ts';

describe('advance', () => {
  it('fires a ticker of 1 s that re-arms itself 10 times in one step of 10 s', () => {
    const clock = createVirtualClock();
    const seen: number[] = [];
    const tick = (): void => {
      seen.push(clock.now());
      clock.setTimeout(tick, 1000);
    };
    clock.setTimeout(tick, 1000);

    clock.advance(10_000);

    expect(seen).toEqual([1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]);
  });

  it('fires by deadline, and timers of one deadline in the order of arming', () => {
    const { clock, fired, arm } = recorder();
    for (const [name, delay] of [
      ['c', 20],
      ['a', 10],
      ['d', 20],
      ['b', 10],
    ] as const)
      arm(name, delay);

    clock.advance(20);

    expect(fired).toEqual(['a@10', 'b@10', 'c@20', 'd@20']);
  });

  it('fires a timer that a callback armed before a later one that was there first', () => {
    const { clock, fired, arm } = recorder();
    arm('outer', 100, () => arm('nested', 100));
    arm('late', 500);

    clock.advance(1000);

    expect(fired).toEqual(['outer@100', 'nested@200', 'late@500']);
    expect(clock.now()).toBe(1000);
  });

  it('fires at the deadline and not 1 ms before', () => {
    const { clock, fired, arm } = recorder();
    arm('a', 10);

    clock.advance(9);
    expect(fired).toEqual([]);
    clock.advance(1);

    expect(fired).toEqual(['a@10']);
  });

  it.each([0, -5, Number.NaN])('counts a delay of %s as 0', (delay) => {
    const { clock, fired, arm } = recorder();
    arm('a', delay);

    clock.advance(0);

    expect(fired).toEqual(['a@0']);
  });

  it('fires a timer of a year once and on its day', () => {
    const year = 365 * 86_400_000;
    const { clock, fired, arm } = recorder();
    arm('year', year);

    clock.advance(year - 1);
    expect(fired).toEqual([]);
    clock.advance(year);

    expect(fired).toEqual([`year@${year}`]);
  });

  it('never fires an infinite delay', () => {
    const { clock, fired, arm } = recorder();
    arm('never', Number.POSITIVE_INFINITY);

    clock.advance(Number.MAX_SAFE_INTEGER);

    expect([fired, clock.pending]).toEqual([[], 1]);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to move by %s ms', (ms) => {
    expect(() => createVirtualClock().advance(ms)).toThrow(expect.objectContaining({ field: 'ms' }));
  });

  it('refuses to be called by a callback and goes on', () => {
    const { clock, fired, arm } = recorder();
    arm('bad', 10, () => clock.advance(1));
    arm('good', 20);

    expect(() => clock.advance(30)).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));

    expect([fired, clock.now()]).toEqual([['bad@10', 'good@20'], 30]);
  });

  it('ends with an error instead of hanging when a callback re-arms itself without a delay', () => {
    const clock = createVirtualClock({ startAt: 7 });
    const again = (): void => void clock.setTimeout(again, 0);
    again();

    expect(() => clock.advance(1)).toThrow('more than 1000000 timers fired at 7 ms');
    expect(clock.pending).toBe(1);
  });
});

describe('a long advance', () => {
  it('fires a ticker of 1 ms 1,000,001 times', () => {
    const clock = createVirtualClock();
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.setTimeout(tick, 1);
    };
    clock.setTimeout(tick, 1);

    clock.advance(1_000_001);

    expect(ticks).toBe(1_000_001);
  });
});

describe('a callback that throws', () => {
  it('stops no other timer, and its error is thrown as it is', () => {
    const { clock, fired, arm } = recorder();
    const boom = new Error('boom');
    arm('bad', 10, () => {
      throw boom;
    });
    arm('good', 20);

    expect(() => clock.advance(30)).toThrow(boom);

    expect([fired, clock.now(), clock.pending]).toEqual([['bad@10', 'good@20'], 30, 0]);
  });

  it('leaves a clock that still works', () => {
    const { clock, fired, arm } = recorder();
    arm('bad', 10, () => {
      throw new Error('boom');
    });
    expect(() => clock.advance(10)).toThrow('boom');

    arm('next', 5);
    clock.advance(5);

    expect(fired).toEqual(['bad@10', 'next@15']);
  });

  it('has its error in an AggregateError when there are 2', () => {
    const clock = createVirtualClock();
    const errors = [new Error('first'), new Error('second')];
    for (const error of errors) clock.setTimeout(() => fail(error), 1);

    expect(() => clock.advance(1)).toThrow(expect.objectContaining({ errors, message: '2 timer callbacks threw' }));
  });

  it('is counted, and of 150 errors the first 100 are kept', () => {
    const clock = createVirtualClock();
    for (let i = 0; i < 150; i++) clock.setTimeout(() => fail(new Error(String(i))), 1);

    expect(() => clock.advance(1)).toThrow(
      expect.objectContaining({
        errors: expect.objectContaining({ length: 100 }),
        message: '150 timer callbacks threw',
      }),
    );
  });

  it('may throw undefined', () => {
    const clock = createVirtualClock();
    clock.setTimeout(() => fail(undefined), 1);

    let thrown: unknown = 'nothing';
    try {
      clock.advance(1);
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toBeUndefined();
  });
});

describe('clearTimeout', () => {
  it('disarms a timer that another callback of the same deadline clears', () => {
    const { clock, fired, arm } = recorder();
    arm('a', 10, () => clock.clearTimeout(b));
    const b = arm('b', 10);

    clock.advance(10);

    expect(fired).toEqual(['a@10']);
  });

  it('does nothing for a timer that fired, was cleared, or is of another clock', () => {
    const { clock, arm } = recorder();
    const other = recorder();
    const fired = arm('a', 0);
    clock.advance(0);
    arm('b', 10);
    const foreign = other.arm('c', 10);

    for (const handle of [fired, fired, foreign, undefined, {}]) clock.clearTimeout(handle);

    expect([clock.pending, other.clock.pending]).toEqual([1, 1]);
  });

  it('keeps nothing of 10,000 timers that were armed and cleared', () => {
    const clock = createVirtualClock();
    const kept = clock.setTimeout(() => {}, 5);

    for (let i = 0; i < 10_000; i++) clock.clearTimeout(clock.setTimeout(() => {}, i));

    expect([clock.pending, clock.next()]).toEqual([1, 5]);
    clock.clearTimeout(kept);
    expect([clock.pending, clock.next()]).toEqual([0, undefined]);
  });
});

describe('advanceTo', () => {
  it('moves to a moment of the wall clock', () => {
    const clock = createVirtualClock({ startAt: 1000 });

    clock.advanceTo(1500);

    expect([clock.now(), clock.monotonic()]).toEqual([1500, 500]);
  });

  it('refuses to go back', () => {
    const clock = createVirtualClock({ startAt: 1000 });

    expect(() => clock.advanceTo(999)).toThrow('option "at" must not lie before now (1000), got 999');
  });
});

describe('advanceAsync', () => {
  it('lets a sleeping loop run all of its 3 rounds', async () => {
    const clock = createVirtualClock();
    const seen: number[] = [];
    const loop = (async () => {
      for (let i = 0; i < 3; i++) {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 100));
        seen.push(clock.now());
      }
    })();

    await clock.advanceAsync(1000);

    expect(seen).toEqual([100, 200, 300]);
    expect(clock.now()).toBe(1000);
    await loop;
  });

  it('lets promises settle before the first deadline', async () => {
    const { clock, fired, arm } = recorder();
    void Promise.resolve().then(() => arm('a', 10));

    await clock.advanceAsync(10);

    expect(fired).toEqual(['a@10']);
  });

  it('fires a timer that a promise armed after 10 ms before one that waits until 20 ms', async () => {
    const { clock, fired, arm } = recorder();
    arm('a', 10, () => void Promise.resolve().then(() => arm('between', 5)));
    arm('late', 20);

    await clock.advanceAsync(20);

    expect(fired).toEqual(['a@10', 'between@15', 'late@20']);
  });

  it('waits for code that needs 3 turns of the event loop when told to', async () => {
    const { clock, fired, arm } = recorder();
    const inTurns = (turns: number): void => void (turns === 0 ? arm('late', 5) : setImmediate(inTurns, turns - 1));
    arm('start', 10, () => inTurns(3));

    await clock.advanceAsync(100, { turns: 3 });

    expect(fired).toEqual(['start@10', 'late@15']);
  });

  it('rejects with what a callback threw, after the whole advance', async () => {
    const { clock, fired, arm } = recorder();
    arm('bad', 10, () => fail(new Error('boom')));
    arm('good', 20);

    await expect(clock.advanceAsync(30)).rejects.toThrow('boom');

    expect([fired, clock.now()]).toEqual([['bad@10', 'good@20'], 30]);
  });

  it('refuses a second advance while it waits', async () => {
    const clock = createVirtualClock();
    const first = clock.advanceAsync(10);

    expect(() => clock.advance(1)).toThrow('being advanced already');

    await first;
    expect(clock.now()).toBe(10);
  });
});

describe('runToIdle', () => {
  it('ends at the last deadline when nothing is left', () => {
    const { clock, fired, arm } = recorder();
    arm('a', 10, () => arm('b', 20));

    expect(clock.runToIdle()).toBe(true);

    expect([fired, clock.now()]).toEqual([['a@10', 'b@30'], 30]);
  });

  it('ends at the limit when a timer is left', () => {
    const { clock, fired, arm } = recorder();
    arm('a', 10);
    arm('b', 101);

    expect(clock.runToIdle({ limitMs: 100 })).toBe(false);

    expect([fired, clock.now()]).toEqual([['a@10'], 100]);
  });
});

describe('jumpWallClock', () => {
  it('moves now() and neither monotonic() nor a deadline', () => {
    const { clock, fired, arm } = recorder(1000);
    arm('a', 50);

    clock.jumpWallClock(-600);

    expect([clock.now(), clock.monotonic(), clock.next()]).toEqual([400, 0, 450]);
    clock.advance(50);
    expect([fired, clock.monotonic()]).toEqual([['a@450'], 50]);
  });
});

// Helpers

function fail(error: unknown): never {
  throw error;
}

interface Recorder {
  readonly clock: VirtualClock;
  /** `name@time` of each timer that fired. */
  readonly fired: string[];
  arm(name: string, delayMs: number, then?: () => void): ReturnType<VirtualClock['setTimeout']>;
}

function recorder(startAt = 0): Recorder {
  const clock = createVirtualClock({ startAt });
  const fired: string[] = [];
  return {
    clock,
    fired,
    arm: (name, delayMs, then) =>
      clock.setTimeout(() => {
        fired.push(`${name}@${clock.now()}`);
        then?.();
      }, delayMs),
  };
}
