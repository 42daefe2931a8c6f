import { describe, expect, it } from 'vitest';
import { createRecorder, deriveSeed, dfs, follow, pct, portfolio, random, replay } from '../../../src/testing/index.ts';
import type { Choice, Decision, Strategy } from '../../../src/testing/index.ts';
import { distinct, runAll, runLanes } from './lanes.ts';

// One message that has to come after 20 others.
const LATE = [20, 1];
const isLate = (order: readonly string[]): boolean => order.at(-1) === 'b1' && order.length === 21;

describe('dfs', () => {
  it.each([
    ['2 lanes of 2 messages', [2, 2], 6],
    ['3 lanes of 3 messages', [3, 3, 3], 1680],
    ['2 lanes of 3 and 5 messages', [3, 5], 56],
    ['1 lane', [4], 1],
    ['nothing', [], 1],
  ])('walks through each schedule of %s once', (_, lanes, expected) => {
    const runs = runAll(dfs(), lanes);

    expect([runs.length, distinct(runs)]).toEqual([expected, expected]);
  });

  it('starts with the default', () => {
    expect(runAll(dfs(), [2, 1], 1)[0]?.order).toEqual(['a1', 'a2', 'b1']);
  });

  it.each([
    [0, 1],
    [1, 3],
    [2, 6],
  ])('with at most %i delays walks through %i schedules of 2 lanes', (bound, expected) => {
    const runs = runAll(dfs({ bound }), [2, 2]);

    expect(distinct(runs)).toBe(expected);
    expect(runs.every(({ decisions }) => decisions.reduce((sum, { index }) => sum + index, 0) <= bound)).toBe(true);
  });

  it('decides only within its prefix', () => {
    expect(runAll(dfs({ prefix: 1 }), [2, 2, 2]).map(({ order }) => order[0])).toEqual(['a1', 'b1', 'c1']);
  });

  it('refuses a program that asks something else the second time', () => {
    const strategy = dfs();
    strategy.done(runLanes(next(strategy), [2, 2]).decisions);

    expect(() => runLanes(next(strategy), [2, 2, 1])).toThrow(/REPLAY_DIVERGED.*step 1 expected "a" as 1 of 2/);
  });
});

describe('random', () => {
  it('reaches all 6 schedules of 2 lanes of 2 messages', () => {
    expect(distinct(runAll(random(1), [2, 2], 100))).toBe(6);
  });

  it('makes a single run again from its seed and number', () => {
    const twelfth = runAll(random(7), [3, 3, 3], 12)[11];

    expect(runLanes(next(random(7), 11), [3, 3, 3])).toEqual(twelfth);
  });

  it('misses 1 message behind 20 others in 2,000 schedules', () => {
    expect(runAll(random(1), LATE, 2000).filter(({ order }) => isLate(order))).toEqual([]);
  });
});

describe('pct', () => {
  it.each([1, 2, 3])('at depth %i finds 1 message behind 20 others in 20 % of schedules', (depth) => {
    const found = runAll(pct({ seed: 1, depth }), LATE, 500).filter(({ order }) => isLate(order));

    expect(found.length).toBeGreaterThanOrEqual(100);
  });

  it('at depth 2 finds 20 messages that have to come between the 10th and 11th of another lane', () => {
    const found = runAll(pct({ seed: 1, depth: 2 }), [20, 20], 1000).filter(({ order }) => {
      const after = order.indexOf('b1');
      return order[after - 1] === 'a10' && order[after + 19] === 'b20';
    });

    expect(found.length).toBeGreaterThanOrEqual(4);
  });

  it('adapts its length to what schedules take, and names it', () => {
    const runs = runAll(pct({ seed: 1, steps: 1000 }), [10, 10], 20);

    expect(runs[0]?.madeBy).toBe('pct({ seed: 1, depth: 3, steps: 1000 }) run 0');
    expect(Number(/steps: (\d+)/.exec(runs.at(-1)?.madeBy ?? '')?.[1])).toBeLessThan(25);
  });

  it('makes a single run again from seed, number and length', () => {
    const fixed = { seed: 3, steps: 20, adapt: false };
    const ninth = runAll(pct(fixed), [5, 5, 5], 9)[8];

    expect(runLanes(next(pct(fixed), 8), [5, 5, 5])).toEqual(ninth);
  });

  it.each(['depth', 'steps'] as const)('refuses the %s 0', (field) => {
    expect(() => pct({ seed: 1, [field]: 0 })).toThrow(`option "${field}" must be a whole number of at least 1, got 0`);
  });
});

