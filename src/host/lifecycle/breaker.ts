// Counts crashes for the host and hands them to the lifecycle, which writes them down and decides.

import type { Clock, CrashPort, CrashReport } from '../../ports/index.ts';
import type { CrashBudgetOptions } from '../../policy/index.ts';
import { createMemoryCrashBudget } from '../memory-crash-budget.ts';

/** Who decides about the crashes of a plugin; undefined when the plugin is none of its. */
export type CrashJudge = (crash: CrashReport) => Promise<'restart' | 'quarantine'> | undefined;

/** A crash port that a lifecycle can be connected with. Give it to the host and to the lifecycle. */
export interface Breaker extends CrashPort {
  /** Lets somebody decide. Returns the function that ends this. */
  connect(judge: CrashJudge): () => void;
}

/**
 * Creates a breaker. Crashes of plugins that no lifecycle knows, which were launched by hand, count in memory.
 *
 * @param options for those
 */
export function createBreaker(clock: Clock, options?: CrashBudgetOptions): Breaker {
  const byHand = createMemoryCrashBudget(clock, options);
  let judge: CrashJudge | undefined;
  return {
    connect(given) {
      judge = given;
      return () => {
        if (judge === given) judge = undefined;
      };
    },
    report: (crash) => judge?.(crash) ?? byHand.report(crash),
    reset: (plugin) => byHand.reset(plugin),
  };
}
