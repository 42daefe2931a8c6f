// What all stores refuse alike, before anything is written.
//
// Invariants:
//   C1. A text that is taken comes back as it was: no store takes what UTF-8 or PostgreSQL cannot hold.
//   C2. What one store refuses, all refuse, with the same words.

import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import { requirePositiveInteger, requireWhole, shown } from '../policy/index.ts';
import { LASTING_STATES, LONGEST_RETENTION_MS, PASSING_STATES } from '../ports/lifecycle-store.ts';
import type {
  AuditDraft,
  AuditHead,
  Lease,
  LifecycleCommit,
  NewRow,
  RowWrite,
  StorageQuota,
  VersionRole,
  VersionWrite,
} from '../ports/lifecycle-store.ts';
import type { StoredSnapshot } from '../ports/snapshot-store.ts';

/** Most characters of a name, a key or an id. */
export const LONGEST_NAME = 512;
/** Most characters of the data of one audit entry, as JSON. */
export const LONGEST_AUDIT_DATA = 65_536;
/** Most entries that one call reads or seals. */
export const MOST_ENTRIES = 10_000;

const STATES: ReadonlySet<string> = new Set([...LASTING_STATES, ...PASSING_STATES]);
const ROLES: ReadonlySet<string> = new Set<VersionRole>(['staged', 'active', 'retiring', 'retained', 'retired']);
const SEVERITIES: ReadonlySet<string> = new Set<AuditDraft['severity']>(['info', 'warning', 'error']);
const PRINCIPALS: ReadonlySet<string> = new Set<AuditDraft['principal']['kind']>(['user', 'plugin', 'system']);
const EVENT = /^[A-Za-z0-9._]{1,128}$/;
const HEX_64 = /^[0-9a-f]{64}$/;

const DEFAULT_QUOTA: StorageQuota = { keys: 10_000, bytes: 64 * 1024 * 1024 };

/** Returns a text of 1 to `LONGEST_NAME` characters that every store can hold (C1). */
export function checkName(field: string, value: string): string {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_NAME) {
    throw new InvalidOptionsError(field, `must have 1 to ${LONGEST_NAME} characters, got ${shown(value)}`);
  }
  return checkText(field, value);
}

/** Returns a text that every store can hold (C1). */
export function checkText(field: string, value: string): string {
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\0')) return value;
  throw new InvalidOptionsError(field, 'must be a text in Unicode without the character 0');
}

/** Checks everything about a commit that can be told without the database. */
export function checkCommit(commit: LifecycleCommit): void {
  checkName('id', commit.id);
  for (const lease of commit.leases ?? []) checkLease(lease);
  if (commit.row !== undefined) checkRowWrite(commit.row);
  for (const write of commit.versions ?? []) checkVersionWrite(write);
  if (commit.audit.length === 0) throw new InvalidOptionsError('audit', 'must have at least one entry');
  for (const draft of commit.audit) checkDraft(draft);
}

/** Checks a lease that was given back. */
export function checkLease(lease: Lease): void {
  checkName('lease.name', lease.name);
  checkName('lease.owner', lease.owner);
}

/** Checks what a lease is asked for with. */
export function checkLeaseRequest(name: string, owner: string, ttlMs: number): void {
  checkName('lease.name', name);
  checkName('lease.owner', owner);
  requirePositiveInteger('ttlMs', ttlMs);
}

/** The data of an audit entry as it is stored. */
export function auditDataText(data: Readonly<Record<string, unknown>>): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch {
    // A cycle, or a bigint: told below.
  }
  if (text === undefined || !text.startsWith('{')) {
    throw new InvalidOptionsError('audit.data', 'must be an object of plain JSON');
  }
  if (text.length <= LONGEST_AUDIT_DATA) return text;
  throw new InvalidOptionsError('audit.data', `has ${text.length} characters, the limit is ${LONGEST_AUDIT_DATA}`);
}

/** Checks the links that a head is to get. */
export function checkSeal(head: AuditHead, macs: readonly string[]): void {
  checkName('head.plugin', head.plugin);
  if (macs.length < 1 || macs.length > MOST_ENTRIES) {
    throw new InvalidOptionsError('macs', `must be 1 to ${MOST_ENTRIES} links, got ${macs.length}`);
  }
  if (!macs.every((mac) => HEX_64.test(mac))) throw new InvalidOptionsError('macs', 'must have 64 hexadecimal digits');
}

/** Throws unless the entries up to the sequence are sealed and there is one to remove. */
export function requirePrunable(head: AuditHead, sealed: number, upTo: number): void {
  if (Number.isSafeInteger(upTo) && upTo > head.pruned && upTo <= sealed) return;
  throw new InvalidOptionsError('upTo', `must be a sealed entry, ${head.pruned + 1} to ${sealed}, got ${upTo}`);
}

