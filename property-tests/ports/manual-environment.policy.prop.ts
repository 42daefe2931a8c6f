import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createManualEnvironment } from '../../src/ports/index.ts';

describe('createManualEnvironment', () => {
  test.prop([fc.maxSafeNat(), fc.array(fc.constantFrom('random', 'id', 'time'), { maxLength: 50 })])(
    'gives the same answers to the same questions for every seed',
    (seed, questions) => {
      expect(answers(seed, questions)).toEqual(answers(seed, questions));
    },
  );

  test.prop([fc.maxSafeNat(), fc.maxSafeNat()])('draws other numbers for another seed', (one, other) => {
    fc.pre(one !== other);

    expect(numbers(one)).not.toEqual(numbers(other));
  });

  test.prop([fc.maxSafeNat()])('draws numbers from 0 up to 1', (seed) => {
    expect(numbers(seed).every((number) => number >= 0 && number < 1)).toBe(true);
  });
});

// Helpers

function answers(seed: number, questions: readonly string[]): unknown[] {
  const { clock, ids, random } = createManualEnvironment({ seed });
  return questions.map((question) => {
    if (question === 'random') return random.next();
    if (question === 'id') return ids.next('x');
    clock.advance(1);
    return clock.now();
  });
}

function numbers(seed: number): number[] {
  const { random } = createManualEnvironment({ seed });
  return Array.from({ length: 20 }, () => random.next());
}
