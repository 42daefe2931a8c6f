import { describe, expect, it } from 'vitest';
import { createVirtualClock, within } from '../../src/ports/index.ts';

describe('within', () => {
  it('is true when the promise settles 1 ms before the limit, and leaves no timer', async () => {
    const clock = createVirtualClock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const outcome = within(clock, 100, promise);

    await clock.advanceAsync(99);
    resolve();

    expect(await outcome).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('is false after 100 ms, and not before', async () => {
    const clock = createVirtualClock();
    let outcome: boolean | undefined;
    void within(clock, 100, new Promise(() => {})).then((value) => {
      outcome = value;
    });

    await clock.advanceAsync(99);
    expect(outcome).toBeUndefined();
    await clock.advanceAsync(1);

    expect(outcome).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('rejects as the promise does, and leaves no timer', async () => {
    const clock = createVirtualClock();

    await expect(within(clock, 100, Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');

    expect(clock.pending).toBe(0);
  });

  it('lets a rejection after the limit come to nothing', async () => {
    const clock = createVirtualClock();
    const { promise, reject } = Promise.withResolvers<void>();
    const outcome = within(clock, 100, promise);
    await clock.advanceAsync(100);

    // Unhandled, it would fail the run.
    reject(new Error('too late'));
    await clock.advanceAsync(0);

    expect(await outcome).toBe(false);
  });

  it('takes a promise that has settled before a limit of 0 ms', async () => {
    expect(await within(createVirtualClock(), 0, Promise.resolve())).toBe(true);
  });
});
