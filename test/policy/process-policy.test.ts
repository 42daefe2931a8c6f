import { describe, expect, it } from 'vitest';
import { resolveProcessPolicy } from '../../src/policy/index.ts';
import type { ProcessPolicyOptions } from '../../src/policy/index.ts';

describe('resolveProcessPolicy', () => {
  it('fills in the documented defaults', () => {
    expect(resolveProcessPolicy()).toEqual({
      startTimeoutMs: 60_000,
      health: { intervalMs: 10_000, timeoutMs: 3_000, misses: 3 },
      stop: { drainMs: 5_000, graceMs: 2_000, terminateMs: 2_000 },
      restart: 'onCrash',
      backoff: { initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 'equal' },
      minUptimeMs: 10_000,
    });
  });

  it('keeps every value that is given', () => {
    const given = {
      startTimeoutMs: 1,
      health: { intervalMs: 2, timeoutMs: 3, misses: 4 },
      stop: { drainMs: 0, graceMs: 0, terminateMs: 0 },
      restart: 'never',
      backoff: { initialMs: 5, factor: 6, maxMs: 7, jitter: 'full' },
      minUptimeMs: 0,
    } as const;

    expect(resolveProcessPolicy(given)).toEqual(given);
  });

  it.each<[string, unknown]>([
    ['startTimeoutMs', { startTimeoutMs: 0 }],
    ['startTimeoutMs', { startTimeoutMs: Number.POSITIVE_INFINITY }],
    ['health.intervalMs', { health: { intervalMs: 0 } }],
    ['health.timeoutMs', { health: { timeoutMs: Number.NaN } }],
    ['health.misses', { health: { misses: 0 } }],
    ['health.misses', { health: { misses: 1.5 } }],
    ['stop.drainMs', { stop: { drainMs: -1 } }],
    ['stop.graceMs', { stop: { graceMs: '2000' } }],
    ['stop.terminateMs', { stop: { terminateMs: -1 } }],
    ['restart', { restart: 'always' }],
    ['backoff.initialMs', { backoff: { initialMs: 0 } }],
    ['backoff.jitter', { backoff: { jitter: 'some' } }],
    ['minUptimeMs', { minUptimeMs: -1 }],
  ])('names %s in the error for %o', (field, options) => {
    expect(() => resolveProcessPolicy(options as ProcessPolicyOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field }),
    );
  });
});
