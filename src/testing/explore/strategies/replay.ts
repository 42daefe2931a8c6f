import { RuntimeError } from '../../../errors/index.ts';
import { requireSame } from './dfs.ts';
import type { Decision, Strategy } from './strategy.ts';

/**
 * Makes one schedule again, exactly.
 *
 * The schedule fails with `REPLAY_DIVERGED`, which names step, expectation and finding, when the program asks anything
 * else than it did when the decisions were recorded; `done` fails with it when the program asked less.
 */
export function replay(decisions: readonly Decision[]): Strategy {
  return {
    name: 'replay',
    next(run) {
      if (run > 0) return undefined;
      let step = 0;
      return {
        madeBy: `replay of ${decisions.length} decisions`,
        choose(options) {
          const wanted = decisions[step++];
          if (wanted !== undefined) {
            requireSame(step, wanted, options);
            return wanted.index;
          }
          const keys = options.map(({ key }) => `"${key}"`).join(', ');
          throw diverged(`step ${step} expected the end and found ${options.length} options: ${keys}`);
        },
      };
    },
    done(record) {
      const missing = decisions[record.length];
      if (missing === undefined) return;
      throw diverged(`step ${record.length + 1} expected "${missing.key}" and found the end`);
    },
  };
}

/**
 * Makes the schedule that a list of indices stands for, whatever the program asks: an index counts modulo the number of
 * options, and a missing one is 0. What shrinking tries is followed in this way.
 */
export function follow(indices: readonly number[]): Strategy {
  return {
    name: 'follow',
    next(run) {
      if (run > 0) return undefined;
      let step = 0;
      return {
        madeBy: `follow([${indices.join(', ')}])`,
        choose: (options) => (indices[step++] ?? 0) % options.length,
      };
    },
    done() {},
  };
}

function diverged(text: string): RuntimeError {
  return new RuntimeError('REPLAY_DIVERGED', text);
}
