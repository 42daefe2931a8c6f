import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { dfs, follow, pct, portfolio, random, replay, shrink } from '../../src/testing/index.ts';
import type { Strategy } from '../../src/testing/index.ts';
import { distinct, runAll, runLanes } from '../../test/testing/explore/lanes.ts';

const lanes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 });
const seed = fc.nat();

describe('dfs', () => {
  test.prop([lanes])('F1: makes exactly the schedules that combinatorics counts, each once', (counts) => {
    const runs = runAll(dfs(), counts);

    expect([runs.length, distinct(runs)]).toEqual([multinomial(counts), multinomial(counts)]);
  });

  test.prop([lanes, fc.nat(4)])('F1: within a bound makes each schedule with no more delays', (counts, bound) => {
    const delays = (run: { readonly decisions: readonly { readonly index: number }[] }): number =>
      run.decisions.reduce((sum, { index }) => sum + index, 0);
    const within = runAll(dfs(), counts).filter((run) => delays(run) <= bound);

    const runs = runAll(dfs({ bound }), counts);

    expect(runs.map(({ order }) => String(order))).toEqual(within.map(({ order }) => String(order)));
  });
});

describe('every strategy', () => {
  test.prop([lanes, seed, fc.constantFrom('random', 'pct', 'portfolio')])(
    'T1: makes the same schedules again, and each one replays',
    (counts, number, name) => {
      const make = (): Strategy =>
        name === 'random' ? random(number) : name === 'pct' ? pct({ seed: number }) : portfolio({ seed: number });

      const runs = runAll(make(), counts, 8);

      expect(runAll(make(), counts, 8)).toEqual(runs);
      for (const { order, decisions } of runs) {
        expect(runAll(replay(decisions), counts)[0]?.order).toEqual(order);
        expect(runAll(follow(decisions.map(({ index }) => index)), counts)[0]?.order).toEqual(order);
      }
    },
  );
});

describe('shrink', () => {
  test.prop([
    fc.array(fc.nat(3), { maxLength: 14 }),
    fc.nat(8),
    fc.constantFrom('a', 'b', 'c'),
    fc.integer({ min: 1, max: 200 }),
  ])('H1 to H3: gives a smaller schedule that fails, within its tries', (failing, place, lane, tries) => {
    const fails = (order: readonly string[]): boolean => order.length === place + 1 && order[place]?.[0] === lane;
    let runs = 0;
    const attempt = (indices: readonly number[]): false | readonly number[] => {
      runs++;
      const chooser = follow(indices).next(0);
      if (chooser === undefined) return false;
      const { order, decisions } = runLanes(chooser, [3, 3, 3], fails);
      return fails(order) && decisions.map(({ index }) => index);
    };
    const before = attempt(failing);
    runs = 0;

    const result = shrink(failing, attempt, { tries });

    expect([result.reproduced, result.tries]).toEqual([before !== false, runs]);
    expect(runs).toBeLessThanOrEqual(tries);
    if (before === false) return;
    expect(attempt(result.indices)).not.toBe(false);
    expect(result.length).toBeLessThanOrEqual(before.length);
  });
});

// Helpers

function multinomial(counts: readonly number[]): number {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((result, count) => result / factorial(count), factorial(total));
}
