import { recordCrash } from '../../policy/index.ts';
import type { CrashBudgetPolicy, CrashVerdict } from '../../policy/index.ts';

/**
 * Counts one more crash.
 *
 * The times are the store's, whose clock may be set back: what seems to be yet to come counts as having happened now, so
 * that it is forgotten after one window at the latest.
 */
export function countTrip(trips: readonly number[], at: number, policy: CrashBudgetPolicy): CrashVerdict {
  return recordCrash(
    trips.map((trip) => Math.min(trip, at)),
    at,
    policy,
  );
}
