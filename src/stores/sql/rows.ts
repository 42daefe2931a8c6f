// Between rows of the database and what the stores hand out. What cannot be one of ours is told as damage, not passed on.

import { RuntimeError } from '../../errors/index.ts';
import { LASTING_STATES, PASSING_STATES } from '../../ports/lifecycle-store.ts';
import type {
  AuditEntry,
  AuditHead,
  LifecycleState,
  PluginRow,
  Principal,
  StoredFailure,
  Tombstone,
  VersionRole,
  VersionRow,
} from '../../ports/lifecycle-store.ts';
import type { SqlRow, SqlValue } from './executor.ts';

const STATES: readonly LifecycleState[] = [...LASTING_STATES, ...PASSING_STATES];
const ROLES: readonly VersionRole[] = ['staged', 'active', 'retiring', 'retained', 'retired'];
const SEVERITIES: readonly AuditEntry['severity'][] = ['info', 'warning', 'error'];
const PRINCIPALS: readonly Principal['kind'][] = ['user', 'plugin', 'system'];

/** A plugin as it is handed out. */
export function toPluginRow(row: SqlRow): PluginRow {
  const failure = optionalText(row, 'last_error');
  return {
    slug: text(row, 'slug'),
    incarnation: text(row, 'incarnation'),
    version: text(row, 'version'),
    abiVersion: whole(row, 'abi_version'),
    manifest: text(row, 'manifest'),
    digest: text(row, 'digest'),
    state: oneOf(row, 'state', STATES),
    permissions: texts(row, 'permissions'),
    awaitingConsent: texts(row, 'awaiting_consent'),
    trips: json(row, 'trips', isNumbers),
    failure: failure === undefined ? undefined : withFrom(json(row, 'last_error', isFailure)),
    errorAt: optionalWhole(row, 'error_at'),
    installedAt: whole(row, 'installed_at'),
    activatedAt: optionalWhole(row, 'activated_at'),
    rowVersion: whole(row, 'row_version'),
    updatedAt: whole(row, 'updated_at'),
  };
}

/** A version as it is handed out. */
export function toVersionRow(row: SqlRow): VersionRow {
  return {
    slug: text(row, 'slug'),
    incarnation: text(row, 'incarnation'),
    installId: text(row, 'install_id'),
    version: text(row, 'version'),
    abiVersion: whole(row, 'abi_version'),
    manifest: text(row, 'manifest'),
    digest: text(row, 'digest'),
    permissions: texts(row, 'permissions'),
    role: oneOf(row, 'role', ROLES),
    installedAt: whole(row, 'installed_at'),
    activatedAt: optionalWhole(row, 'activated_at'),
    retiredAt: optionalWhole(row, 'retired_at'),
    retainedUntil: optionalWhole(row, 'retained_until'),
  };
}

/** An entry of the audit as it is handed out. */
export function toAuditEntry(row: SqlRow): AuditEntry {
  return {
    event: text(row, 'event'),
    plugin: text(row, 'plugin'),
    principal: { kind: oneOf(row, 'principal_kind', PRINCIPALS), label: text(row, 'principal_label') },
    severity: oneOf(row, 'severity', SEVERITIES),
    data: json(row, 'data', isRecord),
    sequence: whole(row, 'sequence'),
    at: whole(row, 'at'),
    commitId: text(row, 'commit_id'),
    mac: optionalText(row, 'mac'),
  };
}

/** Where the audit of a plugin stands, as it is handed out. */
export function toAuditHead(row: SqlRow): AuditHead {
  return {
    plugin: text(row, 'plugin'),
    last: whole(row, 'last'),
    sealed: whole(row, 'sealed'),
    sealedMac: optionalText(row, 'sealed_mac'),
    pruned: whole(row, 'pruned'),
    prunedMac: optionalText(row, 'pruned_mac'),
  };
}

/** A tombstone as it is handed out. */
export function toTombstone(row: SqlRow): Tombstone & { slug: string; incarnation: string; at: number } {
  return {
    left: texts(row, 'left_behind'),
    reason: text(row, 'reason'),
    slug: text(row, 'slug'),
    incarnation: text(row, 'incarnation'),
    at: whole(row, 'at'),
  };
}

/** A failure as it is stored. */
export function failureText(failure: StoredFailure): string {
  const { code, message, phase, from } = failure;
  return JSON.stringify({ code, message, phase, from });
}

/** The text of a column. */
export function text(row: SqlRow, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : damaged(column, value);
}

/** The whole number of a column. */
export function whole(row: SqlRow, column: string): number {
  const value = row[column];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : damaged(column, value);
}

/** The bytes of a column, as a copy. */
export function bytes(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? Uint8Array.from(value) : damaged(column, value);
}

function optionalText(row: SqlRow, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column);
}

function optionalWhole(row: SqlRow, column: string): number | undefined {
  return row[column] === null ? undefined : whole(row, column);
}

function oneOf<T extends string>(row: SqlRow, column: string, values: readonly T[]): T {
  const value = row[column];
  return values.find((one) => one === value) ?? damaged(column, value);
}

function texts(row: SqlRow, column: string): readonly string[] {
  return json(row, column, isTexts);
}

function json<T>(row: SqlRow, column: string, is: (value: unknown) => value is T): T {
  let value: unknown;
  try {
    value = JSON.parse(text(row, column));
  } catch {
    // Told below, without the text: it may hold what is nobody's business.
  }
  return is(value) ? value : damaged(column, undefined);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFailure(value: unknown): value is StoredFailure {
  return isRecord(value) && ['code', 'message', 'phase'].every((name) => typeof value[name] === 'string');
}

/** JSON has no undefined. */
function withFrom({ code, message, phase, from }: StoredFailure): StoredFailure {
  return { code, message, phase, from };
}

function damaged(column: string, value: SqlValue | undefined): never {
  const found = value === null ? 'null' : `a ${typeof value}`;
  throw new RuntimeError(
    'STORE_CORRUPTED',
    `the column "${column}" holds ${found} that was not stored by this package`,
  );
}
