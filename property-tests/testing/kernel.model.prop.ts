import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { behavior } from '../../src/actors/index.ts';
import { defineScenario, explore } from '../../src/testing/index.ts';

interface Note {
  readonly type: 'note';
  readonly from: string;
  readonly number: number;
}

const lanes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 });
const strategy = fc.constantFrom('random' as const, 'pct' as const, 'portfolio' as const);

describe('the kernel', () => {
  test.prop([lanes])('has as many schedules under dfs as the lanes have interleavings', async (counts) => {
    const orders = new Set<string>();

    const result = await explore(sending(counts, orders), { strategy: 'dfs' });

    expect([result.schedules, result.distinct, orders.size]).toEqual(
      Array.from({ length: 3 }, () => interleavings(counts)),
    );
    expect(result.exhausted).toBe(true);
  });

  test.prop([lanes, strategy, fc.nat()])(
    'keeps the order of each sender, whoever chooses',
    async (counts, by, seed) => {
      const orders = new Set<string>();

      await explore(sending(counts, orders), { strategy: by, seed, schedules: 10 });

      for (const order of orders) {
        for (const [i, count] of counts.entries()) {
          const own = order.split(' ').filter((note) => note.startsWith(`${i}:`));
          expect(own).toEqual(Array.from({ length: count }, (_, number) => `${i}:${number}`));
        }
      }
    },
  );

  test.prop([lanes, strategy, fc.nat()])('repeats what it has found, step by step', async (counts, by, seed) => {
    const isWrong = (order: string): boolean => !order.startsWith(`${counts.length - 1}:0`);
    const scenario = { ...sending(counts, new Set(), isWrong) };
    const { failure } = await explore(scenario, { strategy: by, seed, schedules: 20, throws: false });

    const again = await explore(scenario, { replay: failure?.replay, schedules: 1, throws: false });

    if (failure !== undefined) expect(again.failure?.traceHash).toBe(failure.traceHash);
  });
});

// Helpers

function sending(counts: readonly number[], orders: Set<string>, isWrong: (order: string) => boolean = () => false) {
  const sink = behavior<Note, readonly string[]>({
    initial: [],
    receive: (notes, { from, number }) => [...notes, `${from}:${number}`],
  });
  return defineScenario({
    setup({ system }) {
      const target = system.spawn(sink, { name: 'sink' });
      for (const [i, count] of counts.entries()) {
        const sender = behavior<never, undefined>({
          initial(_, actor) {
            for (let number = 0; number < count; number++)
              actor.tell(target, { type: 'note', from: String(i), number });
            return undefined;
          },
          receive: (state) => state,
        });
        system.spawn(sender, { name: `sender-${i}` });
      }
      return target;
    },
    check(target) {
      const order = target.snapshot().join(' ');
      orders.add(order);
      return !isWrong(order);
    },
  });
}

function interleavings(counts: readonly number[]): number {
  const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
  return counts.reduce(
    (ways, count) => ways / factorial(count),
    factorial(counts.reduce((sum, count) => sum + count, 0)),
  );
}
