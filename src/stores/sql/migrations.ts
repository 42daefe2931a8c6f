// How a database becomes what this version of the package needs. A migration that was released is never changed; what
// comes later is a further one.
//
// Invariants:
//   G1. What is refused was not written to.
//   G2. The versions that a database has had are all in it, without a gap.

import { sql } from 'kysely';
import type { CompiledQuery, RawBuilder } from 'kysely';
import type { SqlDialect } from './dialect.ts';
import { VERSION_TABLE } from './schema-check.ts';
import type { Tables } from './schema.ts';

/** What a database is made, and recognised, by. */
export interface SchemaPlan {
  /** Statements by version; the first bring an empty database to version 1. Each ends with noting its version. */
  readonly migrations: readonly (readonly string[])[];
  /** Hands out the versions of a database, in order. */
  readonly versions: string;
  /** Fail when a table or a column is missing. */
  readonly probes: readonly string[];
}

type ColumnType = 'text' | 'text?' | 'whole' | 'whole?' | 'bytes';

/** Columns with their types (`?`: may be null) and what identifies a row. */
interface TableShape<Table> {
  readonly columns: { readonly [Column in keyof Table]-?: ColumnType };
  readonly key: readonly (keyof Table & string)[];
}

interface AnyShape {
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly key: readonly string[];
}

type Shapes = { readonly [Table in keyof Tables]: TableShape<Tables[Table]> };

const FIRST: Shapes = {
  plugins: {
    columns: {
      slug: 'text',
      incarnation: 'text',
      version: 'text',
      abi_version: 'whole',
      manifest: 'text',
      digest: 'text',
      state: 'text',
      permissions: 'text',
      awaiting_consent: 'text',
      trips: 'text',
      last_error: 'text?',
      error_at: 'whole?',
      installed_at: 'whole',
      activated_at: 'whole?',
      row_version: 'whole',
      updated_at: 'whole',
    },
    key: ['slug'],
  },
  plugin_versions: {
    columns: {
      install_id: 'text',
      position: 'whole',
      slug: 'text',
      incarnation: 'text',
      version: 'text',
      abi_version: 'whole',
      manifest: 'text',
      digest: 'text',
      permissions: 'text',
      role: 'text',
      installed_at: 'whole',
      activated_at: 'whole?',
      retired_at: 'whole?',
      retained_until: 'whole?',
    },
    key: ['install_id'],
  },
  commits: { columns: { id: 'text', happened: 'whole' }, key: ['id'] },
  audit_heads: {
    columns: {
      plugin: 'text',
      last: 'whole',
      sealed: 'whole',
      sealed_mac: 'text?',
      pruned: 'whole',
      pruned_mac: 'text?',
    },
    key: ['plugin'],
  },
  audit: {
    columns: {
      plugin: 'text',
      sequence: 'whole',
      at: 'whole',
      event: 'text',
      severity: 'text',
      principal_kind: 'text',
      principal_label: 'text',
      data: 'text',
      commit_id: 'text',
      mac: 'text?',
    },
    key: ['plugin', 'sequence'],
  },
  leases: { columns: { name: 'text', owner: 'text', token: 'whole', expires_at: 'whole' }, key: ['name'] },
  tombstones: {
    columns: { slug: 'text', incarnation: 'text', left_behind: 'text', reason: 'text', at: 'whole' },
    key: ['slug', 'incarnation'],
  },
  plugin_storage: {
    columns: { slug: 'text', incarnation: 'text', key: 'text', value: 'bytes', version: 'whole' },
    key: ['slug', 'incarnation', 'key'],
  },
  plugin_storage_usage: {
    columns: { slug: 'text', incarnation: 'text', keys: 'whole', bytes: 'whole', writes: 'whole' },
    key: ['slug', 'incarnation'],
  },
  actor_snapshots: { columns: { key: 'text', version: 'whole', writer: 'text', data: 'text' }, key: ['key'] },
  schema_migrations: { columns: { version: 'whole', applied_at: 'whole' }, key: ['version'] },
};

/** What the database of a dialect is made, and recognised, by. */
export function schemaPlan(dialect: SqlDialect): SchemaPlan {
  const { db } = dialect;
  const probes = Object.entries(FIRST).map(([table, { columns }]) =>
    db
      .selectFrom(table as keyof Tables)
      .select(Object.keys(columns) as never)
      .where(sql<boolean>`1 = 0`)
      .compile(),
  );
  return {
    migrations: [[...firstTables(dialect), noteVersion(dialect, 1)]].map((queries) => queries.map(textOf)),
    versions: textOf(db.selectFrom(VERSION_TABLE).select('version').orderBy('version').compile()),
    probes: probes.map(textOf),
  };
}

function firstTables(dialect: SqlDialect): CompiledQuery[] {
  const { schema } = dialect.db;
  const tables = Object.entries(FIRST).map(([name, shape]) => createTable(dialect, name, shape));
  const state = schema.createIndex('plugins_state').on('plugins').column('state');
  const slug = schema.createIndex('plugin_versions_slug').on('plugin_versions').columns(['slug', 'position']);
  const active = schema
    .createIndex('plugin_versions_active')
    .on('plugin_versions')
    .unique()
    .columns(['slug', 'incarnation'])
    .where(sql.ref('role'), '=', sql.lit('active'));
  return [...tables, state.compile(), slug.compile(), active.compile()];
}

function createTable(dialect: SqlDialect, name: string, shape: AnyShape): CompiledQuery {
  const types = dialect.kind === 'sqlite' ? SQLITE_TYPES : POSTGRES_TYPES;
  let table = dialect.db.schema.createTable(name);
  for (const [column, type] of Object.entries(shape.columns)) {
    const isOptional = type.endsWith('?');
    const sqlType = types[type.replace('?', '') as keyof typeof types];
    table = table.addColumn(column, sqlType, (builder) => (isOptional ? builder : builder.notNull()));
  }
  const keyed = table.addPrimaryKeyConstraint(`${name}_key`, [...shape.key] as never);
  return (dialect.kind === 'sqlite' ? keyed.modifyEnd(sql`strict, without rowid`) : keyed).compile();
}

type SqlTypes = Readonly<Record<'text' | 'whole' | 'bytes', RawBuilder<unknown>>>;

const SQLITE_TYPES: SqlTypes = { text: sql`text`, whole: sql`integer`, bytes: sql`blob` };
// In the order of the bytes, also where the order of the database is that of a language.
const POSTGRES_TYPES: SqlTypes = { text: sql`text collate "C"`, whole: sql`bigint`, bytes: sql`bytea` };

function noteVersion(dialect: SqlDialect, version: number): CompiledQuery {
  const values = { version: sql<number>`${sql.lit(version)}`, applied_at: dialect.now };
  return dialect.db.insertInto(VERSION_TABLE).values(values).compile();
}

function textOf(query: CompiledQuery): string {
  return query.sql;
}
