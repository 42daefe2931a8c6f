import { RuntimeError } from '../../errors/index.ts';
import type {
  AuditDraft,
  CommitOutcome,
  LifecycleCommit,
  PluginRow,
  RowChange,
  RowWrite,
  VersionRow,
  VersionWrite,
} from '../../ports/lifecycle-store.ts';
import { byBytes } from '../byte-order.ts';
import { auditDataText } from '../check.ts';
import { holds } from './leases.ts';
import { installationKey } from './tables.ts';
import type { MemoryTables, StoredEntry } from './tables.ts';

/** Does a checked commit at once, or nothing of it. */
export function applyCommit(tables: MemoryTables, commit: LifecycleCommit, now: number): CommitOutcome {
  const known = tables.commits.get(commit.id);
  if (known !== undefined) return repeated(tables, commit, known);
  const names = (commit.leases ?? []).filter((lease) => !holds(tables, lease, now)).map(({ name }) => name);
  const [lost] = names.sort(byBytes);
  if (lost !== undefined) return { kind: 'fenced', lease: lost };
  const slug = slugOf(commit.row);
  const before = slug === undefined ? undefined : tables.plugins.get(slug);
  const conflict: CommitOutcome = { kind: 'conflict', actual: copyOf(before) };
  if (commit.row !== undefined && !fits(commit.row, before)) return conflict;
  const versions = writeVersions(tables.versions, commit.versions ?? [], now);
  if (versions === undefined) return conflict;
  // Nothing can fail from here on.
  const row = commit.row === undefined ? undefined : writeRow(tables, commit.row, before, now);
  tables.versions = versions;
  writeAudit(tables, commit, now);
  return { kind: 'committed', row: copyOf(row) };
}

/** The slug of a row write. */
export function slugOf(write: RowWrite | undefined): string | undefined {
  return write?.kind === 'insert' ? write.row.slug : write?.of.slug;
}

/** A commit that comes again is not done again. */
function repeated(tables: MemoryTables, commit: LifecycleCommit, happened: boolean): CommitOutcome {
  if (!happened) throw new RuntimeError('COMMIT_ABANDONED', `commit "${commit.id}" was given up before it happened`);
  return { kind: 'committed', row: copyOf(rowOf(tables, commit)) };
}

function rowOf(tables: MemoryTables, commit: LifecycleCommit): PluginRow | undefined {
  const slug = slugOf(commit.row);
  return slug === undefined ? undefined : tables.plugins.get(slug);
}

function fits(write: RowWrite, row: PluginRow | undefined): boolean {
  if (write.kind === 'insert') return row === undefined;
  return row?.incarnation === write.of.incarnation && row.rowVersion === write.of.rowVersion;
}

function writeRow(
  tables: MemoryTables,
  write: RowWrite,
  before: PluginRow | undefined,
  now: number,
): PluginRow | undefined {
  if (write.kind === 'delete') {
    const { slug, incarnation } = write.of;
    tables.plugins.delete(slug);
    if (write.tombstone === undefined) return undefined;
    const key = installationKey(slug, incarnation);
    tables.tombstones.set(key, { ...structuredClone(write.tombstone), slug, incarnation, at: now });
    return undefined;
  }
  const row = write.kind === 'insert' ? newRow(write.row, now) : before && changedRow(before, write.change, now);
  if (row !== undefined) tables.plugins.set(row.slug, structuredClone(row));
  return row;
}

function newRow(row: Extract<RowWrite, { kind: 'insert' }>['row'], now: number): PluginRow {
  return {
    ...row,
    errorAt: row.failure === undefined ? undefined : now,
    installedAt: now,
    activatedAt: undefined,
    rowVersion: 1,
    updatedAt: now,
  };
}

function changedRow(row: PluginRow, change: RowChange, now: number): PluginRow {
  const { isActivated, ...fields } = change;
  const errorAt = 'failure' in fields ? (fields.failure === undefined ? undefined : now) : row.errorAt;
  const activatedAt = isActivated === true ? now : row.activatedAt;
  return { ...row, ...fields, errorAt, activatedAt, rowVersion: row.rowVersion + 1, updatedAt: now };
}

/** The versions after the writes, in their order; undefined when one does not fit. */
function writeVersions(
  versions: readonly VersionRow[],
  writes: readonly VersionWrite[],
  now: number,
): readonly VersionRow[] | undefined {
  let result = versions;
  for (const write of writes) {
    const next = writeVersion(result, write, now);
    if (next === undefined || hasTwoActive(next)) return undefined;
    result = next;
  }
  return result;
}

function writeVersion(
  versions: readonly VersionRow[],
  write: VersionWrite,
  now: number,
): readonly VersionRow[] | undefined {
  if (write.kind === 'add') {
    const { installId, role } = write.version;
    if (versions.some((one) => one.installId === installId)) return undefined;
    const activatedAt = role === 'active' ? now : undefined;
    return [...versions, { ...structuredClone(write.version), installedAt: now, activatedAt, retiredAt: undefined }];
  }
  const found = versions.find((one) => one.installId === write.installId);
  if (found === undefined) return undefined;
  if (write.kind === 'remove') return versions.filter((one) => one !== found);
  if (found.role !== write.from) return undefined;
  return versions.map((one) => (one === found ? inRole(found, write, now) : one));
}

function inRole(version: VersionRow, write: Extract<VersionWrite, { kind: 'role' }>, now: number): VersionRow {
  const { to, retainMs, permissions = version.permissions } = write;
  const isInUse = to === 'active' || to === 'staged';
  return {
    ...version,
    role: to,
    permissions: [...permissions],
    activatedAt: to === 'active' ? now : version.activatedAt,
    retiredAt: isInUse ? undefined : (version.retiredAt ?? now),
    retainedUntil: isInUse || retainMs === undefined ? undefined : now + retainMs,
  };
}

function hasTwoActive(versions: readonly VersionRow[]): boolean {
  const active = versions.filter(({ role }) => role === 'active');
  return new Set(active.map(({ slug, incarnation }) => installationKey(slug, incarnation))).size < active.length;
}

function writeAudit(tables: MemoryTables, commit: LifecycleCommit, now: number): void {
  for (const draft of commit.audit) writeEntry(tables, draft, commit.id, now);
  tables.commits.set(commit.id, true);
}

function writeEntry(tables: MemoryTables, draft: AuditDraft, commitId: string, now: number): void {
  const { event, plugin, principal, severity, data } = draft;
  const begun = { plugin, last: 0, sealed: 0, sealedMac: undefined, pruned: 0, prunedMac: undefined };
  const head = tables.heads.get(plugin) ?? begun;
  const sequence = head.last + 1;
  const { kind, label } = principal;
  const fields = { event, plugin, principal: { kind, label }, severity, data: auditDataText(data) };
  const entry: StoredEntry = { ...fields, sequence, at: now, commitId, mac: undefined };
  tables.heads.set(plugin, { ...head, last: sequence });
  const entries = tables.entries.get(plugin);
  if (entries === undefined) tables.entries.set(plugin, [entry]);
  else entries.push(entry);
}

function copyOf(row: PluginRow | undefined): PluginRow | undefined {
  return structuredClone(row);
}
