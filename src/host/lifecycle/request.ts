import type { LifecycleOperation, UpkeepOperation } from '../../machines/index.ts';
import type { Principal } from '../../ports/lifecycle-store.ts';
import type { StagedArtifact } from './artifacts.ts';
import type { OperationOptions, OperationProgress, PluginSource } from './types.ts';

/** What belongs to a request and not into a chart. */
export interface RequestDetails {
  readonly operation: LifecycleOperation | UpkeepOperation;
  readonly principal: Principal;
  readonly onProgress?: ((progress: OperationProgress) => void) | undefined;
  /** Of an install: what was fetched to learn the name. Of a cleaning: what was fetched for an install that was refused. */
  readonly artifact?: StagedArtifact | undefined;
  readonly source?: PluginSource | undefined;
  readonly consent?: readonly string[] | 'all' | undefined;
  readonly allowDowngrade?: boolean | undefined;
  /** Of a rollback. */
  readonly version?: string | undefined;
  /** Of a quarantine. */
  readonly reason?: string | undefined;
  readonly removeData?: boolean | undefined;
  /** Whether plugins that need this one may go on without it. */
  readonly ignoresDependents?: boolean | undefined;
  /** Of a consent. */
  readonly permissions?: readonly string[] | undefined;
  /** Of a consent: digest of the version that it is meant for; undefined for whichever waits. */
  readonly digest?: string | undefined;
}

/** Who does what nobody asked for. */
export const SYSTEM: Principal = { kind: 'system', label: 'lifecycle' };

/** What somebody has asked for. */
export function requestedBy(operation: LifecycleOperation, options: OperationOptions): RequestDetails {
  const { principal = SYSTEM, onProgress } = options;
  return { operation, principal, onProgress };
}

/** What the host does by itself. */
export function upkeep(operation: UpkeepOperation): RequestDetails {
  return { operation, principal: SYSTEM };
}
