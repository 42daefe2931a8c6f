import { DatabaseSync } from 'node:sqlite';
import { RuntimeError } from '../../errors/index.ts';
import type { SchemaPlan } from '../sql/migrations.ts';
import { VERSION_TABLE, versionOf } from '../sql/schema-check.ts';
import type { FoundSchema } from '../sql/schema-check.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import type { EngineOptions } from './sqlite-engine.ts';
import { isBusy, sqliteError } from './sqlite-errors.ts';

/** How a database is opened and brought to the newest version. */
export interface OpenOptions extends EngineOptions {
  readonly plan: SchemaPlan;
}

const TABLES = `select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'`;
const STEP_MS = 10;
const LOOK_MS = 1_000;

/**
 * Opens a database that is whole and has the newest version. A damaged, foreign or newer one is left as it is.
 *
 * @throws STORE_UNWRITABLE, STORE_FOREIGN, STORE_CORRUPTED, STORE_NEWER, STORE_LOCKED
 */
export function openEngine(options: OpenOptions): SqliteEngine {
  const engine = new SqliteEngine(options);
  try {
    // Looked at before anything is written: the mode of the journal is a change of the file, too.
    versionOf(foundIn(engine, options.plan), options.plan.migrations.length, nameOf(options));
    requireWhole(engine, options);
    settle(engine, options);
    migrate(engine, options);
    for (const probe of options.plan.probes) requireProbe(engine, probe, options);
    return engine;
  } catch (thrown) {
    engine.close();
    throw sqliteError(thrown, options.path);
  }
}

/**
 * Whether a database can be opened as it is. Nothing is written to it, and nobody is kept waiting.
 *
 * @throws STORE_UNWRITABLE, STORE_FOREIGN, STORE_CORRUPTED, STORE_NEWER, STORE_LOCKED
 */
export function checkFile(path: string, plan: SchemaPlan): void {
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: LOOK_MS });
    try {
      const isEmpty = versionOf(foundIn({ db }, plan), plan.migrations.length, nameOf({ path })) === 0;
      requireWhole({ db }, { path });
      for (const probe of isEmpty ? [] : plan.probes) requireProbe({ db }, probe, { path });
    } finally {
      db.close();
    }
  } catch (thrown) {
    throw sqliteError(thrown, path);
  }
}

function foundIn({ db }: Pick<SqliteEngine, 'db'>, plan: SchemaPlan): FoundSchema {
  const tables = db
    .prepare(TABLES)
    .all()
    .map(({ name }) => String(name));
  const rows = tables.includes(VERSION_TABLE) ? db.prepare(plan.versions).all() : [];
  return { tables, versions: rows.map(({ version }) => Number(version)) };
}

function requireWhole({ db }: Pick<SqliteEngine, 'db'>, options: Pick<OpenOptions, 'path'>): void {
  const [first] = db.prepare('pragma quick_check(1)').all();
  const found = Object.values(first ?? {})[0];
  if (found === 'ok') return;
  throw new RuntimeError('STORE_CORRUPTED', `${nameOf(options)} is damaged: ${String(found)}`);
}

/** Sets what has to hold for each connection. */
function settle({ db }: SqliteEngine, options: OpenOptions): void {
  const mode = journalMode(db, options.busyTimeoutMs);
  if (mode !== 'wal' && options.path !== ':memory:') {
    throw new RuntimeError('STORE_UNWRITABLE', `${nameOf(options)} lies on a file system without shared memory`);
  }
  // An answer means that the disk has it.
  db.exec('pragma synchronous = full; pragma trusted_schema = off; pragma cell_size_check = on');
}

/** Changing the mode does not wait for others by itself. */
function journalMode(db: SqliteEngine['db'], busyTimeoutMs: number): unknown {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    try {
      return db.prepare('pragma journal_mode = wal').get()?.['journal_mode'];
    } catch (thrown) {
      if (!isBusy(thrown) || waitedMs >= busyTimeoutMs) throw thrown;
      Atomics.wait(clock, 0, 0, STEP_MS);
    }
  }
}

/** One transaction, in which the version is looked at again: another process may be doing the same. */
function migrate(engine: SqliteEngine, options: OpenOptions): void {
  const { migrations } = options.plan;
  engine.db.exec('begin immediate');
  try {
    const version = versionOf(foundIn(engine, options.plan), migrations.length, nameOf(options));
    for (const statement of migrations.slice(version).flat()) engine.db.exec(statement);
    engine.db.exec('commit');
  } catch (thrown) {
    if (engine.db.isTransaction) engine.db.exec('rollback');
    throw thrown;
  }
}

function requireProbe({ db }: Pick<SqliteEngine, 'db'>, probe: string, options: Pick<OpenOptions, 'path'>): void {
  try {
    db.prepare(probe).all();
  } catch (cause) {
    throw new RuntimeError('STORE_CORRUPTED', `${nameOf(options)} lacks a table or a column`, { cause });
  }
}

function nameOf(options: Pick<OpenOptions, 'path'>): string {
  return `database "${options.path}"`;
}
