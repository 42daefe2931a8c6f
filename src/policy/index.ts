export { AUDIT_EVENTS } from './audit-events.ts';
export type { AuditEvent } from './audit-events.ts';
export { backoffDelay, resolveBackoff } from './backoff.ts';
export type { BackoffJitter, BackoffOptions, BackoffPolicy } from './backoff.ts';
export { resolveChild } from './child-options.ts';
export type { ChildOptions, ChildPolicy } from './child-options.ts';
export { decideConsent } from './consent.ts';
export type { ConsentDecision, ConsentQuestion } from './consent.ts';
export { emptyCrashWindow, recordCrash, resolveCrashBudget } from './crash-budget.ts';
export type { CrashBudgetOptions, CrashBudgetPolicy, CrashVerdict, CrashWindow } from './crash-budget.ts';
export { dependentsOf, leftBehindBy, planStop, problemOf, reportDependencies, startOrder } from './dependency-graph.ts';
export type {
  Dependency,
  DependencyProblem,
  DependencyReport,
  Dependent,
  DependentsPolicy,
  IncompatibleDependency,
  InstalledDependency,
  IsInRange,
  StartOrder,
  StopPlan,
} from './dependency-graph.ts';
export { DEFAULT_ENVIRONMENT_NAMES, selectEnvironment } from './environment-list.ts';
export {
  checkContentType,
  checkEventTime,
  checkEventType,
  checkMetadata,
  checkPayloadSize,
  checkSubject,
  DEFAULT_MAX_PAYLOAD_BYTES,
  LONGEST_EVENT_TEXT,
} from './event-limits.ts';
export type { CheckedMetadata } from './event-limits.ts';
export {
  BYTES_CONTENT_TYPE,
  decodeJsonPayload,
  decodePayload,
  encodePayload,
  isJsonContentType,
  JSON_CONTENT_TYPE,
} from './event-payload.ts';
export { resolveEventStreamPolicy } from './event-stream-policy.ts';
export type { EventStreamPolicy, EventStreamPolicyOptions } from './event-stream-policy.ts';
export { globCovers } from './glob-cover.ts';
export { compileGlob, compileGlobs, LONGEST_EVENT_TYPE, matchesAny } from './glob.ts';
export type { Glob } from './glob.ts';
export type { MatchesGlob } from './glob.types.ts';
export { DEFAULT_MAILBOX_CAPACITY, resolveMailbox } from './mailbox-policy.ts';
export type { MailboxOptions, MailboxPolicy, OverflowPolicy } from './mailbox-policy.ts';
export { coversPermission, diffPermissions, isSensitive, parsePermission, permissionsOf } from './permissions.ts';
export type { IsSensitiveCapability, PermissionDiff, PermissionParts, PermissionSource } from './permissions.ts';
export { resolveProcessPolicy } from './process-policy.ts';
export type { ProcessPolicy, ProcessPolicyOptions } from './process-policy.ts';
export { requireAtLeast, requirePositiveInteger, requireWhole } from './required-numbers.ts';
export { requireObject, shown } from './required-options.ts';
export { Ring } from './ring.ts';
export { affected, resolveSupervision, restarts } from './supervision.ts';
export type { RestartRule, SupervisionOptions, SupervisionPolicy, SupervisionStrategy } from './supervision.ts';
export { TimerWheel } from './timer-wheel.ts';
export type { TimerEntry } from './timer-wheel.ts';
export { resolveRateLimit, TokenBucket } from './token-bucket.ts';
export type { RateLimitOptions, RateLimitPolicy } from './token-bucket.ts';
export { valueAt } from './value-at.ts';
