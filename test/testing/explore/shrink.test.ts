import { describe, expect, it } from 'vitest';
import { createSeededRandom, dfs, follow, shrink } from '../../../src/testing/index.ts';
import { runLanes } from './lanes.ts';

type Condition = (order: readonly string[]) => boolean;

// Failures of which the shortest schedule is known, because dfs has looked at all of them.
const FAILURES: readonly [name: string, lanes: readonly number[], fails: Condition][] = [
  ['one order of two', [3, 3], (order) => isBefore(order, 'b1', 'a1')],
  [
    'a message that overtakes two others',
    [3, 3, 3],
    (order) => isBefore(order, 'c2', 'a1') && isBefore(order, 'c2', 'b1'),
  ],
  [
    'one in between',
    [3, 3, 3],
    (order) => isBefore(order, 'a1', 'c1') && isBefore(order, 'c1', 'a2') && order.length > 3,
  ],
  ['two inversions', [3, 3, 3], (order) => isBefore(order, 'b2', 'a1') && isBefore(order, 'c1', 'b3')],
  [
    'lanes in reverse',
    [2, 2, 2, 2],
    (order) => isBefore(order, 'd1', 'c1') && isBefore(order, 'c1', 'b1') && isBefore(order, 'b1', 'a1'),
  ],
  ['late in one lane', [4, 2, 2], (order) => order.at(-1) === 'a4' && order.includes('c2') && !order.includes('b1')],
];

describe('shrink', () => {
  it.each(FAILURES)('comes close to the shortest schedule of %s', (_, lanes, fails) => {
    const shortest = shortestFailure(lanes, fails);

    const ratios = randomFailures(lanes, fails, 40).map((failing) => {
      const result = shrink(failing, (candidate) => attempt(candidate, lanes, fails));
      expect(attempt(result.indices, lanes, fails)).not.toBe(false);
      return lengthOf(result.indices, lanes, fails) / shortest;
    });

    expect(ratios.length).toBeGreaterThan(10);
    expect(ratios.toSorted((a, b) => a - b)[ratios.length >> 1]).toBeLessThanOrEqual(1.5);
  });

  it('finds 2 decisions that matter among 300', () => {
    const failing = Array.from({ length: 300 }, (_, i) => (i * 7 + 3) % 5);
    const fails = (candidate: readonly number[]): boolean => (candidate[40] ?? 0) >= 2 && (candidate[120] ?? 0) >= 3;

    const result = shrink(failing, fails, { tries: 2000 });

    expect(result.indices.flatMap((index, i) => (index > 0 ? [[i, index]] : []))).toEqual([
      [40, 2],
      [120, 3],
    ]);
  });

  it('leaves out zeros at the end, and counts them in the length of a run', () => {
    const result = shrink([1, 0, 0, 0], (candidate) => candidate[0] === 1 && [1, 0, 0]);

    expect(result).toEqual({ indices: [1], length: 3, tries: expect.any(Number), reproduced: true });
  });

  it('gives back what does not fail again, after 1 try', () => {
    expect(shrink([3, 1], () => false)).toEqual({ indices: [3, 1], length: 2, tries: 1, reproduced: false });
  });

  it.each([1, 17, 500])('runs at most %i candidates', (tries) => {
    let runs = 0;
    const failing = Array.from({ length: 60 }, (_, i) => i % 4);

    const result = shrink(failing, (candidate) => ++runs > 0 && candidate.includes(3), { tries });

    expect([runs, result.tries]).toEqual([result.tries, Math.min(tries, runs)]);
    expect(runs).toBeLessThanOrEqual(tries);
  });

  it('runs no candidate twice', () => {
    const seen: string[] = [];

    shrink([2, 2, 1, 0, 3], (candidate) => seen.push(candidate.join()) > 0 && candidate.includes(1));

    expect(new Set(seen).size).toBe(seen.length);
  });
});

// Helpers

function isBefore(order: readonly string[], first: string, second: string): boolean {
  const at = order.indexOf(first);
  return at >= 0 && !order.slice(0, at).includes(second);
}

function attempt(indices: readonly number[], lanes: readonly number[], fails: Condition): false | readonly number[] {
  const chooser = follow(indices).next(0);
  if (chooser === undefined) return false;
  const { order, decisions } = runLanes(chooser, lanes, fails);
  return fails(order) && decisions.map(({ index }) => index);
}

/** Messages up to the failure. */
function lengthOf(indices: readonly number[], lanes: readonly number[], fails: Condition): number {
  const chooser = follow(indices).next(0);
  return chooser === undefined ? Number.NaN : runLanes(chooser, lanes, fails).order.length;
}

function shortestFailure(lanes: readonly number[], fails: Condition): number {
  const strategy = dfs();
  let shortest = Number.POSITIVE_INFINITY;
  for (let chooser = strategy.next(0); chooser !== undefined; chooser = strategy.next(0)) {
    const { order, decisions } = runLanes(chooser, lanes, fails);
    if (fails(order)) shortest = Math.min(shortest, order.length);
    strategy.done(decisions);
  }
  return shortest;
}

function randomFailures(lanes: readonly number[], fails: Condition, count: number): readonly (readonly number[])[] {
  const random = createSeededRandom(1);
  const draw = (): number[] => Array.from({ length: 20 }, () => Math.floor(random.next() * 4));
  const drawn = Array.from({ length: count * 10 }, draw);
  return drawn.filter((indices) => attempt(indices, lanes, fails) !== false).slice(0, count);
}
