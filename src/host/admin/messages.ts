// What the host knows, as messages of the admin service.

import { RuntimeError } from '../../errors/index.ts';
import type {
  AdminError,
  AuditEntry as AuditEntryMessage,
  PluginInfo,
  PluginProcess,
  TailLogsResponse,
} from '../../gen/troupe/admin/v1/admin.ts';
import type { AuditEntry, PluginRow, VersionRow } from '../../ports/lifecycle-store.ts';
import type { LogItem } from '../logs/index.ts';
import type { PluginStatus } from '../plugin.ts';
import { principalText } from './principal.ts';

/** Longest details of an error, in UTF-16 units; longer ones are left out. */
const MAX_DETAILS = 65_536;

/** Any failure as a message. Fields of `details` that JSON cannot hold are left out. */
export function errorMessage(reason: unknown): AdminError {
  const { code, rawMessage, details } = RuntimeError.from(reason);
  const detailsJson = jsonOf(details);
  return { code, message: rawMessage, detailsJson: detailsJson.length > MAX_DETAILS ? '' : detailsJson };
}

/** A plugin as a message. */
export function pluginMessage(
  row: PluginRow,
  process: PluginStatus | undefined,
  versions: readonly VersionRow[] = [],
): PluginInfo {
  const { failure, errorAt = 0, activatedAt = 0 } = row;
  return {
    name: row.slug,
    version: row.version,
    state: row.state,
    incarnation: row.incarnation,
    digest: row.digest,
    abiVersion: row.abiVersion,
    permissions: [...row.permissions],
    awaitingConsent: [...row.awaitingConsent],
    failure:
      failure === undefined
        ? undefined
        : { code: failure.code, message: failure.message, phase: failure.phase, at: BigInt(errorAt) },
    installedAt: BigInt(row.installedAt),
    activatedAt: BigInt(activatedAt),
    rowVersion: BigInt(row.rowVersion),
    process: process === undefined ? undefined : processMessage(process),
    versions: versions.map(({ version, role, digest, installedAt, retainedUntil = 0, installId }) => ({
      version,
      role,
      digest,
      installedAt: BigInt(installedAt),
      retainedUntil: BigInt(retainedUntil),
      installId,
    })),
    crashes: row.trips.length,
  };
}

/** An entry of the audit as a message. */
export function auditMessage(entry: AuditEntry): AuditEntryMessage {
  const { sequence, at, event, plugin, principal, severity, data, mac } = entry;
  return {
    sequence: BigInt(sequence),
    at: BigInt(at),
    event,
    plugin,
    principal: principalText(principal),
    severity,
    dataJson: jsonOf(data),
    sealed: mac !== undefined,
  };
}

/** A line of a log, or a gap in it, as a message. */
export function logMessage(item: LogItem): TailLogsResponse {
  if (item.kind === 'lag') return { item: { $case: 'lag', value: { missed: BigInt(item.missed) } } };
  const { cursor, at, plugin, level, message, fieldsJson } = item.record;
  return {
    item: { $case: 'line', value: { cursor: BigInt(cursor), at: BigInt(at), plugin, level, message, fieldsJson } },
  };
}

function processMessage({ state, pid = 0, restarts, startMs = 0, inFlight }: PluginStatus): PluginProcess {
  return { state, pid, restarts, startMs, inFlight };
}

function jsonOf(value: object): string {
  try {
    return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
  } catch {
    // Cycles and the like: whoever reads the code and the text has the most of it.
    return '';
  }
}
