import type { Pool, PoolClient } from 'pg';
import { RuntimeError } from '../../errors/index.ts';
import type { SchemaPlan } from '../sql/migrations.ts';
import { VERSION_TABLE, versionOf } from '../sql/schema-check.ts';
import type { FoundSchema } from '../sql/schema-check.ts';
import { postgresError } from './postgres-errors.ts';

const TABLES = `select c.relname as name from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`;
const SCHEMAS = 'select 1 from pg_catalog.pg_namespace where nspname = $1';
// One at a time per database, whatever the schema: any number will do.
const MIGRATION_LOCK = 7_461_073;

/**
 * Brings a schema to the newest version. A damaged, foreign or newer one is left as it is.
 *
 * @throws STORE_UNAVAILABLE, STORE_UNWRITABLE, STORE_FOREIGN, STORE_CORRUPTED, STORE_NEWER, STORE_LOCKED
 */
export async function openSchema(pool: Pool, schema: string, plan: SchemaPlan): Promise<void> {
  let failure: Error | undefined;
  try {
    const client = await pool.connect();
    const note = (error: Error): void => {
      failure ??= error;
    };
    client.on('error', note);
    try {
      await migrate(client, schema, plan);
      for (const probe of plan.probes) await client.query(probe);
    } catch (thrown) {
      failure ??= postgresError(thrown);
      throw failure;
    } finally {
      client.off('error', note);
      // Closes the connection when something failed, and with it the transaction.
      client.release(failure);
    }
  } catch (thrown) {
    throw postgresError(thrown);
  }
}

async function migrate(client: PoolClient, schema: string, plan: SchemaPlan): Promise<void> {
  const newest = plan.migrations.length;
  const where = `schema "${schema}"`;
  // Without the lock first: most of the time there is nothing to do.
  if (versionOf(await foundIn(client, schema, plan), newest, where) === newest) return;
  await client.query('begin');
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  const version = versionOf(await foundIn(client, schema, plan), newest, where);
  const { rowCount } = await client.query(SCHEMAS, [schema]);
  // Asked for only when it is missing: the right to create schemas is not needed otherwise.
  if (rowCount === 0) await client.query(`create schema ${quoted(schema)}`);
  for (const statement of plan.migrations.slice(version).flat()) await client.query(statement);
  await client.query('commit');
}

async function foundIn(client: PoolClient, schema: string, plan: SchemaPlan): Promise<FoundSchema> {
  const { rows } = await client.query<{ readonly name: string }>(TABLES, [schema]);
  const tables = rows.map(({ name }) => name);
  if (!tables.includes(VERSION_TABLE)) return { tables, versions: [] };
  const versions = await client.query<{ readonly version: unknown }>(plan.versions);
  return { tables, versions: versions.rows.map(({ version }) => Number(version)) };
}

function quoted(schema: string): string {
  // Checked before: no character that would end it.
  if (schema.includes('"')) throw new RuntimeError('INTERNAL', 'a schema has a quotation mark in its name');
  return `"${schema}"`;
}
