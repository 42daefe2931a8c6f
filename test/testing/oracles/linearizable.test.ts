import { describe, expect, it } from 'vitest';
import { checkLinearizable, createSeededRandom, recordHistory } from '../../../src/testing/index.ts';
import type { HistoryEntry, LinearizableResult } from '../../../src/testing/index.ts';
import { call, REGISTER, REGISTERS } from './models.ts';

describe('checkLinearizable', () => {
  it.each<[string, readonly HistoryEntry[], boolean]>([
    ['an empty history', [], true],
    [
      'a read that overlaps a write and sees it',
      [call('p', [0, 3], 'write', 1), call('q', [1, 2], 'read', undefined, 1)],
      true,
    ],
    [
      'a read that overlaps a write and misses it',
      [call('p', [0, 3], 'write', 1), call('q', [1, 2], 'read', undefined, 0)],
      true,
    ],
    [
      'a read after a write that misses it',
      [call('p', [0, 1], 'write', 1), call('q', [2, 3], 'read', undefined, 0)],
      false,
    ],
    ['calls that touch at one moment', [call('p', [0, 1], 'write', 1), call('q', [1, 2], 'read', undefined, 0)], true],
    [
      'two reads of which the later one sees less',
      [call('p', [0, 9], 'write', 1), call('q', [1, 2], 'read', undefined, 1), call('r', [3, 4], 'read', undefined, 0)],
      false,
    ],
    [
      'two exchanges of which both win',
      [call('p', [0, 3], 'exchange', [0, 1], true), call('q', [1, 2], 'exchange', [0, 2], true)],
      false,
    ],
    ['a pending write that was seen', [call('p', [0], 'write', 1), call('q', [1, 2], 'read', undefined, 1)], true],
    ['a pending write that was not seen', [call('p', [0], 'write', 1), call('q', [1, 2], 'read', undefined, 0)], true],
    [
      'a pending write that was seen before it began',
      [call('q', [1, 2], 'read', undefined, 1), call('p', [3], 'write', 1)],
      false,
    ],
    [
      'a pending write that comes and goes',
      [call('p', [0], 'write', 1), call('q', [1, 2], 'read', undefined, 1), call('q', [3, 4], 'read', undefined, 0)],
      false,
    ],
  ])('judges %s', (_, history, expected) => {
    expect(checkLinearizable(history, REGISTER).linearizable).toBe(expected);
  });

  it('gives an order that keeps time and outputs', () => {
    const write = call('p', [0, 5], 'write', 1);
    const early = call('q', [1, 2], 'read', undefined, 0);
    const late = call('q', [3, 4], 'read', undefined, 1);

    expect(checkLinearizable([write, early, late], REGISTER)).toEqual({
      linearizable: true,
      order: [early, write, late],
    });
  });

  it('explains where the longest order ends', () => {
    const write = call('p', [0, 1], 'write', 1);

    const result = refused(checkLinearizable([write, call('q', [2, 3], 'read', undefined, 0)], REGISTER));

    expect(result.longestPrefix).toEqual([write]);
    expect(result.explanation).toBe(
      '1 of 2 calls can be put in order; behind them, in state 1, q: read(undefined) gave 0, and the model gives 1',
    );
  });

  it('gives up after 10 states, and says so', () => {
    const history = Array.from({ length: 12 }, (_, i) => call(`p${i}`, [i, 100], 'write', i));

    const result = refused(
      checkLinearizable([...history, call('q', [101, 102], 'read', undefined, 99)], REGISTER, { maxStates: 10 }),
    );

    expect(result.undecided).toBe(true);
    expect(result.explanation).toMatch(/^given up after 10 states; so far \d+ of 13 calls/);
  });

  it('looks at each partition alone, and names the one that is wrong', () => {
    const fine = [call('p', [0, 3], 'write', ['a', 1]), call('q', [4, 5], 'read', ['a'], 1)];
    const wrong = [call('p', [6, 7], 'write', ['b', 1]), call('q', [8, 9], 'read', ['b'], 0)];

    expect(checkLinearizable(fine, REGISTERS).linearizable).toBe(true);
    expect(refused(checkLinearizable([...fine, ...wrong], REGISTERS)).explanation).toMatch(/^1 of 2 calls of "b"/);
  });

  it('puts the orders of 2 partitions together without breaking time', () => {
    const history = [
      call('p', [0, 1], 'write', ['a', 1]),
      call('q', [2, 3], 'write', ['b', 2]),
      call('p', [4, 5], 'read', ['a'], 1),
      call('q', [6, 7], 'read', ['b'], 2),
    ];

    expect(checkLinearizable(history, REGISTERS)).toEqual({ linearizable: true, order: history });
  });

  it('takes the equality and the hash of the model', () => {
    const rounded = {
      ...REGISTER,
      equal: (a: unknown, b: unknown) => Math.abs(Number(a) - Number(b)) < 1,
      hash: String,
    };

    expect(checkLinearizable([call('p', [0, 1], 'read', undefined, 0.5)], rounded).linearizable).toBe(true);
  });
});

describe('recordHistory', () => {
  it('notes overlapping calls on a logical clock', async () => {
    const recorder = recordHistory();
    const { promise, resolve } = Promise.withResolvers<number>();

    const slow = recorder.call('p', 'read', 'x', () => promise);
    await recorder.call('q', 'write', ['x', 1], () => undefined);
    resolve(1);
    await slow;

    expect(recorder.history).toEqual([
      { process: 'p', operation: 'read', input: 'x', output: 1, invokedAt: 0, returnedAt: 3 },
      { process: 'q', operation: 'write', input: ['x', 1], output: undefined, invokedAt: 1, returnedAt: 2 },
    ]);
  });

  it('leaves a call that fails pending, since it may have taken effect', async () => {
    const recorder = recordHistory();

    await expect(recorder.call('p', 'write', 1, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');

    expect(recorder.history.map(({ returnedAt }) => returnedAt)).toEqual([undefined]);
  });

  it('notes an error that says for certain what the call did', async () => {
    const recorder = recordHistory({ outputOf: (error) => (error as Error).message });

    await expect(recorder.call('p', 'read', 1, () => Promise.reject(new Error('no such key')))).rejects.toThrow(
      'no such key',
    );

    expect(recorder.history[0]).toMatchObject({ output: 'no such key', returnedAt: 1 });
  });

  it('refuses a third call at a limit of 2', async () => {
    const recorder = recordHistory({ limit: 2 });
    for (let i = 0; i < 2; i++) await recorder.call('p', 'read', i, () => i);

    await expect(recorder.call('p', 'read', 3, () => 3)).rejects.toThrow(/RESOURCE_EXHAUSTED.*2 calls/);
  });

  it('shows two lost updates of a counter that reads and writes', async () => {
    const { history, call: record } = recordHistory();
    const random = createSeededRandom(1);
    let value = 0;
    const add = async (): Promise<number> => {
      const seen = value;
      for (let turns = Math.floor(random.next() * 3); turns >= 0; turns--) await Promise.resolve();
      return (value = seen + 1);
    };

    await Promise.all(['p', 'q'].map((process) => record(process, 'add', undefined, add)));

    const counter = { initial: 0, apply: (state: number) => ({ state: state + 1, output: state + 1 }) };
    expect(checkLinearizable(history, counter).linearizable).toBe(false);
  });
});

// Helpers

function refused(result: LinearizableResult): LinearizableResult & { readonly linearizable: false } {
  if (result.linearizable) throw new Error('the history was accepted');
  return result;
}
