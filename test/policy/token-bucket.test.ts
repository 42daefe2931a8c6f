import { describe, expect, it } from 'vitest';
import { resolveRateLimit, TokenBucket } from '../../src/policy/index.ts';
import type { RateLimitOptions } from '../../src/policy/index.ts';

describe('resolveRateLimit', () => {
  it('allows 1,000 in a second, at once too, by default', () => {
    expect(resolveRateLimit()).toEqual({ perSecond: 1_000, burst: 1_000 });
  });

  it('rounds the burst of half a token a second up to 1', () => {
    expect(resolveRateLimit({ perSecond: 0.5 })).toEqual({ perSecond: 0.5, burst: 1 });
  });

  it.each<[string, RateLimitOptions]>([
    ['rateLimit.perSecond', { perSecond: 0 }],
    ['rateLimit.perSecond', { perSecond: Number.NaN }],
    ['rateLimit.burst', { burst: 0 }],
    ['rateLimit.burst', { burst: 1.5 }],
  ])('names %s in the error for %o', (field, options) => {
    expect(() => resolveRateLimit(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', field }));
  });
});

describe('TokenBucket', () => {
  it('gives 3 of 5 tokens at once with a burst of 3', () => {
    const bucket = new TokenBucket(resolveRateLimit({ perSecond: 10, burst: 3 }));

    expect([1, 2, 3, 4, 5].map(() => bucket.take(0))).toEqual([true, true, true, false, false]);
  });

  it('has a token again after 100 ms at 10 in a second, and none after 99', () => {
    const bucket = new TokenBucket(resolveRateLimit({ perSecond: 10, burst: 1 }));
    bucket.take(0);

    expect([bucket.take(99), bucket.take(100), bucket.take(101)]).toEqual([false, true, false]);
  });

  it('adds up 10 waits of 10 ms to one token', () => {
    const bucket = new TokenBucket(resolveRateLimit({ perSecond: 10, burst: 1 }));
    bucket.take(0);

    const taken = Array.from({ length: 10 }, (_, index) => bucket.take((index + 1) * 10));

    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  it('holds no more than the burst after an hour', () => {
    const bucket = new TokenBucket(resolveRateLimit({ perSecond: 10, burst: 2 }));
    bucket.take(0);

    expect([1, 2, 3].map(() => bucket.take(3_600_000))).toEqual([true, true, false]);
  });

  it('gives nothing for time that goes backwards', () => {
    const bucket = new TokenBucket(resolveRateLimit({ perSecond: 10, burst: 1 }));
    bucket.take(1_000);

    expect([bucket.take(0), bucket.take(1_000), bucket.take(1_100)]).toEqual([false, false, true]);
  });
});
