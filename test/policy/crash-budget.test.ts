import { describe, expect, it } from 'vitest';
import { emptyCrashWindow, recordCrash, resolveCrashBudget } from '../../src/policy/index.ts';
import type { CrashBudgetOptions } from '../../src/policy/index.ts';

describe('resolveCrashBudget', () => {
  it('allows fewer than 5 crashes in 10 minutes by default', () => {
    expect(resolveCrashBudget()).toEqual({ limit: 5, windowMs: 600_000 });
  });

  it.each<[string, CrashBudgetOptions]>([
    ['crashBudget.limit', { limit: 0 }],
    ['crashBudget.limit', { limit: 1.5 }],
    ['crashBudget.windowMs', { windowMs: 0 }],
    ['crashBudget.windowMs', { windowMs: Number.POSITIVE_INFINITY }],
  ])('names %s in the error for %o', (field, options) => {
    expect(() => resolveCrashBudget(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', field }));
  });
});

describe('recordCrash', () => {
  it('is exhausted by the 5th crash within 10 minutes', () => {
    expect(verdicts({}, [0, 1, 2, 3, 599_999])).toEqual([false, false, false, false, true]);
  });

  it('no longer counts a crash that is exactly 10 minutes old', () => {
    expect(verdicts({}, [0, 1, 2, 3, 600_000])).toEqual([false, false, false, false, false]);
  });

  it('is exhausted by the first crash with limit 1', () => {
    expect(verdicts({ limit: 1 }, [7])).toEqual([true]);
  });

  it('stays exhausted while crashes keep coming', () => {
    expect(verdicts({ limit: 2, windowMs: 10 }, [0, 5, 10, 15])).toEqual([false, true, true, true]);
  });

  it('keeps at most 5 crashes however many there were', () => {
    const policy = resolveCrashBudget();
    let window = emptyCrashWindow;

    for (let at = 0; at < 100; at++) ({ window } = recordCrash(window, at, policy));

    expect(window).toEqual([95, 96, 97, 98, 99]);
  });

  it('leaves the window that it was given as it is', () => {
    const given = Object.freeze([1, 2]);

    const { window } = recordCrash(given, 3, resolveCrashBudget({ limit: 2 }));

    expect([given, window]).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });
});

// Helpers

function verdicts(options: CrashBudgetOptions, times: readonly number[]): boolean[] {
  const policy = resolveCrashBudget(options);
  let window = emptyCrashWindow;
  return times.map((at) => {
    const verdict = recordCrash(window, at, policy);
    ({ window } = verdict);
    return verdict.exhausted;
  });
}
