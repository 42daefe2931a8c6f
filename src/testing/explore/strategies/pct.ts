// Probabilistic concurrency testing, after Burckhardt and others, "A Randomized Scheduler with Probabilistic
// Guarantees of Finding Bugs": whoever moves has a random priority, the highest one always moves, and at a few random
// steps the one on top falls below all others.
//
// Invariants:
//   K1. A bug of depth d (one that needs d things in a certain order) among n movers and k steps is found in about one
//       of n * k^(d-1) schedules, times a factor that depends on `depth` alone, as long as `depth` is at least d.
//   K2. A priority belongs to a key for a whole schedule, from the first time that it is seen.

import { InvalidOptionsError } from '../../../errors/index.ts';
import { createSeededRandom } from '../../../ports/index.ts';
import type { Random } from '../../../ports/index.ts';
import { deriveSeed } from './seeds.ts';
import type { Choice, Strategy } from './strategy.ts';

/** How priorities are drawn. */
export interface PctOptions {
  /** A whole number of at least 0. */
  readonly seed: number;
  /** How many things have to come in a certain order for the bug, from 1. Default 3. */
  readonly depth?: number | undefined;
  /** Expected number of decisions in a schedule. Default 50; adapts to the longest of the latest schedules. */
  readonly steps?: number | undefined;
  /** Whether `steps` follows what was seen. Set it to false to make one schedule again. Default true. */
  readonly adapt?: boolean | undefined;
}

const DEFAULT_DEPTH = 3;
const DEFAULT_STEPS = 50;
/** How fast a length that does not come back is forgotten. */
const DECAY = 0.75;
/** Change points are drawn from a little more than the expected steps, because expectations fall short. */
const HORIZON = 1.5;

/**
 * Gives each key a random priority and lowers the highest one at up to `depth - 1` random steps.
 *
 * A schedule follows from `seed`, its number, `depth` and `steps`, all of which `madeBy` names.
 */
export function pct(options: PctOptions): Strategy {
  const { seed, depth = DEFAULT_DEPTH, adapt = true } = options;
  let steps = requireCount('steps', options.steps ?? DEFAULT_STEPS);
  requireCount('depth', depth);
  return {
    name: `pct ${depth}`,
    next(run) {
      const source = createSeededRandom(deriveSeed(seed, run));
      const priorities = new Priorities(source, drawChangePoints(source, depth, steps));
      return {
        madeBy: `pct({ seed: ${seed}, depth: ${depth}, steps: ${steps} }) run ${run}`,
        choose: (choices) => priorities.choose(choices),
      };
    },
    done(record) {
      // Schedules that fail early are short; the longest ones say where changes can matter.
      if (adapt) steps = Math.max(1, record.length, Math.floor(steps * DECAY));
    },
  };
}

class Priorities {
  readonly #random: Random;
  readonly #changePoints: readonly number[];
  // Drawn ones lie between 0 and 1; lowered ones below 0, the later the lower.
  readonly #byKey = new Map<string, number>();
  #step = 0;
  #lowered = 0;

  constructor(source: Random, changePoints: readonly number[]) {
    this.#random = source;
    this.#changePoints = changePoints;
  }

  choose(options: readonly Choice[]): number {
    for (const point of this.#changePoints) {
      if (point !== this.#step) continue;
      const top = options[this.#highest(options)];
      if (top !== undefined) this.#byKey.set(top.key, -++this.#lowered);
    }
    this.#step++;
    return this.#highest(options);
  }

  #highest(options: readonly Choice[]): number {
    let best = 0;
    let bestPriority = Number.NEGATIVE_INFINITY;
    for (const [index, { key }] of options.entries()) {
      const priority = this.#priorityOf(key);
      if (priority <= bestPriority) continue;
      best = index;
      bestPriority = priority;
    }
    return best;
  }

  #priorityOf(key: string): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const drawn = this.#random.next();
    this.#byKey.set(key, drawn);
    return drawn;
  }
}

/** Up to `depth - 1` of them: too many would break the order that a shallow bug needs. */
function drawChangePoints(source: Random, depth: number, steps: number): number[] {
  const count = Math.floor(source.next() * depth);
  return Array.from({ length: count }, () => Math.floor(source.next() * steps * HORIZON));
}

function requireCount(field: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidOptionsError(field, `must be a whole number of at least 1, got ${String(value)}`);
}
