// How many crashes are too many: a sliding window over their times.
//
// Invariants:
//   C1. A window holds at most `limit` crashes, so its size does not grow with the life of a plugin.
//   C2. A crash counts until it is `windowMs` old; at exactly that age it no longer does.
//   C3. Recording never changes a window that was handed out; windows are plain data and survive a snapshot.

import { requirePositive, requirePositiveInteger } from './required-numbers.ts';

/** How many crashes are allowed. What is left out has the default named here. */
export interface CrashBudgetOptions {
  /** The crash of this number within the window is one too many. At least 1. Default 5. */
  readonly limit?: number | undefined;
  /** Length of the window in milliseconds. Above 0. Default 600,000 (ten minutes). */
  readonly windowMs?: number | undefined;
}

/** How many crashes are allowed, with every default filled in. Plain data. */
export interface CrashBudgetPolicy {
  readonly limit: number;
  readonly windowMs: number;
}

/** The times of the crashes that still count, in milliseconds, oldest first. */
export type CrashWindow = readonly number[];

/** What one more crash means. */
export interface CrashVerdict {
  readonly window: CrashWindow;
  /** True when this crash used the budget up. */
  readonly exhausted: boolean;
}

/** No crash yet. */
export const emptyCrashWindow: CrashWindow = Object.freeze([]);

/**
 * Fills in the defaults.
 *
 * @param field path of these options within the caller's, for error messages
 * @throws InvalidOptionsError naming the field that cannot be used
 */
export function resolveCrashBudget(options: CrashBudgetOptions = {}, field = 'crashBudget'): CrashBudgetPolicy {
  const { limit = 5, windowMs = 600_000 } = options;
  requirePositiveInteger(`${field}.limit`, limit);
  requirePositive(`${field}.windowMs`, windowMs);
  return { limit, windowMs };
}

/**
 * Counts one crash.
 *
 * @param atMs when it happened. Take it from a monotonic clock: a wall clock that is set back would keep old crashes
 */
export function recordCrash(window: CrashWindow, atMs: number, policy: CrashBudgetPolicy): CrashVerdict {
  const counted = [...window, atMs].filter((crashAt) => atMs - crashAt < policy.windowMs).slice(-policy.limit);
  return { window: counted, exhausted: counted.length >= policy.limit };
}
