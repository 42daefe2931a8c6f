import { InvalidOptionsError } from '../errors/index.ts';
import { resolveBackoff } from './backoff.ts';
import type { BackoffOptions, BackoffPolicy } from './backoff.ts';
import { requireAtLeast, requirePositiveInteger } from './required-numbers.ts';

/** How long a plugin process may take for each part of its life. All times in milliseconds. */
export interface ProcessPolicyOptions {
  /** From the start of the process until it is ready. Default 60,000. */
  readonly startTimeoutMs?: number;
  /** Regular health checks of a ready plugin. */
  readonly health?: {
    /** Time between the end of one check and the next. Default 10,000. */
    readonly intervalMs?: number;
    /** Time a check may take. Default 3,000. */
    readonly timeoutMs?: number;
    /** Checks missed in a row before the process counts as dead. Default 3. */
    readonly misses?: number;
  };
  /** How a process is stopped. */
  readonly stop?: {
    /** Time that calls in flight have to finish. Default 5,000. */
    readonly drainMs?: number;
    /** Time the process has to exit once asked to shut down. Default 2,000. */
    readonly graceMs?: number;
    /** Time between SIGTERM and SIGKILL. Default 2,000. */
    readonly terminateMs?: number;
  };
  /** Whether a process that was ready once and then died is started again. Default `onCrash`. */
  readonly restart?: 'onCrash' | 'never';
  /** Waits between restarts. Default 1 s, doubled up to 60 s, equal jitter. */
  readonly backoff?: BackoffOptions;
  /** Time a restarted process must stay ready before the next wait starts from the beginning. Default 10,000. */
  readonly minUptimeMs?: number;
}

/** `ProcessPolicyOptions` with every default filled in. */
export interface ProcessPolicy {
  readonly startTimeoutMs: number;
  readonly health: { readonly intervalMs: number; readonly timeoutMs: number; readonly misses: number };
  readonly stop: { readonly drainMs: number; readonly graceMs: number; readonly terminateMs: number };
  readonly restart: 'onCrash' | 'never';
  readonly backoff: BackoffPolicy;
  readonly minUptimeMs: number;
}

/** Fills in the defaults. Throws `InvalidOptionsError` naming the field. */
export function resolveProcessPolicy(options: ProcessPolicyOptions = {}): ProcessPolicy {
  const { health = {}, stop = {}, restart = 'onCrash' } = options;
  if (restart !== 'onCrash' && restart !== 'never') {
    throw new InvalidOptionsError('restart', `is "${String(restart)}"; it takes "onCrash" or "never"`);
  }
  return {
    startTimeoutMs: requireAtLeast('startTimeoutMs', options.startTimeoutMs ?? 60_000, 1),
    health: {
      intervalMs: requireAtLeast('health.intervalMs', health.intervalMs ?? 10_000, 1),
      timeoutMs: requireAtLeast('health.timeoutMs', health.timeoutMs ?? 3000, 1),
      misses: requirePositiveInteger('health.misses', health.misses ?? 3),
    },
    stop: {
      drainMs: requireAtLeast('stop.drainMs', stop.drainMs ?? 5000, 0),
      graceMs: requireAtLeast('stop.graceMs', stop.graceMs ?? 2000, 0),
      terminateMs: requireAtLeast('stop.terminateMs', stop.terminateMs ?? 2000, 0),
    },
    restart,
    backoff: resolveBackoff(options.backoff, 'backoff'),
    minUptimeMs: requireAtLeast('minUptimeMs', options.minUptimeMs ?? 10_000, 0),
  };
}
