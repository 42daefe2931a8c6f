import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { resolveRateLimit, TokenBucket } from '../../src/policy/index.ts';

describe('TokenBucket', () => {
  test.prop([
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 20 }),
    fc.array(fc.nat(300), { minLength: 1 }),
  ])('gives at most burst + rate × time in any stretch of time', (perSecond, burst, gaps) => {
    const bucket = new TokenBucket(resolveRateLimit({ perSecond, burst }));
    const given: number[] = [];
    let at = 0;
    for (const gap of gaps) {
      at += gap;
      if (bucket.take(at)) given.push(at);
    }

    for (const [first, from] of given.entries()) {
      for (const [last, to] of given.entries()) {
        if (last < first) continue;
        expect(last - first + 1).toBeLessThanOrEqual(burst + ((to - from) * perSecond) / 1_000 + 1e-6);
      }
    }
  });
});
