export { backoffDelay, resolveBackoff } from './backoff.ts';
export type { BackoffJitter, BackoffOptions, BackoffPolicy } from './backoff.ts';
export { emptyCrashWindow, recordCrash, resolveCrashBudget } from './crash-budget.ts';
export type { CrashBudgetOptions, CrashBudgetPolicy, CrashVerdict, CrashWindow } from './crash-budget.ts';
export { DEFAULT_ENVIRONMENT_NAMES, selectEnvironment } from './environment-list.ts';
export { resolveProcessPolicy } from './process-policy.ts';
export type { ProcessPolicy, ProcessPolicyOptions } from './process-policy.ts';
export { requireAtLeast, requirePositiveInteger } from './required-numbers.ts';
export { Ring } from './ring.ts';
