import type { RuntimeError } from '../errors/index.ts';
import type { CrashBudgetPolicy } from '../policy/index.ts';
import type { LastingState, LifecycleState, PluginRow } from '../ports/lifecycle-store.ts';

/** What somebody can want of a plugin's lifecycle. */
export const LIFECYCLE_OPERATIONS = [
  'install',
  'activate',
  'deactivate',
  'update',
  'rollback',
  'consent',
  'reset',
  'quarantine',
  'uninstall',
] as const;

/** An operation of the lifecycle. */
export type LifecycleOperation = (typeof LIFECYCLE_OPERATIONS)[number];

/** What the host does by itself: takes over what nobody runs, tries a plugin in quarantine, removes old versions. */
export type UpkeepOperation = 'recover' | 'probe' | 'clean';

/** State of a plugin: that of its row, or that it has none. */
export type PluginState = LifecycleState | 'absent';

/** One operation that somebody asked for. What else belongs to it, its owner keeps under its id. */
export interface LifecycleRequest {
  /** 0 for what the chart itself asks for. */
  readonly id: number;
  readonly operation: LifecycleOperation | UpkeepOperation;
}

/** How long things may take, and how often they may fail. All in milliseconds. */
export interface LifecyclePolicy {
  /** For each step of an operation; for one that starts or ends an instance, the plugin's own limits if they are longer. */
  readonly workTimeoutMs: number;
  /** For calls in flight to the old version; those that are left then go on beside the new one. */
  readonly drainMs: number;
  /** For which a new version has to stay well before the old one is let go. */
  readonly probationMs: number;
  /** After which a plugin in quarantine is tried once more; undefined for never. */
  readonly probeAfterMs: number | undefined;
  /** For which a plugin that is tried has to stay well. */
  readonly probeMs: number;
  readonly lease: LeasePolicy;
  readonly breaker: CrashBudgetPolicy;
}

/** How a lease is held. */
export interface LeasePolicy {
  /** For which it is granted. */
  readonly ttlMs: number;
  /** Between two renewals. */
  readonly renewMs: number;
  /** Between a renewal that failed and the next. */
  readonly retryMs: number;
  /** Before its end, by which the holder has let go of everything. */
  readonly marginMs: number;
}

/** What the chart starts from. */
export interface PluginLifecycleInput {
  readonly plugin: string;
  readonly policy: LifecyclePolicy;
}

/** A crash that waits for a verdict. */
export interface PendingCrash {
  readonly id: number;
  readonly code: string;
  readonly message: string;
  /** True when one is enough: the plugin was only being tried. */
  readonly isFatal: boolean;
}

/** A failure as the row keeps it. */
export interface LifecycleFailure {
  readonly code: string;
  readonly message: string;
}

/** What an operation comes to; the last commit makes it so. */
export interface LifecycleOutcome {
  readonly to: LastingState | 'absent';
  /** Why it comes to that, when that is not what was wanted. */
  readonly failure?: LifecycleFailure | undefined;
  /** Whether the version that was staged takes the place of the row's. */
  readonly isReplaced?: boolean | undefined;
  /** What could not be removed. */
  readonly left?: readonly string[] | undefined;
}

/** What the chart remembers. */
export interface PluginLifecycleContext {
  readonly plugin: string;
  readonly policy: LifecyclePolicy;
  /** The row as it was seen last; exact while the lease is held. Undefined when there is none, or none was read. */
  readonly row: PluginRow | undefined;
  /** What is under way. */
  readonly request: LifecycleRequest | undefined;
  /** Why the request is going to fail. */
  readonly error: RuntimeError | undefined;
  /** What the operation comes to. */
  readonly outcome: LifecycleOutcome | undefined;
  /** Whether this host has an instance of the plugin. */
  readonly isRunning: boolean;
  /** Whether the new version serves beside the old one, which could still come back. */
  readonly isSwapped: boolean;
  /** Why the plugin has ended for good by itself. */
  readonly ended: LifecycleFailure | undefined;
  readonly crashes: readonly PendingCrash[];
  /** Whether the chart is to end. */
  readonly isToStop: boolean;
  /** Milliseconds that had passed when the lease was there. */
  readonly leaseElapsedMs: number;
  /** Milliseconds that the plugin's own limits give its start and its stop together. */
  readonly limitMs: number;
}

/** Commands to the chart, and facts from its host. */
export type PluginLifecycleEvent =
  | { readonly type: 'operation.request'; readonly request: LifecycleRequest }
  /** What somebody has read of the row; ignored while the lease is held. */
  | { readonly type: 'row.seen'; readonly row: PluginRow | undefined }
  /** The process ended, and its chart wants to know whether to start it again. */
  | { readonly type: 'process.crashed'; readonly crash: PendingCrash }
  /** The plugin ended for good, without being asked to. */
  | { readonly type: 'process.ended'; readonly failure: LifecycleFailure }
  /** The new version did not keep its place, and the old one serves again, or shall. */
  | { readonly type: 'version.failed'; readonly failure: LifecycleFailure }
  | { readonly type: 'lifecycle.stop' };

/** What the chart tells. */
export type PluginLifecycleFact =
  | {
      readonly type: 'lifecycle.changed';
      readonly plugin: string;
      readonly from: PluginState;
      readonly to: PluginState;
      readonly version: string;
      readonly failure: LifecycleFailure | undefined;
    }
  | { readonly type: 'operation.done'; readonly request: LifecycleRequest; readonly row: PluginRow | undefined }
  | { readonly type: 'operation.failed'; readonly request: LifecycleRequest; readonly error: RuntimeError }
  | { readonly type: 'crash.judged'; readonly crash: number; readonly decision: 'restart' | 'quarantine' };

/** What became of the wish to have the lease. */
export type LeaseClaim =
  | { readonly kind: 'held'; readonly row: PluginRow | undefined; readonly elapsedMs: number }
  | { readonly kind: 'elsewhere'; readonly row: PluginRow | undefined };

/** What became of a step that writes. */
export type WriteReport =
  | {
      readonly kind: 'written';
      readonly row: PluginRow | undefined;
      /** Milliseconds for the start and the stop of what the row is about, where they are known. */
      readonly limitMs?: number | undefined;
    }
  /** Nothing was written, because the operation cannot be done. */
  | { readonly kind: 'refused'; readonly error: RuntimeError }
  /** Somebody else has changed the row. */
  | { readonly kind: 'conflict' }
  /** The lease has passed on. */
  | { readonly kind: 'fenced' };

/** What an update found out about its version. */
export interface StageReport {
  /** `same`: it is there already. `waits`: it asks for permissions that nobody has consented to. */
  readonly kind: 'same' | 'waits' | 'staged';
  /** Milliseconds for the start and the stop of the version. */
  readonly limitMs?: number | undefined;
}

/** What an uninstall could not remove. */
export interface RemovalReport {
  readonly left: readonly string[];
}

/** What effects act on. */
export interface LifecycleWorkInput {
  readonly request: LifecycleRequest | undefined;
  readonly row: PluginRow | undefined;
}
