import { requireObject, requirePositiveInteger, requireWhole } from '../../policy/index.ts';
import type { LifecycleStore } from '../../ports/lifecycle-store.ts';
import { checkName } from '../check.ts';
import type { SqlDialect } from '../sql/dialect.ts';
import type { SqlExecutor } from '../sql/executor.ts';

/** Where a store in SQLite is, and how long it waits. */
export interface SqliteStoreOptions {
  /** The file; it is made when there is none, readable for its owner only. Its directory must be there. */
  readonly path: string;
  /** Milliseconds that a call waits for the lock of another process, before STORE_LOCKED; at most 2,147,483,647. Default 5,000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Calls that may wait; one more is refused with STORE_BUSY. Default 4,096. */
  readonly maxPending?: number | undefined;
}

const DEFAULT_BUSY_TIMEOUT_MS = 5_000;
/** What SQLite takes. */
const LONGEST_BUSY_TIMEOUT_MS = 2_147_483_647;

/**
 * Opens a store in one file, in a thread of its own: the event loop never waits for the disk. What it says lasts has
 * reached the disk. Whoever opens it closes it.
 *
 * @throws InvalidOptionsError naming the option; STORE_UNWRITABLE, STORE_FOREIGN, STORE_NEWER, STORE_CORRUPTED or
 * STORE_LOCKED when it cannot be used; it is left as it was found then
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<LifecycleStore> {
  const { DEFAULT_MAX_PENDING, guardExecutor } = await import('../sql/guarded-executor.ts');
  const { maxPending = DEFAULT_MAX_PENDING } = requireObject('options', options);
  requirePositiveInteger('maxPending', maxPending);
  const { executor, dialect } = await openSqliteExecutor(options);
  const { createSqlStore } = await import('../sql/sql-store.ts');
  return createSqlStore(guardExecutor(executor, maxPending), dialect);
}

/**
 * Whether a file can be opened as a store by this version of the package. Reads all of it and writes nothing to it; SQLite may
 * leave its two companions beside it.
 *
 * @throws STORE_FOREIGN, STORE_NEWER, STORE_CORRUPTED, STORE_LOCKED or STORE_UNWRITABLE, as `openSqliteStore` would
 */
export async function checkSqliteFile(path: string): Promise<void> {
  const [{ createSqliteDialect }, { schemaPlan }, { checkFile }] = await Promise.all([
    import('../sql/dialect.ts'),
    import('../sql/migrations.ts'),
    import('./sqlite-open.ts'),
  ]);
  checkFile(path, schemaPlan(createSqliteDialect()));
}

/**
 * What a store runs its statements with.
 *
 * @internal
 */
export async function openSqliteExecutor(
  options: SqliteStoreOptions,
): Promise<{ readonly executor: SqlExecutor; readonly dialect: SqlDialect }> {
  const path = checkName('path', options.path);
  const { busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS } = options;
  requireWhole('busyTimeoutMs', busyTimeoutMs, 0, LONGEST_BUSY_TIMEOUT_MS);
  // Late, so that a program that keeps nothing does not load the query builder.
  const [{ createSqliteDialect }, { schemaPlan }, { openWorkerExecutor }] = await Promise.all([
    import('../sql/dialect.ts'),
    import('../sql/migrations.ts'),
    import('./worker-executor.ts'),
  ]);
  const dialect = createSqliteDialect();
  return { executor: await openWorkerExecutor({ path, busyTimeoutMs, plan: schemaPlan(dialect) }), dialect };
}
