import { createSeededRandom } from '../../../ports/index.ts';
import { deriveSeed } from './seeds.ts';
import type { Strategy } from './strategy.ts';

/**
 * Draws every choice evenly. Finds what happens often; misses bugs that need one thing to wait for many others.
 *
 * @param seed a whole number of at least 0; with the number of a run it gives the same schedule again
 */
export function random(seed: number): Strategy {
  return {
    name: 'random',
    next(run) {
      const source = createSeededRandom(deriveSeed(seed, run));
      return {
        madeBy: `random(${seed}) run ${run}`,
        choose: (options) => Math.floor(source.next() * options.length),
      };
    },
    done() {},
  };
}
