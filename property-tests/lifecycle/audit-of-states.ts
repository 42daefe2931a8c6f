// Whether the audit of plugins tells what became of them (P13): an independent reading of its entries, by their names.

import type { AuditEntry, LifecycleState, PluginRow } from '../../src/ports/lifecycle-store.ts';

type State = LifecycleState | 'absent';
type Told = { readonly from?: State | undefined; readonly to?: State | undefined };

/** What was written, and what was so. */
export interface AuditRecord {
  /** By plugin, as the store has them. */
  readonly entries: Map<string, readonly AuditEntry[]>;
  /** What each commit has left of each plugin, in order. */
  readonly commits: { readonly id: string; readonly plugin: string; readonly row: PluginRow | undefined }[];
}

/** States that the names of entries stand for, where their data does not say so. */
const TOLD: Readonly<Record<string, Told>> = {
  'plugin.installing': { from: 'absent', to: 'installing' },
  'plugin.activating': { to: 'activating' },
  'plugin.deactivating': { from: 'active', to: 'deactivating' },
  'plugin.updating': { to: 'updating' },
  'plugin.uninstalling': { to: 'uninstalling' },
  'plugin.uninstalled': { from: 'uninstalling', to: 'absent' },
};
/** Those that end an update: the plugin is again what it was before. */
const BACK = ['plugin.updated', 'plugin.rollback', 'plugin.update.noop', 'plugin.update.waits'];
/** Those of which the data says from where, and the name says where to. */
const QUARANTINED = 'plugin.quarantined';
/** Those that tell of no state, although their data may name some. */
const SILENT = ['plugin.degraded'];
const PASSING = ['installing', 'activating', 'deactivating', 'updating', 'uninstalling'];

/** The first entry of any plugin that is missing, or does not agree with what was so; undefined when all do. */
export function auditProblem(record: AuditRecord): string | undefined {
  for (const [plugin, entries] of record.entries) {
    const gap = entries.findIndex(({ sequence }, index) => sequence !== index + 1);
    if (gap !== -1) return `entry ${gap + 1} of "${plugin}" is missing`;
    const problem = untoldOf(record, plugin) ?? chainProblem(record, plugin, entries);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** A change of state that no entry of its commit is about. */
function untoldOf({ entries, commits }: AuditRecord, plugin: string): string | undefined {
  let before: State = 'absent';
  for (const { id, row } of commits.filter((one) => one.plugin === plugin)) {
    const state = row?.state ?? 'absent';
    const isTold = state === before || entries.get(plugin)?.some(({ commitId }) => commitId === id) === true;
    if (!isTold) return `nothing tells that "${plugin}" went from ${before} to ${state}`;
    before = state;
  }
  return undefined;
}

/** Follows the states and the versions that the entries tell of. */
function chainProblem({ commits }: AuditRecord, plugin: string, entries: readonly AuditEntry[]): string | undefined {
  const rows = new Map(commits.flatMap((one) => (one.plugin === plugin ? [[one.id, one.row] as const] : [])));
  let [state, origin, version]: [State, State, unknown] = ['absent', 'absent', undefined];
  for (const [index, entry] of entries.entries()) {
    const { sequence, event, data, commitId } = entry;
    const place = `entry ${sequence} of "${plugin}", ${event},`;
    const { from, to } = toldBy(entry, origin);
    if (from !== undefined && from !== state) return `${place} begins at ${from}, and the plugin was ${state}`;
    state = to ?? state;
    if (!PASSING.includes(state)) origin = state;
    if (event === 'plugin.installing') version = data['version'];
    if (event === 'plugin.updated' || event === 'plugin.rollback') {
      if (data['from'] !== version) return `${place} is of ${String(data['from'])}, and ${String(version)} was there`;
      version = data['to'];
    }
    if (entries[index + 1]?.commitId === commitId) continue;
    const row = rows.get(commitId);
    const actual = row?.state ?? 'absent';
    if (actual !== state) return `${place} leads to ${state}, and the plugin is ${actual}`;
    if (row !== undefined && row.version !== version) return `${place} leads to ${String(version)}, not ${row.version}`;
  }
  return undefined;
}

function toldBy({ event, data }: AuditEntry, origin: State): Told {
  if (SILENT.includes(event)) return {};
  if (BACK.includes(event)) return { from: 'updating', to: origin };
  const { from, to } = data as Told;
  return TOLD[event] ?? { from, to: event === QUARANTINED ? 'quarantined' : to };
}