describe('replay', () => {
  const [recorded] = runAll(random(5), [3, 3, 3], 1);
  const decisions = recorded?.decisions ?? [];

  it('makes the same schedule 100 times out of 100', () => {
    const again = Array.from({ length: 100 }, () => runAll(replay(decisions), [3, 3, 3])[0]?.order);

    expect(new Set(again.map(String))).toEqual(new Set([String(recorded?.order)]));
  });

  it.each<[string, readonly Decision[], RegExp]>([
    [
      'another number of options',
      [{ index: 0, of: 3, key: 'a' }],
      /step 1 expected "a" as 1 of 3 and found 2 options: "a", "b"/,
    ],
    ['another key', [{ index: 0, of: 2, key: 'x' }], /step 1 expected "x" as 1 of 2/],
    ['more questions', [], /step 1 expected the end and found 2 options: "a", "b"/],
    [
      'fewer questions',
      [
        { index: 0, of: 2, key: 'a' },
        { index: 0, of: 2, key: 'a' },
      ],
      /step 2 expected "a" and found the end/,
    ],
  ])('fails with REPLAY_DIVERGED on %s', (_, wanted, text) => {
    expect(() => runAll(replay(wanted), [1, 1])).toThrow(text);
  });
});

describe('follow', () => {
  it.each<[string, readonly number[], readonly string[]]>([
    ['nothing as the default', [], ['a1', 'a2', 'b1', 'b2']],
    ['an index as it is', [1, 0], ['b1', 'a1', 'a2', 'b2']],
    ['an index that is too high modulo the options', [3, 2], ['b1', 'a1', 'a2', 'b2']],
  ])('takes %s', (_, indices, order) => {
    expect(runAll(follow(indices), [2, 2]).map((run) => run.order)).toEqual([order]);
  });
});

describe('portfolio', () => {
  it('interleaves 6 members and says who made each schedule', () => {
    const strategy = portfolio({ seed: 1 });

    const runs = runAll(strategy, [3, 3, 3], 60);

    expect([...strategy.schedules]).toEqual(
      ['random', 'pct 2', 'pct 3', 'dfs 2', 'pct 4', 'pct 5'].map((name) => [name, 10]),
    );
    expect(runs.slice(0, 4).map(({ madeBy }) => madeBy.replace(/\d{4,}/, '…'))).toEqual([
      'random(…) run 0',
      'pct({ seed: …, depth: 2, steps: 50 }) run 0',
      'pct({ seed: …, depth: 3, steps: 50 }) run 0',
      'dfs({ bound: 2 }) run 0',
    ]);
  });

  it('goes on without a member that has nothing left, and ends with the last one', () => {
    const strategy = portfolio({ seed: 1, members: [dfs({ bound: 1 }), dfs()] });

    expect(runAll(strategy, [2, 2])).toHaveLength(3 + 6);
    expect([...strategy.schedules]).toEqual([
      ['dfs 1', 3],
      ['dfs', 6],
    ]);
  });
});

describe('deriveSeed', () => {
  it('gives 10,000 different whole numbers for 100 seeds of 100 runs', () => {
    const seeds = Array.from({ length: 10_000 }, (_, i) => deriveSeed(Math.floor(i / 100), i % 100));

    expect(new Set(seeds).size).toBe(10_000);
    expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  });
});

describe('createRecorder', () => {
  const both: readonly Choice[] = [
    { key: 'a', kind: 'message' },
    { key: 'b', kind: 'timer' },
  ];

  it('asks about 2 options, and not about 1', () => {
    const recorder = createRecorder({ madeBy: 'test', choose: () => 1 });

    const taken = [recorder.decide(both), recorder.decide(both.slice(0, 1))];

    expect(taken.map(({ key }) => key)).toEqual(['b', 'a']);
    expect(recorder.decisions).toEqual([{ index: 1, of: 2, key: 'b' }]);
  });

  it('refuses an index that is no option', () => {
    expect(() => createRecorder({ madeBy: 'test', choose: () => 2 }).decide(both)).toThrow(/index below 2, gave 2/);
  });

  it('ends a schedule at its limit of 3 decisions', () => {
    const recorder = createRecorder({ madeBy: 'test', choose: () => 0 }, { limit: 3 });
    for (let i = 0; i < 3; i++) recorder.decide(both);

    expect(() => recorder.decide(both)).toThrow(/SCHEDULE_TOO_LONG.*more than 3 decisions/);
  });
});

// Helpers

function next(strategy: Strategy, run = 0) {
  const chooser = strategy.next(run);
  if (chooser === undefined) throw new Error('the strategy is exhausted');
  return chooser;
}
