// Where the lifecycle of plugins is kept. One interface, several stores; whatever a store is made of, it keeps these.
//
// Invariants:
//   L1. A commit happens as a whole or not at all; when `commit` resolves to `committed`, it lasts.
//   L2. A commit names what it replaces. Of several commits that replace the same row exactly one succeeds.
//   L3. A commit under a lease that has passed on, or has expired by the store's own clock, changes nothing.
//   L4. Entries of the audit have no gap within a plugin, are in the order of its commits, and outlive the plugin.
//   L5. A rejection leaves open whether a commit happened; `committed` tells later, by the commit's id. A commit that comes
//       again under its id is not done again.
//   L6. Everything handed out is a copy.

import type { SnapshotStore } from './snapshot-store.ts';

/** States of a plugin that last. The row of a plugin is in one of them or in a passing one. */
export const LASTING_STATES = [
  'installed',
  'active',
  'inactive',
  'pending_uninstall',
  'errored',
  'quarantined',
] as const;

/** States in which an operation is under way. Its host holds the plugin's lease; without one, the boot recovers it. */
export const PASSING_STATES = ['installing', 'activating', 'deactivating', 'updating', 'uninstalling'] as const;

/** Most milliseconds for which a version is kept: with them, a time of the next centuries is still a safe number. */
export const LONGEST_RETENTION_MS = 1e15;

export type LastingState = (typeof LASTING_STATES)[number];
export type PassingState = (typeof PASSING_STATES)[number];
/** State of a row. No row: the plugin is absent. */
export type LifecycleState = LastingState | PassingState;

/** Why a plugin is errored or in quarantine. */
export interface StoredFailure {
  readonly code: string;
  readonly message: string;
  /** The passing state in which it failed; `active` for a plugin that failed while it ran. */
  readonly phase: PassingState | 'active';
  /** The lasting state before the operation; undefined for a first install. */
  readonly from: LastingState | undefined;
}

/** The row of a plugin. Times are milliseconds since 1970 by the store's clock. */
export interface PluginRow {
  /** The plugin's name. */
  readonly slug: string;
  /** Identity of this installation: another one after an uninstall and an install. */
  readonly incarnation: string;
  readonly version: string;
  /** Version of the application protocol that it was installed for; above 0. */
  readonly abiVersion: number;
  /** The manifest as it was written. */
  readonly manifest: string;
  /** Digest of the files of `version`: 64 hexadecimal digits. */
  readonly digest: string;
  readonly state: LifecycleState;
  /** What the plugin was granted, sorted. */
  readonly permissions: readonly string[];
  /** Sensitive permissions of a version that waits for consent, sorted. */
  readonly awaitingConsent: readonly string[];
  /** Crashes and trips within the window of the breaker, as times, the oldest first. */
  readonly trips: readonly number[];
  readonly failure: StoredFailure | undefined;
  readonly errorAt: number | undefined;
  readonly installedAt: number;
  readonly activatedAt: number | undefined;
  /** Counts the commits of this row, from 1. */
  readonly rowVersion: number;
  readonly updatedAt: number;
}

/** What a commit may change about a row. What is left out stays. */
export type RowChange = Partial<
  Pick<
    PluginRow,
    'version' | 'abiVersion' | 'manifest' | 'digest' | 'state' | 'permissions' | 'awaitingConsent' | 'trips' | 'failure'
  >
> & {
  /** Sets `activatedAt` to the store's time. */
  readonly isActivated?: boolean;
};

/** What a row begins with. */
export type NewRow = Omit<PluginRow, 'rowVersion' | 'installedAt' | 'activatedAt' | 'updatedAt' | 'errorAt'>;

/** What a commit does to the row of its plugin. */
export type RowWrite =
  /** Fails as a conflict when there is a row. */
  | { readonly kind: 'insert'; readonly row: NewRow }
  /** Fails as a conflict unless the row is still the one that was read. */
  | { readonly kind: 'update'; readonly of: RowKey; readonly change: RowChange }
  | { readonly kind: 'delete'; readonly of: RowKey; readonly tombstone?: Tombstone };

