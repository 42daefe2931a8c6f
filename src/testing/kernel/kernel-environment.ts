import type { Clock, Environment, Logger, Random } from '../../ports/index.ts';
import { createSeededRandom } from '../../ports/index.ts';

/** What a schedule's environment is made of. */
export interface KernelEnvironmentParts {
  readonly clock: Clock;
  readonly seed: number;
  readonly log: Logger;
  /** Takes work that is to run right after the present step. */
  readonly later: (job: () => void) => void;
}

/** An environment that is the same in every run of a schedule. */
export function createKernelEnvironment({ clock, seed, log, later }: KernelEnvironmentParts): Environment {
  const counts = new Map<string, number>();
  let source: Random | undefined;
  return {
    clock,
    log,
    random: {
      next() {
        // Made when it is needed: most schedules draw nothing.
        source ??= createSeededRandom(seed);
        return source.next();
      },
    },
    ids: {
      next(prefix) {
        const count = (counts.get(prefix) ?? 0) + 1;
        counts.set(prefix, count);
        return `${prefix}-${count}`;
      },
    },
    scheduler: { defer: later, yield: later },
  };
}
