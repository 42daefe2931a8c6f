import { describe, expect, it } from 'vitest';
import { TimerWheel } from '../../src/policy/index.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

describe('TimerWheel', () => {
  it('has nothing to fire when it is new', () => {
    const wheel = new TimerWheel<string>(1_000);

    expect([wheel.size, wheel.next(), wheel.expire(2_000)]).toEqual([0, undefined, undefined]);
  });

  it('fires at the deadline to the fraction of a millisecond, and not before', () => {
    const wheel = filled([10.75]);

    expect([wheel.next(), wheel.expire(10.7), wheel.expire(10.75)?.deadlineMs]).toEqual([10.75, undefined, 10.75]);
  });

  it('fires timers of one tick in order of deadline, then of arming', () => {
    const wheel = new TimerWheel<string>(0);
    wheel.add(7.5, 'b');
    wheel.add(7.25, 'a');
    wheel.add(7.5, 'c');
    wheel.add(7.25, 'after a');

    expect(values(wheel, 8)).toEqual(['a', 'after a', 'b', 'c']);
  });

  it('keeps the order of arming for one deadline however far the timers moved down', () => {
    const wheel = new TimerWheel<number>(0);
    wheel.add(50_000, 1);
    wheel.add(40_000, 0);
    wheel.expire(39_999);
    wheel.add(50_000, 2);
    expect(values(wheel, 49_990)).toEqual([0]);
    wheel.add(50_000, 3);

    expect(values(wheel, 50_000)).toEqual([1, 2, 3]);
  });

  it('fires what is overdue when it is added, before what is due later', () => {
    const wheel = filled([30, 20]);

    expect(wheel.expire(30)?.deadlineMs).toBe(20);
    wheel.add(-5, -5);
    wheel.add(25, 25);

    expect(values(wheel, 30)).toEqual([-5, 25, 30]);
  });

  it('fires what is added while it expires and is due', () => {
    const wheel = filled([1]);
    const fired: number[] = [];

    for (let timer = wheel.expire(100); timer !== undefined; timer = wheel.expire(100)) {
      fired.push(timer.value);
      if (timer.value < 200) wheel.add(timer.value * 3, timer.value * 3);
    }

    expect([fired, wheel.next()]).toEqual([[1, 3, 9, 27, 81], 243]);
  });

  it('forgets a cancelled timer at once, and only once', () => {
    const wheel = new TimerWheel<string>(0);
    const timer = wheel.add(5_000, 'x');

    expect([timer.armed, wheel.cancel(timer), timer.armed, wheel.cancel(timer)]).toEqual([true, true, false, false]);
    expect([wheel.size, wheel.next(), wheel.expire(1e6)]).toEqual([0, undefined, undefined]);
  });

  it('does not cancel a timer that has fired or is of another wheel', () => {
    const wheel = new TimerWheel<string>(0);
    const timer = wheel.add(5, 'x');
    const other = wheel.add(900, 'y');
    wheel.expire(5);

    expect([timer.armed, wheel.cancel(timer)]).toEqual([false, false]);
    expect(new TimerWheel<string>(0).cancel(other)).toBe(false);
    expect(wheel.cancel({ deadlineMs: 900, value: 'y', armed: true })).toBe(false);
    expect(wheel.size).toBe(1);
  });

  it('finds the next deadline after the earliest of a slot is cancelled', () => {
    const wheel = new TimerWheel<number>(0);
    const deadlines = [9_003, 9_001, 9_004, 9_002];
    const timers = new Map(deadlines.map((deadline) => [deadline, wheel.add(deadline, deadline)]));

    const seen = deadlines
      .toSorted((a, b) => a - b)
      .map((deadline) => {
        const next = wheel.next();
        const timer = timers.get(deadline);
        if (timer !== undefined) wheel.cancel(timer);
        return next;
      });

    expect(seen).toEqual([9_001, 9_002, 9_003, 9_004]);
  });

  it('waits for delays above 2^31 ms, for 10,000 years, and for ever', () => {
    const deadlines = [2 ** 31 + 0.5, 2 ** 32, 10_000 * YEAR_MS, Number.MAX_VALUE, Number.POSITIVE_INFINITY];
    const wheel = filled(deadlines.toReversed());

    expect(values(wheel, 2 ** 31)).toEqual([]);
    expect(values(wheel, 10_000 * YEAR_MS)).toEqual(deadlines.slice(0, 3));
    expect([wheel.size, wheel.next()]).toEqual([2, Number.MAX_VALUE]);
    expect(values(wheel, Number.POSITIVE_INFINITY)).toEqual(deadlines.slice(3));
  });

  it('jumps 50 years at once and goes on', () => {
    const start = Date.UTC(2025, 0);
    const wheel = filled([start + 1, start + YEAR_MS, start + 49 * YEAR_MS], start);

    expect(values(wheel, start + 50 * YEAR_MS)).toHaveLength(3);
    wheel.add(start + 50 * YEAR_MS + 17, 17);

    expect([wheel.next(), values(wheel, start + 50 * YEAR_MS + 17)]).toEqual([start + 50 * YEAR_MS + 17, [17]]);
  });

  it('fires nothing when the time is before the one that it knows', () => {
    const wheel = filled([10, 20]);
    wheel.expire(15);

    expect([values(wheel, 3), wheel.next()]).toEqual([[], 20]);
    wheel.add(4, 4);
    expect([values(wheel, 3), values(wheel, 4)]).toEqual([[], [4]]);
  });

  it('never fires at a time that is no number, and refuses such a deadline', () => {
    const wheel = filled([10]);

    expect(wheel.expire(Number.NaN)).toBeUndefined();
    expect(() => wheel.add(Number.NaN, 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field: 'deadlineMs' }),
    );
    expect(wheel.size).toBe(1);
  });

  it('fires 100,000 timers in order, those aside that were cancelled', () => {
    const wheel = new TimerWheel<number>(0);
    const timers = Array.from({ length: 100_000 }, (_, i) => wheel.add(((i * 7_919) % 100_003) * 37.5, i));
    const cancelled = timers.filter((timer, i) => i % 3 === 0 && wheel.cancel(timer));

    const fired: number[] = [];
    for (let timer = wheel.expire(YEAR_MS); timer !== undefined; timer = wheel.expire(YEAR_MS)) {
      fired.push(timer.deadlineMs);
    }

    expect([cancelled.length, fired.length, wheel.size]).toEqual([33_334, 66_666, 0]);
    expect(fired.every((deadline, i) => i === 0 || deadline > (fired[i - 1] ?? 0))).toBe(true);
  });
});

// Helpers

/** A wheel with timers whose value is their deadline. */
function filled(deadlines: readonly number[], nowMs = 0): TimerWheel<number> {
  const wheel = new TimerWheel<number>(nowMs);
  for (const deadline of deadlines) wheel.add(deadline, deadline);
  return wheel;
}

/** The values of all that fires until then. */
function values<T>(wheel: TimerWheel<T>, nowMs: number): T[] {
  const fired: T[] = [];
  for (let timer = wheel.expire(nowMs); timer !== undefined; timer = wheel.expire(nowMs)) fired.push(timer.value);
  return fired;
}