/** Names a row as it was read. */
export interface RowKey {
  readonly slug: string;
  readonly incarnation: string;
  readonly rowVersion: number;
}

/** What an uninstall could not remove. */
export interface Tombstone {
  /** What stayed, in words for people: paths, tables. */
  readonly left: readonly string[];
  readonly reason: string;
}

/** Roles of the kept versions of a plugin. Of each installation at most one version is `active`. */
export type VersionRole = 'staged' | 'active' | 'retiring' | 'retained' | 'retired';

/** A version of a plugin that is, was, or is to be installed. Outlives the row. */
export interface VersionRow {
  readonly slug: string;
  readonly incarnation: string;
  /** Identity of this copy: the same version may be installed, removed and installed again. */
  readonly installId: string;
  readonly version: string;
  readonly abiVersion: number;
  readonly manifest: string;
  readonly digest: string;
  readonly permissions: readonly string[];
  readonly role: VersionRole;
  readonly installedAt: number;
  readonly activatedAt: number | undefined;
  readonly retiredAt: number | undefined;
  /** From then on its files may be removed; undefined while it is in use. */
  readonly retainedUntil: number | undefined;
}

/** What a commit does to the versions of its plugin. */
export type VersionWrite =
  | { readonly kind: 'add'; readonly version: Omit<VersionRow, 'installedAt' | 'activatedAt' | 'retiredAt'> }
  | {
      readonly kind: 'role';
      readonly installId: string;
      /** A conflict when it has another role. */
      readonly from: VersionRole;
      readonly to: VersionRole;
      /** Milliseconds from now for which the files are kept. */
      readonly retainMs?: number;
      /** What it has been granted; left out when that stays as it is. */
      readonly permissions?: readonly string[];
    }
  | { readonly kind: 'remove'; readonly installId: string };

/** Who wanted something. */
export interface Principal {
  readonly kind: 'user' | 'plugin' | 'system';
  /** Such as a user's name, or that of a plugin. */
  readonly label: string;
}

/** One thing that happened, before the store has numbered it. */
export interface AuditDraft {
  /** Such as `plugin.activated`: letters, digits, `.` and `_`, at most 128. */
  readonly event: string;
  /** The plugin that it is about. */
  readonly plugin: string;
  readonly principal: Principal;
  readonly severity: 'info' | 'warning' | 'error';
  /** Plain JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** One thing that happened. */
export interface AuditEntry extends AuditDraft {
  /** Counts the entries of this plugin, from 1, without gaps. */
  readonly sequence: number;
  readonly at: number;
  /** The commit that wrote it. */
  readonly commitId: string;
  /** Its link in the chain, 64 hexadecimal digits; undefined until it is sealed. */
  readonly mac: string | undefined;
}

/** Where the audit of a plugin stands. */
export interface AuditHead {
  readonly plugin: string;
  /** The newest entry. */
  readonly last: number;
  /** The newest entry with a link, and that link; 0 and undefined for none. */
  readonly sealed: number;
  readonly sealedMac: string | undefined;
  /** The newest entry that retention has removed, and its link; 0 and undefined for none. */
  readonly pruned: number;
  readonly prunedMac: string | undefined;
}

/** A lease that its holder has got. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  /** Grows with each holder; a commit carries it. */
  readonly token: number;
  /** Milliseconds for which it was granted, from before it was asked for. */
  readonly ttlMs: number;
}

/** One change that happens as a whole. */
export interface LifecycleCommit {
  /** Its identity, unique; used to find out what became of it. */
  readonly id: string;
  /** The leases that must still be held (L3). */
  readonly leases?: readonly Lease[];
  readonly row?: RowWrite;
  readonly versions?: readonly VersionWrite[];
  /** At least one entry: what nobody hears of is not done. */
  readonly audit: readonly [AuditDraft, ...AuditDraft[]];
}

/** What became of a commit. */
export type CommitOutcome =
  | {
      readonly kind: 'committed';
      /** As the commit left it; undefined when it removed it, or wrote none. */
      readonly row: PluginRow | undefined;
    }
  /** L2. `actual` is the row as it is; undefined when there is none. */
  | { readonly kind: 'conflict'; readonly actual: PluginRow | undefined }
  /** L3. */
  | { readonly kind: 'fenced'; readonly lease: string };

