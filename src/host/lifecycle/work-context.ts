// What the steps of one plugin's operations share.

import { RuntimeError } from '../../errors/index.ts';
import { LIFECYCLE_OPERATIONS } from '../../machines/index.ts';
import type { LifecycleOperation, LifecycleRequest, WriteReport } from '../../machines/index.ts';
import { diffPermissions, permissionsOf } from '../../policy/index.ts';
import type { Environment } from '../../ports/index.ts';
import type { Lease, LifecycleStore, PluginRow, RowWrite } from '../../ports/lifecycle-store.ts';
import type { LaunchOptions } from '../launch-options.ts';
import { manifestLaunch } from '../manifest-launch.ts';
import type { StoredArtifact } from './artifacts.ts';
import type { DataDirectories } from './data-directories.ts';
import type { DependencyLock } from './dependency-lock.ts';
import type { LifecycleOptions, LifecycleSettings } from './lifecycle-options.ts';
import type { ManifestCache } from './manifest-cache.ts';
import type { MigrationContext, Migrator } from './migrator.ts';
import type { PatientArtifacts } from './patient-artifacts.ts';
import type { PluginInstance, RunningPlugin } from './plugin-instance.ts';
import type { PluginLease } from './plugin-lease.ts';
import type { RequestDetails } from './request.ts';
import type { OperationOptions, OperationProgress } from './types.ts';
import { upkeep } from './request.ts';
import { boundedFailure, boundedText } from './bounded-data.ts';
import { writeSurely } from './write-surely.ts';
import type { Writing } from './write-surely.ts';

/** What all plugins of a lifecycle share. */
export interface LifecycleParts {
  readonly store: LifecycleStore;
  readonly environment: Environment;
  readonly artifacts: PatientArtifacts;
  readonly data: DataDirectories;
  readonly migrator: Migrator;
  readonly capabilities: LifecycleOptions['capabilities'];
  readonly owner: string;
  readonly formerOwners: readonly string[];
  readonly settings: LifecycleSettings;
  readonly config: (plugin: string) => unknown;
  readonly launchOptions: (plugin: string) => Partial<LaunchOptions>;
  readonly launch: (options: LaunchOptions) => Promise<RunningPlugin>;
  readonly manifests: ManifestCache;
  readonly lock: DependencyLock;
  /** Aborts when the lifecycle stops. */
  readonly stopping: AbortSignal;
}

/** One plugin of them. */
export interface WorkContextParts extends LifecycleParts {
  readonly plugin: string;
  readonly lease: PluginLease;
  readonly instance: PluginInstance;
  readonly detailsOf: (request: number) => RequestDetails | undefined;
}

/** What belongs to the request; of one whose owner is gone, what the system would want. */
export function detailsOf(
  { detailsOf: find }: WorkContextParts,
  request: LifecycleRequest | undefined,
): RequestDetails {
  const found = request === undefined ? undefined : find(request.id);
  return (
    found ?? upkeep(request?.operation === 'probe' || request?.operation === 'clean' ? request.operation : 'recover')
  );
}

/** Tells whoever waits what is being done. What they throw is their own business. */
export function tellProgress(
  { log }: Environment,
  { onProgress }: OperationOptions,
  progress: OperationProgress,
): void {
  try {
    onProgress?.(progress);
  } catch (error) {
    log.log('error', 'a listener for the progress of an operation threw', { plugin: progress.plugin, error });
  }
}

/** The same, of an operation that is under way. */
export function progress({ plugin, environment }: WorkContextParts, details: RequestDetails, step: string): void {
  const { operation, onProgress } = details;
  if (onProgress === undefined || !isOperation(operation)) return;
  tellProgress(environment, { onProgress }, { operation, plugin, step });
}

/** Commits under the plugin's lease, and under another one if one is given. */
export async function write(
  context: WorkContextParts,
  draft: Omit<Writing, 'slug' | 'leases'> & { readonly also?: Lease | undefined },
  signal: AbortSignal,
): Promise<WriteReport> {
  const { store, environment, settings, owner, plugin, lease, stopping } = context;
  const { also, row, ...rest } = draft;
  const held = lease.current;
  if (held === undefined) return { kind: 'fenced' };
  const leases = also === undefined ? [held] : [held, also];
  return writeSurely(
    { ...rest, ...(row === undefined ? {} : { row: boundedWrite(row) }), leases, slug: plugin },
    {
      store,
      clock: environment.clock,
      timeoutMs: settings.storeTimeoutMs,
      nextId: () => `${owner}/${environment.ids.next('commit')}`,
      signal,
      stopping,
    },
  );
}

/** What a plugin says of its failure may be of any length. */
function boundedWrite(write: RowWrite): RowWrite {
  if (write.kind === 'insert') return write;
  if (write.kind === 'update') {
    const { change } = write;
    return 'failure' in change ? { ...write, change: { ...change, failure: boundedFailure(change.failure) } } : write;
  }
  const { tombstone } = write;
  if (tombstone === undefined) return write;
  return { ...write, tombstone: { ...tombstone, left: tombstone.left.map((one) => boundedText(one)) } };
}

/** How a version is launched. */
export async function launchOf(context: WorkContextParts, { loaded }: StoredArtifact): Promise<LaunchOptions> {
  const { plugin, data, config, launchOptions } = context;
  const { pluginConfig } = await import('../manifest/index.ts');
  const { signal: _, ...options } = {
    ...manifestLaunch(loaded, pluginConfig(loaded.manifest, config(plugin))),
    ...launchOptions(plugin),
  };
  await data.prepare(plugin);
  return { ...options, name: plugin, env: { ...options.env, TROUPE_DATA_DIR: data.pathOf(plugin) } };
}

/** What a migration is told. */
export function migrationOf(
  { plugin, data, store }: WorkContextParts,
  row: Pick<PluginRow, 'incarnation'>,
  parts: Pick<MigrationContext, 'from' | 'to' | 'directory' | 'signal'>,
): MigrationContext {
  const { incarnation } = row;
  return {
    plugin,
    incarnation,
    dataDirectory: data.pathOf(plugin),
    storage: store.storage(plugin, incarnation),
    ...parts,
  };
}

/** The row that a step needs; the chart never asks for it without one. */
export function requiredRow(row: PluginRow | undefined): PluginRow {
  if (row === undefined) throw new RuntimeError('INTERNAL', 'a step of an operation has no row');
  return row;
}

/** Version of the application protocol that a manifest is for. */
export function abiVersionOf({ loaded }: StoredArtifact): number {
  return Math.max(1, ...(loaded.manifest.run.versions ?? []));
}

/** The sensitive permissions of the row's own version that nobody has consented to. */
export async function awaitingOf(
  { manifests, capabilities }: WorkContextParts,
  row: PluginRow,
): Promise<readonly string[]> {
  const asked = permissionsOf(await manifests.of(row));
  return diffPermissions(row.permissions, asked, capabilities && ((name) => capabilities.isSensitive(name))).sensitive;
}

/** Why a version does not get what it asks for. */
export function consentError(plugin: string, permissions: readonly string[]): RuntimeError {
  const text = `plugin "${plugin}" needs consent to ${permissions.join(', ')}`;
  return new RuntimeError('CONSENT_REQUIRED', text, { details: { plugin, permissions } });
}

function isOperation(operation: RequestDetails['operation']): operation is LifecycleOperation {
  return (LIFECYCLE_OPERATIONS as readonly string[]).includes(operation);
}
