import { describe, expect, it } from 'vitest';
import { InvalidOptionsError } from '../../src/errors/index.ts';
import { backoffDelay, resolveBackoff } from '../../src/policy/index.ts';
import type { BackoffOptions } from '../../src/policy/index.ts';

describe('resolveBackoff', () => {
  it('starts at 1 s, doubles, ends at 60 s and takes equal jitter by default', () => {
    expect(resolveBackoff()).toEqual({ initialMs: 1000, factor: 2, maxMs: 60_000, jitter: 'equal' });
  });

  it('keeps what is given', () => {
    const given = { initialMs: 5, factor: 1.5, maxMs: 50, jitter: 'full' } as const;

    expect(resolveBackoff(given)).toEqual(given);
  });

  it.each<[string, BackoffOptions]>([
    ['restart.initialMs', { initialMs: 0 }],
    ['restart.initialMs', { initialMs: Number.NaN }],
    ['restart.factor', { factor: 0.5 }],
    ['restart.factor', { factor: Number.POSITIVE_INFINITY }],
    ['restart.maxMs', { initialMs: 1000, maxMs: 999 }],
    ['restart.jitter', { jitter: 'some' as never }],
    ['restart.jitter', { jitter: 'toString' as never }],
  ])('names %s in the error for %o', (field, options) => {
    expect(() => resolveBackoff(options, 'restart')).toThrow(InvalidOptionsError);
    expect(() => resolveBackoff(options, 'restart')).toThrow(expect.objectContaining({ field }));
  });
});

describe('backoffDelay', () => {
  it('waits 1, 2, 4 … 60 s without jitter', () => {
    expect(delays({ jitter: 'none' }, 8, 0.7)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('waits half of the step plus a random part of the other half with equal jitter', () => {
    expect(delays({ jitter: 'equal' }, 3, 0)).toEqual([500, 1000, 2000]);
    expect(delays({ jitter: 'equal' }, 3, 0.5)).toEqual([750, 1500, 3000]);
  });

  it('waits a random part of the step with full jitter', () => {
    expect(delays({ jitter: 'full' }, 3, 0)).toEqual([0, 0, 0]);
    expect(delays({ jitter: 'full' }, 3, 0.25)).toEqual([250, 500, 1000]);
  });

  it('caps at 60 s after the jitter, not before', () => {
    // The step of attempt 6 is 64 s: half of it and three quarters of the other half are 56 s.
    expect(backoffDelay(resolveBackoff({ jitter: 'equal' }), 6, 0.75)).toBe(56_000);
    expect(backoffDelay(resolveBackoff({ jitter: 'equal' }), 6, 0.99)).toBe(60_000);
  });

  it.each(['equal', 'full'] as const)('still spreads callers out at attempt 10,000 with %s jitter', (jitter) => {
    const policy = resolveBackoff({ jitter });

    expect(backoffDelay(policy, 10_000, 0.1)).toBeLessThan(backoffDelay(policy, 10_000, 0.2));
  });

  it('waits 0 ms and never NaN when a step overflows and the random number is 0', () => {
    const policy = resolveBackoff({ initialMs: 1, factor: 1e300, maxMs: 1e308, jitter: 'full' });

    expect(backoffDelay(policy, 10_000, 0)).toBe(0);
    expect(backoffDelay(policy, 10_000, 0.5)).toBeLessThanOrEqual(1e308);
  });

  it('stays at the first delay with factor 1', () => {
    expect(delays({ factor: 1, jitter: 'none' }, 3, 0)).toEqual([1000, 1000, 1000]);
  });
});

// Helpers

function delays(options: BackoffOptions, count: number, random: number): number[] {
  const policy = resolveBackoff(options);
  return Array.from({ length: count }, (_, attempt) => backoffDelay(policy, attempt, random));
}
