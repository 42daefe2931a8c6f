import type { AuditEntry, AuditHead } from '../../ports/lifecycle-store.ts';
import { byBytes } from '../byte-order.ts';
import { requirePrunable } from '../check.ts';
import type { MemoryTables } from './tables.ts';

/** All heads, by plugin. */
export function headsOf(tables: MemoryTables): AuditHead[] {
  return [...tables.heads.values()].map((head) => ({ ...head })).sort((a, b) => byBytes(a.plugin, b.plugin));
}

/** Entries of a plugin after a sequence. */
export function entriesOf(tables: MemoryTables, plugin: string, after: number, limit: number): AuditEntry[] {
  const entries = (tables.entries.get(plugin) ?? []).filter(({ sequence }) => sequence > after).slice(0, limit);
  return entries.map((entry) => ({
    ...entry,
    principal: { ...entry.principal },
    data: JSON.parse(entry.data) as Record<string, unknown>,
  }));
}

/** Sets the links of the entries after the sealed ones. */
export function sealEntries(tables: MemoryTables, head: AuditHead, macs: readonly string[]): boolean {
  const now = tables.heads.get(head.plugin);
  const upTo = head.sealed + macs.length;
  if (now === undefined || now.sealed !== head.sealed || now.last < upTo) return false;
  const entries = tables.entries.get(head.plugin) ?? [];
  const sealed = entries.map((entry) => {
    const mac = macs[entry.sequence - head.sealed - 1];
    return mac === undefined ? entry : { ...entry, mac };
  });
  tables.entries.set(head.plugin, sealed);
  tables.heads.set(head.plugin, { ...now, sealed: upTo, sealedMac: macs.at(-1) });
  return true;
}

/** Removes sealed entries up to a sequence. */
export function pruneEntries(tables: MemoryTables, head: AuditHead, upTo: number): boolean {
  const now = tables.heads.get(head.plugin);
  if (now === undefined || now.pruned !== head.pruned) return false;
  requirePrunable(head, now.sealed, upTo);
  const entries = tables.entries.get(head.plugin) ?? [];
  const prunedMac = entries.find(({ sequence }) => sequence === upTo)?.mac;
  const kept = entries.filter(({ sequence }) => sequence > upTo);
  tables.entries.set(head.plugin, kept);
  tables.heads.set(head.plugin, { ...now, pruned: upTo, prunedMac });
  for (const { sequence, commitId } of entries) if (sequence <= upTo) tables.commits.delete(commitId);
  return true;
}
