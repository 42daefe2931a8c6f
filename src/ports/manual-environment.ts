import type { Environment } from './environment.ts';
import type { Ids } from './ids.ts';
import { createRecordingLogger } from './manual-logger.ts';
import type { RecordingLogger } from './manual-logger.ts';
import { createSeededRandom } from './manual-random.ts';
import { createVirtualClock } from './virtual-clock.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What differs between two manual environments. */
export interface ManualEnvironmentOptions {
  /** Start of the randomness; the same seed gives the same numbers. A whole number of at least 0. Default 1. */
  readonly seed?: number | undefined;
  /** Wall-clock time at the start, in milliseconds since the epoch. Default 0. */
  readonly startAt?: number | undefined;
  /** How many of the last log entries are kept. Default 1,000. */
  readonly logCapacity?: number | undefined;
}

/** An environment for tests: time moves when the test says so, and a run can be repeated exactly. */
export interface ManualEnvironment extends Environment {
  readonly clock: VirtualClock;
  readonly log: RecordingLogger;
}

/**
 * An environment that is the same in every run: virtual time, seeded randomness, numbered ids, a log that is only
 * remembered. Deferred work still runs on the real event loop, so that code can be awaited as usual.
 *
 * @throws InvalidOptionsError naming the option that cannot be used
 */
export function createManualEnvironment(options: ManualEnvironmentOptions = {}): ManualEnvironment {
  const { seed = 1, startAt = 0, logCapacity } = options;
  const clock = createVirtualClock({ startAt });
  return {
    clock,
    random: createSeededRandom(seed),
    ids: createNumberedIds(),
    scheduler: {
      defer: (callback) => queueMicrotask(callback),
      yield: (callback) => void setImmediate(callback),
    },
    log: createRecordingLogger({ capacity: logCapacity, now: () => clock.now() }),
  };
}

/** `prefix-1`, `prefix-2`, …; each prefix counts for itself. Prefixes are words of the code, so there are few. */
function createNumberedIds(): Ids {
  const counts = new Map<string, number>();
  return {
    next(prefix: string): string {
      const count = (counts.get(prefix) ?? 0) + 1;
      counts.set(prefix, count);
      return `${prefix}-${count}`;
    },
  };
}
