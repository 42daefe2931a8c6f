import { sql } from 'kysely';
import type { NewRow, RowChange, RowKey, RowWrite, Tombstone } from '../../ports/lifecycle-store.ts';
import type { SqlDialect } from './dialect.ts';
import type { BatchStatement } from './executor.ts';
import { failureText } from './rows.ts';
import { asText, asWhole, bind, expectOne, slot, template } from './template.ts';
import type { Bindings, Template } from './template.ts';

/** Calls a commit off: a row is not as it was read. */
export const CONFLICT = 'conflict';

/** The statements that write the row of a plugin. */
export interface RowTemplates {
  readonly insertRow: Template;
  readonly updateRow: Template;
  readonly deleteRow: Template;
  readonly putTombstone: Template;
}

/** Builds the statements that write the row of a plugin. */
export function rowTemplates(dialect: SqlDialect): RowTemplates {
  const { db } = dialect;
  const deleteRow = db
    .deleteFrom('plugins')
    .where('slug', '=', slot<string>('slug'))
    .where('incarnation', '=', slot<string>('incarnation'))
    .where('row_version', '=', slot<number>('rowVersion'));
  return {
    insertRow: insertRow(dialect),
    updateRow: updateRow(dialect),
    deleteRow: template(deleteRow),
    putTombstone: putTombstone(dialect),
  };
}

/** The statements of a write; the first hands out the row, unless it removes it. */
export function rowStatements(templates: RowTemplates, write: RowWrite): BatchStatement[] {
  if (write.kind === 'insert') return [expectOne(templates.insertRow, newRowBindings(write.row), CONFLICT)];
  const key = keyBindings(write.of);
  if (write.kind === 'update') {
    return [expectOne(templates.updateRow, { ...key, ...changeBindings(write.change) }, CONFLICT)];
  }
  const removed = expectOne(templates.deleteRow, key, CONFLICT);
  if (write.tombstone === undefined) return [removed];
  return [removed, bind(templates.putTombstone, { ...key, ...tombstoneBindings(write.tombstone) })];
}

function insertRow({ db, now }: SqlDialect): Template {
  const isFailed = sql<number | null>`case when ${asText('lastError')} is null then null else ${now} end`;
  const query = db
    .insertInto('plugins')
    .values({
      slug: slot<string>('slug'),
      incarnation: slot<string>('incarnation'),
      version: slot<string>('version'),
      abi_version: slot<number>('abiVersion'),
      manifest: slot<string>('manifest'),
      digest: slot<string>('digest'),
      state: slot<string>('state'),
      permissions: slot<string>('permissions'),
      awaiting_consent: slot<string>('awaitingConsent'),
      trips: slot<string>('trips'),
      last_error: slot<string>('lastError'),
      error_at: isFailed,
      installed_at: now,
      row_version: sql<number>`1`,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll();
  return template(query);
}

/** One statement for all changes: what is null stays as it is. */
function updateRow({ db, now }: SqlDialect): Template {
  const keeps = sql<boolean>`${asWhole('setsError')} = 0`;
  const activates = sql<boolean>`${asWhole('activates')} = 1`;
  const isCleared = sql<boolean>`${asText('lastError')} is null`;
  const query = db
    .updateTable('plugins')
    .set({
      version: sql<string>`coalesce(${asText('version')}, version)`,
      abi_version: sql<number>`coalesce(${asWhole('abiVersion')}, abi_version)`,
      manifest: sql<string>`coalesce(${asText('manifest')}, manifest)`,
      digest: sql<string>`coalesce(${asText('digest')}, digest)`,
      state: sql<string>`coalesce(${asText('state')}, state)`,
      permissions: sql<string>`coalesce(${asText('permissions')}, permissions)`,
      awaiting_consent: sql<string>`coalesce(${asText('awaitingConsent')}, awaiting_consent)`,
      trips: sql<string>`coalesce(${asText('trips')}, trips)`,
      last_error: sql<string | null>`case when ${keeps} then last_error else ${asText('lastError')} end`,
      error_at: sql<number | null>`case when ${keeps} then error_at when ${isCleared} then null else ${now} end`,
      activated_at: sql<number | null>`case when ${activates} then ${now} else activated_at end`,
      row_version: sql<number>`row_version + 1`,
      updated_at: now,
    })
    .where('slug', '=', slot<string>('slug'))
    .where('incarnation', '=', slot<string>('incarnation'))
    .where('row_version', '=', slot<number>('rowVersion'))
    .returningAll();
  return template(query);
}

function putTombstone({ db, now }: SqlDialect): Template {
  const query = db
    .insertInto('tombstones')
    .values({
      slug: slot<string>('slug'),
      incarnation: slot<string>('incarnation'),
      left_behind: slot<string>('left'),
      reason: slot<string>('reason'),
      at: now,
    })
    .onConflict((conflict) =>
      conflict.columns(['slug', 'incarnation']).doUpdateSet((builder) => ({
        left_behind: builder.ref('excluded.left_behind'),
        reason: builder.ref('excluded.reason'),
        at: builder.ref('excluded.at'),
      })),
    );
  return template(query);
}

function keyBindings({ slug, incarnation, rowVersion }: RowKey): Bindings {
  return { slug, incarnation, rowVersion };
}

function newRowBindings(row: NewRow): Bindings {
  const { slug, incarnation, version, abiVersion, manifest, digest, state, failure } = row;
  return {
    slug,
    incarnation,
    version,
    abiVersion,
    manifest,
    digest,
    state,
    permissions: JSON.stringify(row.permissions),
    awaitingConsent: JSON.stringify(row.awaitingConsent),
    trips: JSON.stringify(row.trips),
    lastError: failure === undefined ? null : failureText(failure),
  };
}

function changeBindings(change: RowChange): Bindings {
  const { version, abiVersion, manifest, digest, state, permissions, awaitingConsent, trips, failure } = change;
  return {
    version: version ?? null,
    abiVersion: abiVersion ?? null,
    manifest: manifest ?? null,
    digest: digest ?? null,
    state: state ?? null,
    permissions: permissions === undefined ? null : JSON.stringify(permissions),
    awaitingConsent: awaitingConsent === undefined ? null : JSON.stringify(awaitingConsent),
    trips: trips === undefined ? null : JSON.stringify(trips),
    setsError: 'failure' in change ? 1 : 0,
    lastError: failure === undefined ? null : failureText(failure),
    activates: change.isActivated === true ? 1 : 0,
  };
}

function tombstoneBindings({ left, reason }: Tombstone): Bindings {
  return { left: JSON.stringify(left), reason };
}
