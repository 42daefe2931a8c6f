import type { Pool, PoolClient, PoolConfig } from 'pg';
import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { requireObject, requirePositiveInteger, requireWhole, shown } from '../../policy/index.ts';
import type { LifecycleStore } from '../../ports/lifecycle-store.ts';
import type { SqlDialect } from '../sql/dialect.ts';
import type { SqlExecutor } from '../sql/executor.ts';

/** Where a store in PostgreSQL is, and how long it waits. */
export interface PostgresStoreOptions {
  /** Such as `postgres://user@host:5432/database`. Default: what `pool` says, or the variables of the environment. */
  readonly connectionString?: string | undefined;
  /** Further options of `pg`'s pool, such as `host`, `password` or `ssl`. */
  readonly pool?: Readonly<Record<string, unknown>> | undefined;
  /** The schema of the tables; it is made when there is none. Lower-case letters, digits and `_`. Default `troupe`. */
  readonly schema?: string | undefined;
  /** Connections at most, besides 4 for leases. Default 8. */
  readonly maxConnections?: number | undefined;
  /** Milliseconds for which a connection is waited for. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds for which a statement waits for a lock, before STORE_LOCKED. Default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** Milliseconds that one statement may take. Default 15,000. */
  readonly statementTimeoutMs?: number | undefined;
  /** Calls that may wait; one more is refused with STORE_BUSY. Default 4,096. */
  readonly maxPending?: number | undefined;
}

const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;
/** The type of whole numbers of 64 bits, which `pg` hands out as text. */
const INT8 = 20;
/** For leases: one that waits for a commit under it must not hold up the others. */
const LEASE_CONNECTIONS = 4;
/** How long a transaction may stay open when its owner says nothing; what it has locked is free again then. */
const IDLE_TRANSACTION_MS = 10_000;
/** How much longer than the server's own limit an answer is waited for. */
const ANSWER_GRACE_MS = 5_000;
/** What the server takes, and what a timer of the runtime can wait for. */
const LONGEST_MS = 2_147_483_647;

/**
 * Opens a store in a schema of PostgreSQL 12 or newer, through `pg`, an optional peer. Whoever opens it closes it.
 *
 * @throws InvalidOptionsError naming the option; PEER_MISSING; STORE_UNAVAILABLE, STORE_UNWRITABLE, STORE_FOREIGN,
 * STORE_NEWER, STORE_CORRUPTED or STORE_LOCKED when it cannot be used; it is left as it was found then
 */
export async function openPostgresStore(options: PostgresStoreOptions = {}): Promise<LifecycleStore> {
  const { DEFAULT_MAX_PENDING, guardExecutor } = await import('../sql/guarded-executor.ts');
  const { maxPending = DEFAULT_MAX_PENDING } = requireObject('options', options);
  requirePositiveInteger('maxPending', maxPending);
  const { executor, dialect } = await openPostgresExecutor(options);
  const { createSqlStore } = await import('../sql/sql-store.ts');
  return createSqlStore(guardExecutor(executor, maxPending), dialect);
}

/**
 * What a store runs its statements with.
 *
 * @internal
 */
export async function openPostgresExecutor(
  options: PostgresStoreOptions,
): Promise<{ readonly executor: SqlExecutor; readonly dialect: SqlDialect }> {
  const { schema = 'troupe' } = options;
  if (typeof schema !== 'string' || !SCHEMA.test(schema))
    throw new InvalidOptionsError('schema', `must match ${SCHEMA.source}, got ${shown(schema)}`);
  const config = poolConfig(options);
  const pg = await loadPg();
  // Late, so that a program that keeps nothing does not load the query builder.
  const [{ createPostgresDialect }, { schemaPlan }, { openSchema }, { createPostgresExecutor }] = await Promise.all([
    import('../sql/dialect.ts'),
    import('../sql/migrations.ts'),
    import('./postgres-open.ts'),
    import('./postgres-executor.ts'),
  ]);
  const dialect = createPostgresDialect(schema);
  const pool = openPool(pg, config);
  try {
    await openSchema(pool, schema, schemaPlan(dialect));
  } catch (error) {
    await pool.end();
    throw error;
  }
  // It connects when it is needed.
  return { executor: createPostgresExecutor(pool, openPool(pg, { ...config, max: LEASE_CONNECTIONS })), dialect };
}

function openPool(pg: typeof import('pg'), config: PoolConfig): Pool {
  const pool = new pg.Pool({ ...config, types: { getTypeParser: typeParser(pg) } });
  // A connection that breaks while nobody uses it is replaced by the next call; unheard, it would end the process.
  pool.on('error', () => {});
  pool.on('connect', waitForDisk);
  return pool;
}

function poolConfig(options: PostgresStoreOptions): PoolConfig {
  const { connectionString, pool = {}, maxConnections = 8 } = options;
  const { connectTimeoutMs = 5_000, lockTimeoutMs = 5_000, statementTimeoutMs = 15_000 } = options;
  requireObject('pool', pool);
  if (connectionString !== undefined && typeof connectionString !== 'string') {
    throw new InvalidOptionsError('connectionString', `must be a text, got ${shown(connectionString)}`);
  }
  requireWhole('statementTimeoutMs', statementTimeoutMs, 1, LONGEST_MS - ANSWER_GRACE_MS);
  const own: PoolConfig = {
    max: requirePositiveInteger('maxConnections', maxConnections),
    connectionTimeoutMillis: requireWhole('connectTimeoutMs', connectTimeoutMs, 1, LONGEST_MS),
    lock_timeout: requireWhole('lockTimeoutMs', lockTimeoutMs, 1, LONGEST_MS),
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
    application_name: 'troupe',
  };
  // The executor sends the statements of a batch together.
  const fixed = { pipeline: true };
  return { ...own, ...pool, ...(connectionString === undefined ? {} : { connectionString }), ...fixed };
}

/**
 * A server may be set up to answer before it has written. Said on the connection, before anything else, as the options of a
 * pool and of a connection string replace each other.
 */
function waitForDisk(client: PoolClient): void {
  client.query('set synchronous_commit = on').catch(() => {
    // A connection on which this fails takes nothing else either.
  });
}

/** @throws PEER_MISSING */
async function loadPg(): Promise<typeof import('pg')> {
  try {
    return await import('pg');
  } catch (cause) {
    throw new RuntimeError('PEER_MISSING', 'install "pg" to keep the lifecycle in PostgreSQL', { cause });
  }
}

/** Whole numbers as numbers; all that is stored fits. */
function typeParser(pg: typeof import('pg')): (oid: number, format?: 'text' | 'binary') => (value: string) => unknown {
  return (oid, format) => {
    if (oid === INT8 && format !== 'binary') return Number;
    return pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown;
  };
}