/** Keys and values of one plugin. Bounded; PLUGIN_STORAGE_FULL names the limit. */
export interface PluginStorage {
  get(key: string): Promise<StoredValue | undefined>;
  /**
   * Writes when the version of the key is `expected` (0: there is none); undefined writes in any case. False when it is
   * not.
   */
  set(key: string, value: Uint8Array, expected?: number): Promise<boolean>;
  delete(key: string, expected?: number): Promise<boolean>;
  /** Keys in order, those after `after` that begin with `prefix`. */
  keys(options?: {
    readonly prefix?: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<readonly string[]>;
  /** Removes everything. */
  clear(): Promise<void>;
}

/** A value of a plugin's storage. */
export interface StoredValue {
  readonly value: Uint8Array;
  /** Grows with each write of the key, from above 0, and never comes again, not even after the key was deleted. */
  readonly version: number;
}

/** Bounds of one plugin's storage. */
export interface StorageQuota {
  /** Default 10,000. */
  readonly keys: number;
  /** Keys and values together. Default 64 MiB. */
  readonly bytes: number;
}

/**
 * Keeps the lifecycle of plugins. All methods reject with STORE_UNAVAILABLE when the store cannot be reached, and with
 * STORE_CLOSED after `close`. Whoever creates it closes it.
 */
export interface LifecycleStore {
  /** Milliseconds since 1970 by the store's clock, by which all leases go. */
  now(): Promise<number>;
  get(slug: string): Promise<PluginRow | undefined>;
  /** All rows, by slug. */
  list(): Promise<readonly PluginRow[]>;
  /**
   * Of a commit that has happened before under its id: says so again, with the row as it is now.
   *
   * @throws COMMIT_ABANDONED when `committed` has said that it did not happen
   */
  commit(commit: LifecycleCommit): Promise<CommitOutcome>;
  /** L5. Whether the commit with the id happened. When it says no, it never will, even if it is still under way. */
  committed(id: string): Promise<boolean>;

  /** All versions of a plugin, also of earlier installations, the newest first. */
  versions(slug: string): Promise<readonly VersionRow[]>;
  /**
   * All versions of all plugins at once, by slug, of each the newest first. Whoever looks at all plugins asks for these, and
   * not for those of one after the other. A store without it is asked for each plugin.
   */
  allVersions?(): Promise<readonly VersionRow[]>;
  /** What uninstalls have left, by slug. */
  tombstones(): Promise<
    readonly (Tombstone & { readonly slug: string; readonly incarnation: string; readonly at: number })[]
  >;
  /** Forgets one, when what it lists is gone. */
  clearTombstone(slug: string, incarnation: string): Promise<void>;

  /**
   * Takes a lease that is free, expired or the owner's own; undefined when somebody else has it. The token stays when the
   * owner still has it.
   */
  acquire(name: string, owner: string, ttlMs: number): Promise<Lease | undefined>;
  /** Holds on to it; undefined when it has expired or passed on. */
  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined>;
  /** Lets go of it. Does nothing when it has passed on. */
  release(lease: Lease): Promise<void>;

  /** All plugins that have ever had an entry, by name. */
  auditHeads(): Promise<readonly AuditHead[]>;
  /** Entries of a plugin after a sequence, at most `limit` and at most 10,000, in order. */
  auditEntries(plugin: string, after: number, limit: number): Promise<readonly AuditEntry[]>;
  /** Sets the links of up to 10,000 entries after `head.sealed`, without a gap. False when somebody else was faster. */
  seal(head: AuditHead, macs: readonly string[]): Promise<boolean>;
  /**
   * Removes sealed entries up to a sequence, and remembers its link. False when somebody else has removed some. Their
   * commits are forgotten too: `committed` does not know them any more.
   */
  prune(head: AuditHead, upTo: number): Promise<boolean>;

  /** Keys and values of an installation. */
  storage(slug: string, incarnation: string, quota?: Partial<StorageQuota>): PluginStorage;
  /** Where durable actors keep their state. */
  readonly snapshots: SnapshotStore;
  close(): Promise<void>;
}