/** Returns how many entries a read may hand out. */
export function checkLimit(limit: number): number {
  return Math.min(requirePositiveInteger('limit', limit), MOST_ENTRIES);
}

/** Returns the sequence after which entries are read. */
export function checkAfter(after: number): number {
  // One below 0 reads from the start: heads that somebody has changed are read, too.
  return requireWhole('after', after, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

/** Returns the version that a key or a snapshot is to have. */
export function checkExpected<Version extends number | undefined>(expected: Version): Version {
  if (expected !== undefined) requireWhole('expected', expected, 0, Number.MAX_SAFE_INTEGER);
  return expected;
}

/** Fills in the defaults of a quota. */
export function resolveQuota(quota: Partial<StorageQuota> = {}): StorageQuota {
  return {
    keys: requirePositiveInteger('quota.keys', quota.keys ?? DEFAULT_QUOTA.keys),
    bytes: requirePositiveInteger('quota.bytes', quota.bytes ?? DEFAULT_QUOTA.bytes),
  };
}

/** The error of a storage that has no room. */
export function storageFull(slug: string, quota: StorageQuota): RuntimeError {
  const limits = `${quota.keys} keys and ${quota.bytes} bytes`;
  return new RuntimeError('PLUGIN_STORAGE_FULL', `the storage of plugin "${slug}" may hold ${limits}`, {
    details: { plugin: slug, ...quota },
  });
}

/** Checks the state of a durable actor. */
export function checkSnapshot(key: string, next: StoredSnapshot): void {
  checkName('key', key);
  checkName('writer', next.writer);
  requirePositiveInteger('version', next.version);
  checkText('data', next.data);
}

function checkRowWrite(write: RowWrite): void {
  if (write.kind === 'insert') return checkNewRow(write.row);
  checkName('row.slug', write.of.slug);
  checkName('row.incarnation', write.of.incarnation);
  if (write.kind === 'delete') {
    for (const text of write.tombstone?.left ?? []) checkText('tombstone.left', text);
    return;
  }
  const { version, abiVersion, manifest, digest, state } = write.change;
  if (version !== undefined) checkName('row.version', version);
  if (abiVersion !== undefined) requirePositiveInteger('row.abiVersion', abiVersion);
  if (manifest !== undefined) checkText('row.manifest', manifest);
  if (digest !== undefined) checkDigest('row.digest', digest);
  if (state !== undefined) checkState(state);
}

function checkNewRow(row: NewRow): void {
  checkName('row.slug', row.slug);
  checkName('row.incarnation', row.incarnation);
  checkName('row.version', row.version);
  requirePositiveInteger('row.abiVersion', row.abiVersion);
  checkText('row.manifest', row.manifest);
  checkDigest('row.digest', row.digest);
  checkState(row.state);
}

function checkVersionWrite(write: VersionWrite): void {
  if (write.kind === 'add') {
    const { slug, incarnation, installId, version, abiVersion, manifest, digest, role } = write.version;
    checkName('version.slug', slug);
    checkName('version.incarnation', incarnation);
    checkName('version.installId', installId);
    checkName('version.version', version);
    requirePositiveInteger('version.abiVersion', abiVersion);
    checkText('version.manifest', manifest);
    checkDigest('version.digest', digest);
    checkRole(role);
    return;
  }
  checkName('version.installId', write.installId);
  if (write.kind === 'role') {
    checkRole(write.from);
    checkRole(write.to);
    if (write.retainMs !== undefined) requireWhole('version.retainMs', write.retainMs, 0, LONGEST_RETENTION_MS);
  }
}

function checkDraft(draft: AuditDraft): void {
  if (!EVENT.test(draft.event)) {
    throw new InvalidOptionsError('audit.event', `must be 1 to 128 of A-Z a-z 0-9 . _, got ${shown(draft.event)}`);
  }
  checkName('audit.plugin', draft.plugin);
  checkName('audit.principal.label', draft.principal.label);
  if (!PRINCIPALS.has(draft.principal.kind)) throw new InvalidOptionsError('audit.principal.kind', 'is unknown');
  if (!SEVERITIES.has(draft.severity)) throw new InvalidOptionsError('audit.severity', 'is unknown');
  auditDataText(draft.data);
}

function checkState(state: string): void {
  if (!STATES.has(state)) throw new InvalidOptionsError('row.state', `is unknown: ${shown(state)}`);
}

function checkRole(role: string): void {
  if (!ROLES.has(role)) throw new InvalidOptionsError('version.role', `is unknown: ${shown(role)}`);
}

function checkDigest(field: string, digest: string): void {
  if (!HEX_64.test(digest)) throw new InvalidOptionsError(field, 'must have 64 hexadecimal digits');
}
