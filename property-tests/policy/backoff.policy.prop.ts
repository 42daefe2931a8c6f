import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { backoffDelay, resolveBackoff } from '../../src/policy/index.ts';
import type { BackoffJitter, BackoffPolicy } from '../../src/policy/index.ts';

const JITTERS: readonly BackoffJitter[] = ['none', 'equal', 'full'];

describe('backoffDelay', () => {
  test.prop([policy(...JITTERS), attempt(), random()])('lies between 0 and the cap', (given, at, drawn) => {
    const delay = backoffDelay(given, at, drawn);

    expect(delay).toBeGreaterThanOrEqual(0);
    expect(delay).toBeLessThanOrEqual(given.maxMs);
  });

  test.prop([policy(...JITTERS), attempt(), attempt(), random()])(
    'never shrinks with the attempt for one random number',
    (given, one, other, drawn) => {
      const [early, late] = [Math.min(one, other), Math.max(one, other)];

      expect(backoffDelay(given, late, drawn)).toBeGreaterThanOrEqual(backoffDelay(given, early, drawn));
    },
  );

  test.prop([policy(...JITTERS), attempt(), random(), random()])(
    'never shrinks with the random number',
    (given, at, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];

      expect(backoffDelay(given, at, high)).toBeGreaterThanOrEqual(backoffDelay(given, at, low));
    },
  );

  test.prop([policy('none'), attempt(), random()])('is the capped step without jitter', (given, at, drawn) => {
    expect(backoffDelay(given, at, drawn)).toBeCloseTo(cappedStep(given, at), 3);
  });

  test.prop([policy('equal'), attempt(), random()])(
    'is at least half of the capped step with equal jitter',
    (given, at, drawn) => {
      const delay = backoffDelay(given, at, drawn);

      expect(delay).toBeGreaterThanOrEqual((cappedStep(given, at) / 2) * (1 - 1e-9));
    },
  );

  test.prop([policy('full'), attempt()])('is 0 for the random number 0 with full jitter', (given, at) => {
    expect(backoffDelay(given, at, 0)).toBe(0);
  });

  test.prop([policy('full'), attempt()])('spreads callers out at every attempt with full jitter', (given, at) => {
    expect(backoffDelay(given, at, 0.1)).toBeLessThan(backoffDelay(given, at, 0.2));
  });

  test.prop([policy('equal'), attempt()])('spreads callers out at every attempt with equal jitter', (given, at) => {
    // A factor of 2 or more may double the step at once from just below the cap to twice the cap.
    fc.pre(given.factor < 2);

    expect(backoffDelay(given, at, 0)).toBeLessThan(backoffDelay(given, at, 0.99));
  });
});

// Helpers

/** Factors up to 3: a step that overshoots the cap many times over ends at the cap whatever the jitter. */
function policy(...jitters: BackoffJitter[]): fc.Arbitrary<BackoffPolicy> {
  return fc
    .record({
      initialMs: fc.integer({ min: 1, max: 10_000 }),
      factor: fc.double({ min: 1, max: 3, noNaN: true }),
      times: fc.integer({ min: 1, max: 1000 }),
      jitter: fc.constantFrom(...jitters),
    })
    .map(({ times, ...rest }) => resolveBackoff({ ...rest, maxMs: rest.initialMs * times }));
}

function attempt(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat(20), fc.nat(10_000));
}

function random(): fc.Arbitrary<number> {
  return fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
}

/** The step by repeated multiplication. */
function cappedStep({ initialMs, factor, maxMs }: BackoffPolicy, attempt: number): number {
  let step = initialMs;
  for (let i = 0; i < attempt && step < maxMs; i++) step *= factor;
  return Math.min(step, maxMs);
}
