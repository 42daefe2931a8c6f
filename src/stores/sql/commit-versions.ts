import { sql } from 'kysely';
import type { VersionWrite } from '../../ports/lifecycle-store.ts';
import { CONFLICT } from './commit-row.ts';
import type { SqlDialect } from './dialect.ts';
import type { BatchStatement } from './executor.ts';
import { asText, asWhole, expectOne, slot, template } from './template.ts';
import type { Template } from './template.ts';

/** The statements that write versions. */
export interface VersionTemplates {
  readonly addVersion: Template;
  readonly setRole: Template;
  readonly removeVersion: Template;
}

/** Builds the statements that write versions. A second active version is refused by an index. */
export function versionTemplates(dialect: SqlDialect): VersionTemplates {
  const removed = dialect.db.deleteFrom('plugin_versions').where('install_id', '=', slot<string>('installId'));
  return { addVersion: addVersion(dialect), setRole: setRole(dialect), removeVersion: template(removed) };
}

/** The statement of a write. */
export function versionStatement(templates: VersionTemplates, write: VersionWrite): BatchStatement {
  if (write.kind === 'remove') return expectOne(templates.removeVersion, { installId: write.installId }, CONFLICT);
  if (write.kind === 'role') {
    const { installId, from, to, retainMs, permissions } = write;
    const isInUse = to === 'active' || to === 'staged';
    const flags = { isActive: to === 'active' ? 1 : 0, isInUse: isInUse ? 1 : 0 };
    const keptFor = isInUse || retainMs === undefined ? null : retainMs;
    const granted = permissions === undefined ? null : JSON.stringify(permissions);
    const values = { installId, from, to, ...flags, retainMs: keptFor, permissions: granted };
    return expectOne(templates.setRole, values, CONFLICT);
  }
  const { slug, incarnation, installId, version, abiVersion, manifest, digest, role } = write.version;
  const values = {
    slug,
    incarnation,
    installId,
    version,
    abiVersion,
    manifest,
    digest,
    role,
    permissions: JSON.stringify(write.version.permissions),
    isActive: role === 'active' ? 1 : 0,
    retainedUntil: write.version.retainedUntil ?? null,
  };
  return expectOne(templates.addVersion, values, CONFLICT);
}

function addVersion({ db, now }: SqlDialect): Template {
  const position = db
    .selectFrom('plugin_versions')
    .where('slug', '=', slot<string>('slug'))
    .select((builder) => sql<number>`coalesce(${builder.fn.max('position')}, 0) + 1`.as('next'));
  const query = db
    .insertInto('plugin_versions')
    .values({
      install_id: slot<string>('installId'),
      position,
      slug: slot<string>('slug'),
      incarnation: slot<string>('incarnation'),
      version: slot<string>('version'),
      abi_version: slot<number>('abiVersion'),
      manifest: slot<string>('manifest'),
      digest: slot<string>('digest'),
      permissions: slot<string>('permissions'),
      role: slot<string>('role'),
      installed_at: now,
      activated_at: sql<number | null>`case when ${asWhole('isActive')} = 1 then ${now} else null end`,
      retained_until: slot<number>('retainedUntil'),
    })
    .onConflict((conflict) => conflict.doNothing());
  return template(query);
}

function setRole({ db, now }: SqlDialect): Template {
  const isActive = sql<boolean>`${asWhole('isActive')} = 1`;
  const isInUse = sql<boolean>`${asWhole('isInUse')} = 1`;
  const query = db
    .updateTable('plugin_versions')
    .set({
      role: slot<string>('to'),
      permissions: sql<string>`coalesce(${asText('permissions')}, permissions)`,
      activated_at: sql<number | null>`case when ${isActive} then ${now} else activated_at end`,
      retired_at: sql<number | null>`case when ${isInUse} then null else coalesce(retired_at, ${now}) end`,
      // Null plus anything is null.
      retained_until: sql<number | null>`${now} + ${asWhole('retainMs')}`,
    })
    .where('install_id', '=', slot<string>('installId'))
    .where('role', '=', slot<string>('from'));
  return template(query);
}
