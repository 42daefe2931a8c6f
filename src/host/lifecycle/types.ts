// What the lifecycle of plugins offers to programs, to the admin service and to the development loop.

import type { Code } from '../../errors/index.ts';
import type { AuditEntry, LifecycleState, PluginRow, Principal, VersionRow } from '../../ports/lifecycle-store.ts';
import type { LifecycleOperation } from '../../machines/index.ts';
import type { Plugin, PluginStatus } from '../plugin.ts';

export type { LifecycleOperation } from '../../machines/index.ts';

/** Where the files of a plugin come from. */
export type PluginSource =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'archive'; readonly path: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'url'; readonly url: string };

/** What all operations take. */
export interface OperationOptions {
  /** Who wants it. Default: the system itself. */
  readonly principal?: Principal;
  /** Hears what is being done, for people who wait. */
  readonly onProgress?: (progress: OperationProgress) => void;
}

/** A step of an operation. */
export interface OperationProgress {
  readonly operation: LifecycleOperation;
  readonly plugin: string | undefined;
  /** Such as `downloading`, `verifying`, `loading`, `draining`. */
  readonly step: string;
}

/** How something is installed. */
export interface InstallOptions extends OperationOptions {
  /** Sensitive permissions that the caller consents to; `all` for whatever it asks for. Default none. */
  readonly consent?: readonly string[] | 'all';
  /** Installs a version below the highest ever installed. Default false. */
  readonly allowDowngrade?: boolean;
  /** Whether it is activated at once. Default false. */
  readonly activate?: boolean;
}

/** How something is deactivated, or removed. */
export interface DeactivateOptions extends OperationOptions {
  /** What happens to active plugins that need this one. Default `refuse`. */
  readonly dependents?: 'refuse' | 'cascade' | 'ignore';
}

/** How something is removed. */
export interface UninstallOptions extends DeactivateOptions {
  /** Removes the plugin's data, too. Default false: it is there again after the next install. */
  readonly removeData?: boolean;
}

/** A plugin without its versions. */
export interface PluginSummary {
  readonly row: PluginRow;
  /** The process; undefined while none runs in this host. */
  readonly process: PluginStatus | undefined;
}

/** How something is consented to. */
export interface ConsentOptions extends OperationOptions {
  /**
   * Digest of the version that was looked at: when another one waits by now it is refused with CONSENT_OUTDATED. Default:
   * whichever waits.
   */
  readonly digest?: string | undefined;
}

/** What is known about an installed plugin. */
export interface InstalledPlugin extends PluginSummary {
  /** The newest first. */
  readonly versions: readonly VersionRow[];
}

/** What the lifecycle says as it happens. */
export interface LifecycleFact {
  readonly type: 'lifecycle.changed';
  readonly plugin: string;
  readonly from: LifecycleState | 'absent';
  readonly to: LifecycleState | 'absent';
  readonly version: string;
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** What a boot did. */
export interface BootReport {
  /** Plugins that run. */
  readonly started: readonly string[];
  /** Plugins that a former host left in a passing state, and where they are now. */
  readonly recovered: readonly {
    readonly plugin: string;
    readonly from: LifecycleState;
    readonly to: LifecycleState | 'absent';
  }[];
  readonly failed: readonly { readonly plugin: string; readonly code: Code; readonly message: string }[];
  /** Plugins that another host runs on the same store. */
  readonly elsewhere: readonly string[];
}

/** A refused transition. Thrown as `InvalidTransitionError`. */
export interface RefusedTransition {
  readonly plugin: string;
  readonly operation: LifecycleOperation;
  readonly actual: LifecycleState | 'absent';
  readonly expected: readonly (LifecycleState | 'absent')[];
}

/**
 * The lifecycle of a host's plugins. Operations on one plugin exclude each other: whoever comes second is refused with
 * INVALID_TRANSITION. Whoever creates it stops it.
 */
export interface Lifecycle {
  /** Recovers what a former host left, and starts what was active. Called once; again when the store could not be read. */
  boot(): Promise<BootReport>;
  /**
   * @throws NAME_TAKEN when it is installed; what its files, its manifest, its signature or its permissions are refused for
   */
  install(source: PluginSource, options?: InstallOptions): Promise<PluginRow>;
  activate(plugin: string, options?: OperationOptions): Promise<PluginRow>;
  deactivate(plugin: string, options?: DeactivateOptions): Promise<PluginRow>;
  /** Changes to another version while it goes on working. */
  update(plugin: string, source: PluginSource, options?: InstallOptions): Promise<PluginRow>;
  /** Changes to a kept version; default: the newest that is kept. */
  rollback(plugin: string, options?: OperationOptions & { readonly version?: string }): Promise<PluginRow>;
  /** Leaves `errored` or `quarantined`. */
  reset(plugin: string, options?: OperationOptions): Promise<PluginRow>;
  quarantine(plugin: string, options: OperationOptions & { readonly reason: string }): Promise<PluginRow>;
  uninstall(plugin: string, options?: UninstallOptions): Promise<void>;
  /** Consents to permissions that a version waits for. */
  consent(plugin: string, permissions: readonly string[], options?: ConsentOptions): Promise<PluginRow>;
  /** @throws PLUGIN_UNKNOWN */
  get(plugin: string): Promise<InstalledPlugin>;
  list(): Promise<readonly InstalledPlugin[]>;
  /** The same without the versions, for whoever looks often: one question to the store. */
  rows(): Promise<readonly PluginSummary[]>;
  /** The running plugin, over all its versions; undefined while none runs here. */
  plugin(plugin: string): Plugin | undefined;
  /** Entries of the audit, the oldest first. */
  audit(plugin: string, after?: number, limit?: number): Promise<readonly AuditEntry[]>;
  onFact(listener: (fact: LifecycleFact) => void): () => void;
  /** Stops what runs and lets go of the leases; rows stay as they are, so that the next boot starts it again. */
  stop(): Promise<void>;
}
