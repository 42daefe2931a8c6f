// How often something may happen: tokens that come back at a steady rate.
//
// Invariants:
//   T1. In any `s` seconds at most `burst + perSecond * s` tokens are given.
//   T2. Time that goes backwards gives nothing and takes nothing.

import { requirePositive, requirePositiveInteger } from './required-numbers.ts';

/** How often something may happen. */
export interface RateLimitOptions {
  /** Tokens that come back in a second. Above 0. Default 1,000. */
  readonly perSecond?: number | undefined;
  /** Most tokens that can be had at once. At least 1. Default: those of one second, rounded up. */
  readonly burst?: number | undefined;
}

/** A rate limit with its defaults filled in. */
export interface RateLimitPolicy {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Fills in the defaults.
 *
 * @param field path of these options within the caller's, for error messages
 * @throws InvalidOptionsError naming the field that cannot be used
 */
export function resolveRateLimit(options: RateLimitOptions = {}, field = 'rateLimit'): RateLimitPolicy {
  const { perSecond = 1_000 } = options;
  requirePositive(`${field}.perSecond`, perSecond);
  const { burst = Math.ceil(perSecond) } = options;
  return { perSecond, burst: requirePositiveInteger(`${field}.burst`, burst) };
}

/** A bucket of tokens, full at the start. Takes the time from its caller: milliseconds of a monotonic clock. */
export class TokenBucket {
  readonly #policy: RateLimitPolicy;
  #tokens: number;
  #filledAt: number | undefined = undefined;

  constructor(policy: RateLimitPolicy) {
    this.#policy = policy;
    this.#tokens = policy.burst;
  }

  /** Takes one token. False when there is none. */
  take(atMs: number): boolean {
    const elapsedMs = this.#filledAt === undefined ? 0 : atMs - this.#filledAt;
    if (this.#filledAt === undefined || elapsedMs > 0) {
      const { perSecond, burst } = this.#policy;
      this.#tokens = Math.min(burst, this.#tokens + (elapsedMs * perSecond) / 1_000);
      this.#filledAt = atMs;
    }
    // Sums of fractions end a hair below a whole token.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }
}
