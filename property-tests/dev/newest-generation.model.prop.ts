import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createUploadTurns } from '../../src/host/dev/upload-turns.ts';

type Step =
  /** The loop uploads the next generation. */
  | { readonly kind: 'upload' }
  /** An upload of before arrives a second time, late. */
  | { readonly kind: 'repeat'; readonly back: number }
  /** What the host works on is done, or fails. */
  | { readonly kind: 'finish'; readonly fails: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'upload' } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), back: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('finish' as const), fails: fc.boolean() }) },
);

describe('the newest generation wins, for any arrivals of one session', () => {
  test.prop([fc.array(step, { minLength: 1, maxLength: 40 })])(
    'work is never of older sources than before, one at a time, and the newest is worked on',
    async (steps) => {
      const { worked, mostAtOnce, newest, answers } = await run(steps);

      expect(mostAtOnce).toBeLessThanOrEqual(1);
      expect(worked).toEqual([...worked].sort((a, b) => a - b));
      expect(worked.at(-1)).toBe(newest === 0 ? undefined : newest);
      // Everybody is answered.
      expect(answers.every((answer) => answer !== undefined)).toBe(true);
    },
  );
});

// Helpers

async function run(steps: readonly Step[]): Promise<{
  readonly worked: readonly number[];
  readonly mostAtOnce: number;
  readonly newest: number;
  readonly answers: readonly (string | undefined)[];
}> {
  const turns = createUploadTurns<number>();
  const worked: number[] = [];
  const answers: (string | undefined)[] = [];
  let [newest, mostAtOnce] = [0, 0];
  const running = new Set<PromiseWithResolvers<void>>();
  const upload = (generation: number): void => {
    const index = answers.push(undefined) - 1;
    const work = async (): Promise<number> => {
      worked.push(generation);
      const end = Promise.withResolvers<void>();
      running.add(end);
      mostAtOnce = Math.max(mostAtOnce, running.size);
      await end.promise;
      return generation;
    };
    void turns.take('kv', { session: 's', generation }, work).then(
      () => (answers[index] = 'done'),
      () => (answers[index] = 'failed'),
    );
  };
  const finish = async (fails: boolean): Promise<void> => {
    for (const end of running) {
      running.delete(end);
      if (fails) end.reject(new Error('no'));
      else end.resolve();
    }
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  for (const each of steps) {
    if (each.kind === 'upload') upload(++newest);
    if (each.kind === 'repeat' && newest > each.back) upload(newest - each.back);
    if (each.kind === 'finish') await finish(each.fails);
  }
  while (running.size > 0) await finish(false);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  return { worked, mostAtOnce, newest, answers };
}
