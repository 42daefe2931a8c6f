import { describe, expect, it } from 'vitest';
import { bootstrapMedian, median, quantile, seededRandom } from '../../bench/harness/statistics.ts';

describe('median', () => {
  it('is the middle of an odd number of values, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('is the mean of the two in the middle of an even number', () => {
    expect(median([1, 2, 10, 4])).toBe(3);
  });

  it('of nothing is no number', () => {
    expect(median([])).toBeNaN();
  });
});

describe('quantile', () => {
  it.each([
    [0, 10],
    [0.25, 20],
    [0.375, 25],
    [1, 50],
  ])('%d of 10 to 50 is %d', (q, expected) => {
    expect(quantile([50, 30, 10, 40, 20], q)).toBe(expected);
  });

  it('leaves the values as they were', () => {
    const values = [3, 1, 2];

    quantile(values, 0.5);

    expect(values).toEqual([3, 1, 2]);
  });
});

describe('seededRandom', () => {
  it('repeats itself for the same seed and not for another', () => {
    const [first, again, other] = [7, 7, 8].map((seed) => Array.from({ length: 5 }, seededRandom(seed)));

    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('spreads 10,000 numbers evenly over 10 tenths', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    const random = seededRandom(1);

    for (let drawn = 0; drawn < 10_000; drawn += 1) {
      const tenth = Math.floor(random() * 10);
      counts[tenth] = (counts[tenth] ?? 0) + 1;
    }

    expect(Math.min(...counts)).toBeGreaterThan(900);
    expect(Math.max(...counts)).toBeLessThan(1_100);
  });
});

describe('bootstrapMedian', () => {
  it('is a point when all values are the same', () => {
    expect(bootstrapMedian([2, 2, 2], { random: seededRandom(1) })).toEqual([2, 2]);
  });

  it('is the same for the same seed', () => {
    const values = [0.9, 1.1, 1, 0.97, 1.03, 0.95, 1.2, 0.8, 1.01, 0.99];

    const first = bootstrapMedian(values, { random: seededRandom(3) });

    expect(bootstrapMedian(values, { random: seededRandom(3) })).toEqual(first);
  });

  it('is not moved far by one wild value among 11', () => {
    const [low, high] = bootstrapMedian([1, 1, 1, 1, 1, 1, 1.1, 1.1, 0.9, 0.9, 50], { random: seededRandom(1) });

    expect(low).toBeGreaterThanOrEqual(0.9);
    expect(high).toBeLessThanOrEqual(1.1);
  });

  it('holds the true median in about 95 % of 60 experiments of 15 values', () => {
    const random = seededRandom(11);
    let hits = 0;

    for (let experiment = 0; experiment < 60; experiment += 1) {
      const values = Array.from({ length: 15 }, random);
      const [low, high] = bootstrapMedian(values, { random, resamples: 100 });
      if (low <= 0.5 && high >= 0.5) hits += 1;
    }

    expect(hits).toBeGreaterThanOrEqual(52);
    expect(hits).toBeLessThanOrEqual(59);
  });
});
