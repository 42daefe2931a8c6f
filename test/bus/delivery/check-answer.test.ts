import { describe, expect, it } from 'vitest';
import { checkAnswer } from '../../../src/bus/delivery/check-answer.ts';

describe('checkAnswer', () => {
  const known = { isFirst: false, settled: 2, sendLimit: 10, oldest: 3, newest: 5 };

  it.each([
    [Number.NaN, 10],
    [-1, 10],
    [2.5, 10],
    [3, Number.NaN],
    [3, Number.POSITIVE_INFINITY],
  ])('refuses settled %d with the limit %d', (settled, sendLimit) => {
    expect(() => checkAnswer('kv', { settled, sendLimit, results: [] }, known)).toThrow(
      '[EVENT_PROTOCOL_VIOLATION] plugin "kv" broke the event protocol: a sequence is no whole number of at least 0',
    );
  });

  it('takes what goes on, and anything lower in the first answer', () => {
    expect(() => {
      checkAnswer('kv', { settled: 5, sendLimit: 10, results: [] }, known);
      checkAnswer('kv', { settled: 0, sendLimit: 1, results: [] }, { ...known, isFirst: true });
    }).not.toThrow();
  });
});
