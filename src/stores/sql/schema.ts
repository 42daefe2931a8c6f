// The tables of the stores, for the query builder. Times are milliseconds since 1970, lists and records are JSON.

/** The plugins that are installed. */
export interface PluginsTable {
  slug: string;
  incarnation: string;
  version: string;
  abi_version: number;
  manifest: string;
  digest: string;
  state: string;
  permissions: string;
  awaiting_consent: string;
  trips: string;
  last_error: string | null;
  error_at: number | null;
  installed_at: number;
  activated_at: number | null;
  row_version: number;
  updated_at: number;
}

/** All copies of plugins that are, were or are to be installed. */
export interface VersionsTable {
  install_id: string;
  /** Grows within a slug. */
  position: number;
  slug: string;
  incarnation: string;
  version: string;
  abi_version: number;
  manifest: string;
  digest: string;
  permissions: string;
  role: string;
  installed_at: number;
  activated_at: number | null;
  retired_at: number | null;
  retained_until: number | null;
}

/** All tables. */
export interface Tables {
  plugins: PluginsTable;
  plugin_versions: VersionsTable;
  /** What became of commits: 1 for those that happened, 0 for those that were given up. */
  commits: { id: string; happened: number };
  audit_heads: {
    plugin: string;
    last: number;
    sealed: number;
    sealed_mac: string | null;
    pruned: number;
    pruned_mac: string | null;
  };
  audit: {
    plugin: string;
    sequence: number;
    at: number;
    event: string;
    severity: string;
    principal_kind: string;
    principal_label: string;
    data: string;
    commit_id: string;
    mac: string | null;
  };
  leases: { name: string; owner: string; token: number; expires_at: number };
  tombstones: { slug: string; incarnation: string; left_behind: string; reason: string; at: number };
  plugin_storage: { slug: string; incarnation: string; key: string; value: Uint8Array; version: number };
  /** What the storage of an installation takes, and how often it was written. */
  plugin_storage_usage: { slug: string; incarnation: string; keys: number; bytes: number; writes: number };
  actor_snapshots: { key: string; version: number; writer: string; data: string };
  schema_migrations: { version: number; applied_at: number };
}
