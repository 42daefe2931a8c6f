// For users.
export { commitSurely } from './commit-surely.ts';
export type { CommitSurelyOptions } from './commit-surely.ts';
export { createMemoryStore } from './memory/memory-store.ts';
export type {
  FailNextCallOptions,
  MemoryStore,
  MemoryStoreOperation,
  MemoryStoreOptions,
} from './memory/memory-store.ts';
export { openPostgresStore } from './postgres/postgres-store.ts';
export type { PostgresStoreOptions } from './postgres/postgres-store.ts';
export { checkSqliteFile, openSqliteStore } from './sqlite/sqlite-store.ts';
export type { SqliteStoreOptions } from './sqlite/sqlite-store.ts';
export type { LifecycleStore } from '../ports/lifecycle-store.ts';
