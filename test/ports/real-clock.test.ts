import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRealClock } from '../../src/ports/index.ts';
import { timerChunk } from '../../src/ports/real-clock.ts';

const DAY_MS = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('createRealClock', () => {
  it('reads the wall clock of the process', () => {
    vi.setSystemTime(1234);

    expect(createRealClock().now()).toBe(1234);
  });

  it('keeps its monotonic time when the wall clock is set back', () => {
    const clock = createRealClock();
    const before = clock.monotonic();

    vi.setSystemTime(0);
    vi.advanceTimersByTime(5);

    expect(clock.monotonic() - before).toBe(5);
  });

  it('fires after the delay, once', () => {
    const { callback, fireTimes } = recorder();
    createRealClock().setTimeout(callback, 10);

    vi.advanceTimersByTime(100);

    expect(fireTimes).toEqual([10]);
  });

  it.each([-5, Number.NaN])('fires at once for a delay of %s', (delayMs) => {
    const { callback, fireTimes } = recorder();
    createRealClock().setTimeout(callback, delayMs);

    vi.advanceTimersByTime(1);

    expect(fireTimes).toHaveLength(1);
  });

  it('fires a timer of 60 days after 60 days', () => {
    const { callback, fireTimes } = recorder();
    createRealClock().setTimeout(callback, 60 * DAY_MS);

    vi.advanceTimersByTime(100 * DAY_MS);

    expect(fireTimes).toEqual([60 * DAY_MS]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, 26, 55])('disarms a timer of 60 days that is cleared on day %i', (day) => {
    const clock = createRealClock();
    const { callback, fireTimes } = recorder();
    const handle = clock.setTimeout(callback, 60 * DAY_MS);
    vi.advanceTimersByTime(day * DAY_MS);

    clock.clearTimeout(handle);

    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100 * DAY_MS);
    expect(fireTimes).toEqual([]);
  });

  it('never fires an infinite delay', () => {
    const clock = createRealClock();
    const { callback, fireTimes } = recorder();
    const handle = clock.setTimeout(callback, Number.POSITIVE_INFINITY);

    vi.advanceTimersByTime(1000 * DAY_MS);

    expect([fireTimes, vi.getTimerCount()]).toEqual([[], 1]);
    clock.clearTimeout(handle);
  });

  it('ignores a handle that is none of its own or has fired', () => {
    const clock = createRealClock();
    const handle = clock.setTimeout(() => {}, 1);
    vi.advanceTimersByTime(1);

    for (const each of [handle, handle, undefined, {}]) expect(() => clock.clearTimeout(each)).not.toThrow();
  });
});

describe('timerChunk', () => {
  it.each([
    [1, 1],
    [0.2, 1],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, 2 ** 31 - 1],
    [Number.POSITIVE_INFINITY, 2 ** 31 - 1],
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
  ])('takes of %s ms %i ms at a time', (remaining, chunk) => {
    expect(timerChunk(remaining)).toBe(chunk);
  });
});

// Helpers

function recorder(): { callback: () => void; fireTimes: number[] } {
  const start = performance.now();
  const fireTimes: number[] = [];
  return { fireTimes, callback: () => void fireTimes.push(performance.now() - start) };
}
