// What the commits of the lifecycle say. Pure: from a row and an operation to a change, and to the entry that tells of it.
//
// Invariants:
//   D1. The first commit of an operation writes down the failure that holds if no second one follows; the chart and the next
//       boot read from it where the operation began.
//   D2. Every commit has an entry. The name of one that begins an operation says which state it enters; one that ends an
//       operation has the state before and after, or the versions.

import { isPassing, originOf, resetTarget } from '../../machines/index.ts';
import type { LifecycleOutcome } from '../../machines/index.ts';
import { AUDIT_EVENTS } from '../../policy/index.ts';
import type {
  AuditDraft,
  LastingState,
  LifecycleState,
  PassingState,
  PluginRow,
  RowChange,
  RowKey,
  StoredFailure,
} from '../../ports/lifecycle-store.ts';
import { boundedData } from './bounded-data.ts';
import type { RequestDetails } from './request.ts';

/** What an entry of the audit says besides who, when and of whom. */
export interface EntryParts {
  readonly event: string;
  readonly severity?: AuditDraft['severity'];
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An entry about a plugin, short enough for a store. */
export function entry(plugin: string, { principal }: RequestDetails, parts: EntryParts): AuditDraft {
  const { event, severity = 'info', data = {} } = parts;
  return { event, plugin, principal, severity, data: boundedData(data) };
}

/** Names the row that was read. */
export function keyOf({ slug, incarnation, rowVersion }: PluginRow): RowKey {
  return { slug, incarnation, rowVersion };
}

/** D1. */
export function interruption(
  plugin: string,
  phase: PassingState,
  from: LastingState | undefined,
  removesData = false,
): StoredFailure {
  const code = removesData ? 'REMOVAL_INTERRUPTED' : 'OPERATION_INTERRUPTED';
  return { code, message: `a host ended while plugin "${plugin}" was ${phase}`, phase, from };
}

/** Whether an uninstall that was begun removes data, too: its row says so, since the request is gone with its host. */
export function removesData(row: PluginRow | undefined, details: RequestDetails): boolean {
  return details.removeData === true || row?.failure?.code === 'REMOVAL_INTERRUPTED';
}

/** Enters a passing state. */
export function enter(row: PluginRow, phase: PassingState, isRemoval = false): RowChange {
  return { state: phase, failure: interruption(row.slug, phase, originOf(row), isRemoval) };
}

/** What `reset` makes of a row. */
export function resetChange(row: PluginRow): RowChange {
  if (resetTarget(row) === 'inactive') return { state: 'inactive', failure: undefined, trips: [] };
  return { state: 'installing', failure: interruption(row.slug, 'installing', undefined), trips: [] };
}

/** Where the recovery of an abandoned row leads at once; undefined when the row is gone on with as it is. */
export function recoveryTarget(row: PluginRow): LifecycleState | undefined {
  switch (row.state) {
    case 'activating':
    case 'updating':
      return originOf(row);
    case 'deactivating':
      return 'inactive';
    case 'pending_uninstall':
    case 'uninstalling':
      return 'uninstalling';
    case 'installing':
      return 'installing';
    default:
      return undefined;
  }
}

/** What recovery makes of an abandoned row. */
export function recoveryChange(row: PluginRow, to: LifecycleState): RowChange {
  if (to === 'uninstalling') return enter(row, to, row.failure?.code === 'REMOVAL_INTERRUPTED');
  if (to === 'installing') return { state: to };
  return { state: to, failure: to === 'quarantined' ? row.failure : undefined };
}

/** The failure that an outcome leaves in the row. */
export function storedFailure(
  row: PluginRow,
  outcome: LifecycleOutcome,
  details: RequestDetails,
): StoredFailure | undefined {
  const { to, failure } = outcome;
  if (to === 'pending_uninstall') {
    const begun = interruption(row.slug, 'uninstalling', originOf(row), removesData(row, details));
    return { ...begun, message: failure?.message ?? begun.message };
  }
  if (to !== 'errored' && to !== 'quarantined') return undefined;
  const isInstalling = row.state === 'installing';
  const { code, message } = failure ?? row.failure ?? { code: 'INTERNAL', message: 'failed without a reason' };
  return {
    code,
    message,
    phase: isPassing(row.state) ? row.state : 'active',
    from: isInstalling ? undefined : originOf(row),
  };
}

/** The entry of the last commit. */
export function settledEntry(row: PluginRow, outcome: LifecycleOutcome, details: RequestDetails): EntryParts {
  const { to, failure } = outcome;
  const data = { from: row.state, to, version: row.version };
  if (to === 'errored') return { event: AUDIT_EVENTS.errored, severity: 'error', data: { ...data, ...failure } };
  if (to === 'pending_uninstall')
    return { event: 'plugin.uninstall.failed', severity: 'error', data: { ...data, ...failure } };
  if (failure !== undefined) {
    return { event: `plugin.${details.operation}.failed`, severity: 'warning', data: { ...data, ...failure } };
  }
  switch (to) {
    case 'active':
      return { event: AUDIT_EVENTS.activated, data: { ...data, operation: details.operation } };
    case 'inactive':
      return { event: AUDIT_EVENTS.deactivated, data };
    case 'installed':
      return { event: AUDIT_EVENTS.installed, data: { ...data, digest: row.digest, permissions: row.permissions } };
    default:
      return { event: AUDIT_EVENTS.quarantined, severity: 'warning', data };
  }
}
