import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Dialect, RawBuilder } from 'kysely';
import type { Tables } from './schema.ts';

/** Builds statements for one kind of database. Runs none itself. */
export interface SqlDialect {
  readonly kind: 'sqlite' | 'postgres';
  readonly db: Kysely<Tables>;
  /** The database's own time in milliseconds since 1970, at the moment in which the statement runs. */
  readonly now: RawBuilder<number>;
}

/** SQLite, of version 3.42 at least. */
export function createSqliteDialect(): SqlDialect {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  // Rounded, as 0.001 has no exact binary form and a cut would lose a millisecond now and then.
  const now = sql<number>`cast(round(unixepoch('now', 'subsec') * 1000) as integer)`;
  return { kind: 'sqlite', db: new Kysely<Tables>({ dialect }), now };
}

/** PostgreSQL, with all tables in one schema. */
export function createPostgresDialect(schema: string): SqlDialect {
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
  // Not `now()`, which stands still within a transaction: a lease must not outlast the wait for a lock.
  const now = sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;
  return { kind: 'postgres', db: new Kysely<Tables>({ dialect }).withSchema(schema), now };
}
