import { dfs } from './dfs.ts';
import { pct } from './pct.ts';
import { random } from './random.ts';
import { deriveSeed } from './seeds.ts';
import type { Decision, Strategy } from './strategy.ts';

/** What takes part. */
export interface PortfolioOptions {
  /** A whole number of at least 0. */
  readonly seed: number;
  /** Who takes turns. Default: random, pct of the depths 2 to 5, and dfs with at most 2 delays. */
  readonly members?: readonly Strategy[] | undefined;
}

/** Takes turns among strategies, because no single one finds everything. */
export interface Portfolio extends Strategy {
  /** How many schedules each member has made so far, by name. */
  readonly schedules: ReadonlyMap<string, number>;
}

/**
 * Interleaves strategies, one schedule each. A member that has nothing left loses its turn. Each chooser's `madeBy`
 * names the member behind it and the number of the run within that member.
 */
export function portfolio({ seed, members = membersFor(seed) }: PortfolioOptions): Portfolio {
  const waiting = [...members];
  const schedules = new Map(members.map(({ name }) => [name, 0]));
  let current: Strategy | undefined;
  return {
    name: 'portfolio',
    schedules,
    next() {
      for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
        const made = schedules.get(member.name) ?? 0;
        const chooser = member.next(made);
        if (chooser === undefined) continue;
        schedules.set(member.name, made + 1);
        waiting.push(member);
        current = member;
        return chooser;
      }
      current = undefined;
      return undefined;
    },
    done(record: readonly Decision[]) {
      current?.done(record);
    },
  };
}

/** Each with a seed of its own, or else they would draw the same numbers. */
function membersFor(seed: number): readonly Strategy[] {
  const own = (member: number): number => deriveSeed(seed, member);
  return [
    random(own(0)),
    pct({ seed: own(1), depth: 2 }),
    pct({ seed: own(2), depth: 3 }),
    dfs({ bound: 2 }),
    pct({ seed: own(3), depth: 4 }),
    pct({ seed: own(4), depth: 5 }),
  ];
}
