import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { emptyCrashWindow, recordCrash, resolveCrashBudget } from '../../src/policy/index.ts';

describe('recordCrash', () => {
  test.prop([
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 100 }),
    fc.array(fc.nat(60), { minLength: 1, maxLength: 60, size: 'max' }),
  ])('agrees with a count over all crashes and stays within its limit', (limit, windowMs, gaps) => {
    const policy = resolveCrashBudget({ limit, windowMs });
    const all: number[] = [];
    let window = emptyCrashWindow;

    for (const gap of gaps) {
      const at = (all.at(-1) ?? 0) + gap;
      all.push(at);
      const verdict = recordCrash(window, at, policy);
      window = verdict.window;

      expect(verdict.exhausted).toBe(all.filter((crashAt) => crashAt > at - windowMs).length >= limit);
      expect(window.length).toBeLessThanOrEqual(limit);
    }
  });

  test.prop([fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 })])(
    'stays within its limit when the clock jumps about',
    (times) => {
      const policy = resolveCrashBudget({ limit: 4, windowMs: 50 });
      let window = emptyCrashWindow;

      for (const at of times) ({ window } = recordCrash(window, at, policy));

      expect(window.length).toBeLessThanOrEqual(4);
      expect(window.at(-1)).toBe(times.at(-1));
    },
  );
});
