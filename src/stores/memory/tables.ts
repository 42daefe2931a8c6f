import type { AuditEntry, AuditHead, PluginRow, Tombstone, VersionRow } from '../../ports/lifecycle-store.ts';
import type { StoredSnapshot } from '../../ports/snapshot-store.ts';

/** An entry with its data as JSON, so that it comes back as from a database. */
export type StoredEntry = Omit<AuditEntry, 'data'> & { readonly data: string };

/** What the storage of one installation holds. */
export interface StorageTable {
  readonly values: Map<string, { readonly value: Uint8Array; readonly version: number }>;
  /** Keys and values together. */
  bytes: number;
  /** All writes so far, those of keys that are gone included: no version of a key comes twice. */
  writes: number;
}

/** Who has a lease, or had it last. */
export interface LeaseRow {
  readonly owner: string;
  readonly token: number;
  readonly expiresAt: number;
}

/** What a tombstone is stored as. */
export type TombstoneRow = Tombstone & { readonly slug: string; readonly incarnation: string; readonly at: number };

/** Everything that a store in memory holds. */
export interface MemoryTables {
  readonly plugins: Map<string, PluginRow>;
  /** In the order in which they were added. */
  versions: readonly VersionRow[];
  readonly heads: Map<string, AuditHead>;
  readonly entries: Map<string, StoredEntry[]>;
  /** What became of commits: true for those that happened, false for those that were given up. */
  readonly commits: Map<string, boolean>;
  readonly leases: Map<string, LeaseRow>;
  readonly tombstones: Map<string, TombstoneRow>;
  readonly storage: Map<string, StorageTable>;
  readonly snapshots: Map<string, StoredSnapshot>;
}

/** Tables with nothing in them. */
export function emptyTables(): MemoryTables {
  return {
    plugins: new Map(),
    versions: [],
    heads: new Map(),
    entries: new Map(),
    commits: new Map(),
    leases: new Map(),
    tombstones: new Map(),
    storage: new Map(),
    snapshots: new Map(),
  };
}

/** One key for an installation; no name has the character 0. */
export function installationKey(slug: string, incarnation: string): string {
  return `${slug}\0${incarnation}`;
}
