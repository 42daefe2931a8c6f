// When a child that ended is started again, how often, and who is started with it.
//
// Invariants:
//   R1. A child that was stopped on purpose is never started again, whatever its rule.
//   R2. What is restarted together keeps the order in which it was started first.

import { InvalidOptionsError } from '../errors/index.ts';
import { resolveBackoff } from './backoff.ts';
import type { BackoffOptions, BackoffPolicy } from './backoff.ts';
import { requireAtLeast, requirePositive } from './required-numbers.ts';
import { requireObject, shown } from './required-options.ts';

/** Which ends of a child lead to its restart: being done or failing; failing alone; none. */
export type RestartRule = 'permanent' | 'transient' | 'temporary';

/** Who is restarted when one child is: it alone; all its siblings; the siblings that were started after it. */
export type SupervisionStrategy = 'oneForOne' | 'oneForAll' | 'restForOne';

/** How a child is supervised. What is left out has the default named here. */
export interface SupervisionOptions {
  /** Default `temporary`. */
  readonly restart?: RestartRule | undefined;
  /** Restarts allowed within `withinMs`; one failure more escalates. A whole number of at least 0. Default 5. */
  readonly maxRestarts?: number | undefined;
  /** Length of the window in which failures are counted, in milliseconds. Above 0. Default 60,000. */
  readonly withinMs?: number | undefined;
  /** Waits between restarts. Default 100 ms, doubled up to 30 s, equal jitter. */
  readonly backoff?: BackoffOptions | undefined;
  /** Time without a failure after which waits start from the beginning, in milliseconds. Default 60,000. */
  readonly stableMs?: number | undefined;
}

/** How a child is supervised, with every default filled in. Plain data. */
export interface SupervisionPolicy {
  readonly restart: RestartRule;
  readonly maxRestarts: number;
  readonly withinMs: number;
  readonly backoff: BackoffPolicy;
  readonly stableMs: number;
}

const RULES: readonly unknown[] = ['permanent', 'transient', 'temporary'] satisfies RestartRule[];
const DEFAULT_BACKOFF = { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 'equal' } as const;

/**
 * Fills in the defaults.
 *
 * @throws InvalidOptionsError naming the field that cannot be used, as `supervision.<field>`
 */
export function resolveSupervision(options: SupervisionOptions = {}): SupervisionPolicy {
  const { restart = 'temporary', maxRestarts = 5, withinMs = 60_000, backoff = {}, stableMs = 60_000 } = options;
  if (!RULES.includes(restart)) {
    const problem = `must be one of permanent, transient, temporary, got ${shown(restart)}`;
    throw new InvalidOptionsError('supervision.restart', problem);
  }
  if (!Number.isSafeInteger(maxRestarts) || maxRestarts < 0) {
    const problem = `must be a whole number of at least 0, got ${shown(maxRestarts)}`;
    throw new InvalidOptionsError('supervision.maxRestarts', problem);
  }
  return {
    restart,
    maxRestarts,
    withinMs: requirePositive('supervision.withinMs', withinMs),
    backoff: resolveBackoff(withDefaults(requireObject('supervision.backoff', backoff)), 'supervision.backoff'),
    stableMs: requireAtLeast('supervision.stableMs', stableMs, 0),
  };
}

/** Whether a child that ended so is to be started again (R1). */
export function restarts(rule: RestartRule, outcome: 'done' | 'stopped' | 'failed'): boolean {
  if (outcome === 'stopped') return false;
  return rule === 'permanent' || (rule === 'transient' && outcome === 'failed');
}

/**
 * Who is restarted when one member failed, in start order (R2); nobody when it is no member.
 *
 * @param members names of the siblings in start order
 */
export function affected(strategy: SupervisionStrategy, members: readonly string[], failed: string): readonly string[] {
  const index = members.indexOf(failed);
  if (index === -1) return [];
  switch (strategy) {
    case 'oneForOne':
      return [failed];
    case 'oneForAll':
      return members;
    case 'restForOne':
      return members.slice(index);
  }
}

/** A default cap below the first delay that is asked for would refuse it, so it grows with it. */
function withDefaults(given: BackoffOptions): BackoffOptions {
  const { initialMs = DEFAULT_BACKOFF.initialMs, maxMs = Math.max(DEFAULT_BACKOFF.maxMs, initialMs) } = given;
  const { factor = DEFAULT_BACKOFF.factor, jitter = DEFAULT_BACKOFF.jitter } = given;
  return { initialMs, factor, maxMs, jitter };
}
