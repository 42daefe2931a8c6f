// How long to wait before the next attempt.
//
// Invariants:
//   B1. A delay is never negative, never NaN and never above `maxMs`, whatever the attempt: the cap is the last step,
//       after the jitter.
//   B2. For the same random number a later attempt never waits less than an earlier one.
//   B3. Growth stops at the first step that reaches the cap. If it went on, the jittered value would outgrow the cap,
//       every peer would wait exactly `maxMs`, and all would come back at the same moment, which jitter is there to
//       prevent. With the defaults the last step is 64 s, and equal jitter makes it 32 to 60 s.

import { InvalidOptionsError } from '../errors/index.ts';
import { requireAtLeast, requirePositive } from './required-numbers.ts';

/** What randomness does to a delay: nothing; half is fixed and half random; all of it is random. */
export type BackoffJitter = 'none' | 'equal' | 'full';

/** How delays grow. What is left out has the default named here. */
export interface BackoffOptions {
  /** Delay before the first retry, in milliseconds. Above 0. Default 1,000. */
  readonly initialMs?: number | undefined;
  /** What each further delay is multiplied with. At least 1. Default 2. */
  readonly factor?: number | undefined;
  /** The longest delay, in milliseconds. At least `initialMs`. Default 60,000. */
  readonly maxMs?: number | undefined;
  /** Default `equal`, which suits restarts; `full` suits many clients that reconnect to one server. */
  readonly jitter?: BackoffJitter | undefined;
}

/** How delays grow, with every default filled in. Plain data. */
export interface BackoffPolicy {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: BackoffJitter;
}

/**
 * Fills in the defaults.
 *
 * @param field path of these options within the caller's, for error messages
 * @throws InvalidOptionsError naming the field that cannot be used
 */
export function resolveBackoff(options: BackoffOptions = {}, field = 'backoff'): BackoffPolicy {
  const { initialMs = 1000, factor = 2, maxMs = 60_000, jitter = 'equal' } = options;
  requirePositive(`${field}.initialMs`, initialMs);
  requireAtLeast(`${field}.factor`, factor, 1);
  requireAtLeast(`${field}.maxMs`, maxMs, initialMs);
  if (!Object.hasOwn(JITTERED, jitter)) {
    throw new InvalidOptionsError(`${field}.jitter`, `must be one of none, equal, full, got ${String(jitter)}`);
  }
  return { initialMs, factor, maxMs, jitter };
}

/**
 * The delay before a retry, in milliseconds; not rounded.
 *
 * @param attempt how many delays came before this one; 0 for the first
 * @param random a number from 0 up to 1, drawn for this attempt
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: number): number {
  const growth = policy.initialMs * policy.factor ** Math.min(Math.max(attempt, 0), stepsToCap(policy));
  // An infinite value times a random 0 would be NaN.
  const step = Math.min(growth, Number.MAX_VALUE);
  return Math.min(JITTERED[policy.jitter](step, random), policy.maxMs);
}

const JITTERED: Readonly<Record<BackoffJitter, (step: number, random: number) => number>> = {
  none: (step) => step,
  equal: (step, random) => step / 2 + (step / 2) * random,
  full: (step, random) => step * random,
};

/** The first attempt whose delay reaches the cap. */
function stepsToCap(policy: BackoffPolicy): number {
  // Below any growth that a double can hold the logarithm is 0, and the delay stays what it is.
  const growth = Math.log(policy.factor);
  return growth === 0 ? 0 : Math.ceil(Math.log(policy.maxMs / policy.initialMs) / growth);
}
