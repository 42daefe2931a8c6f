// Commits as batches of statements.
//
// Invariants:
//   K1. The id comes first. Whoever inserts it second waits for the first to end, and then learns what became of it: so a
//       commit never happens twice, and not after somebody was told that it did not.
//   K2. Locks are taken in one order: id, leases by name, the row, heads by plugin. Two commits never wait for each other.
//   K3. Sequences come from the head, which is locked until the end: they have no gap, and the order of the commits.

import { sql } from 'kysely';
import type { Lease, LifecycleCommit } from '../../ports/lifecycle-store.ts';
import { byBytes } from '../byte-order.ts';
import { auditStatements, auditTemplates } from './commit-audit.ts';
import { rowStatements, rowTemplates } from './commit-row.ts';
import { versionStatement, versionTemplates } from './commit-versions.ts';
import type { SqlDialect } from './dialect.ts';
import type { BatchStatement } from './executor.ts';
import { expectOne, slot, template } from './template.ts';
import type { Template } from './template.ts';

/** Calls a commit off: it has happened before, or was given up. */
export const REPEATED = 'repeated';
/** Calls a commit off: a lease is not held. Its name follows. */
export const FENCED = 'fenced:';

/** The statements of commits. */
export type CommitTemplates = IdentityTemplates &
  ReturnType<typeof rowTemplates> &
  ReturnType<typeof versionTemplates> &
  ReturnType<typeof auditTemplates>;

/** Builds the statements of commits. */
export function commitTemplates(dialect: SqlDialect): CommitTemplates {
  return {
    ...identityTemplates(dialect),
    ...rowTemplates(dialect),
    ...versionTemplates(dialect),
    ...auditTemplates(dialect),
  };
}

/** The batch of a checked commit. The row, if one is written, is what statement `rowAt` hands out. */
export function commitBatch(
  templates: CommitTemplates,
  commit: LifecycleCommit,
): { readonly statements: readonly BatchStatement[]; readonly rowAt: number | undefined } {
  const leases = [...(commit.leases ?? [])].sort((a, b) => byBytes(a.name, b.name));
  const statements = [
    expectOne(templates.takeId, { id: commit.id }, REPEATED),
    ...leases.map((lease) => leaseStatement(templates, lease)),
  ];
  const rowAt = commit.row === undefined ? undefined : statements.length;
  if (commit.row !== undefined) statements.push(...rowStatements(templates, commit.row));
  for (const write of commit.versions ?? []) statements.push(versionStatement(templates, write));
  return { statements: [...statements, ...auditStatements(templates, commit)], rowAt };
}

/** The statements by which commits and leases are known. */
export interface IdentityTemplates {
  readonly takeId: Template;
  readonly giveUp: Template;
  readonly happened: Template;
  readonly holdsLease: Template;
}

function identityTemplates({ db, now, kind }: SqlDialect): IdentityTemplates {
  const held = db
    .selectFrom('leases')
    .select('token')
    .where('name', '=', slot<string>('name'))
    .where('owner', '=', slot<string>('owner'))
    .where('token', '=', slot<number>('token'))
    .where('expires_at', '>', now);
  const id = slot<string>('id');
  const note = (happened: number): Template => {
    const values = { id, happened: sql<number>`${sql.lit(happened)}` };
    return template(
      db
        .insertInto('commits')
        .values(values)
        .onConflict((conflict) => conflict.doNothing()),
    );
  };
  return {
    takeId: note(1),
    giveUp: note(0),
    happened: template(db.selectFrom('commits').select('happened').where('id', '=', id)),
    // SQLite has one writer at a time, and no words for this.
    holdsLease: template(kind === 'sqlite' ? held : held.forShare()),
  };
}

function leaseStatement(templates: CommitTemplates, { name, owner, token }: Lease): BatchStatement {
  return expectOne(templates.holdsLease, { name, owner, token }, `${FENCED}${name}`);
}
