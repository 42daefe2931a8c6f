// Removes entries that are too old, or too many.
//
// Invariants:
//   R1. Only what is linked and what all sinks of this host have taken is removed, the oldest first and without a gap.
//   R2. Before entries are removed, a sealed entry says up to which one: a removal that none speaks of is none of ours.
//   R3. The link of the last one removed stays, so that the rest can be verified.
//   R4. Entries about removals alone are no reason for another one, and a removal by number leaves room: else each entry
//       would make the next one.
//   R5. Of a plugin whose entries are damaged nothing is removed, and it keeps no other plugin's entries.

import { AUDIT_EVENTS, requireAtLeast, requirePositiveInteger } from '../../policy/index.ts';
import type { Environment } from '../../ports/index.ts';
import type { AuditEntry, AuditHead, LifecycleStore } from '../../ports/lifecycle-store.ts';
import { isDamage } from './sealer.ts';
import type { Retire } from './sealer.ts';

/** How long entries stay. What is left out is no reason to remove anything. */
export interface AuditRetention {
  /** Milliseconds. At least 1. */
  readonly maxAgeMs?: number | undefined;
  /** Entries of one plugin; up to a tenth more stay for a while. At least 1. */
  readonly maxEntries?: number | undefined;
  /** Milliseconds between two looks. Default an hour. */
  readonly sweepMs?: number | undefined;
}

/** What a retention works with. */
export interface RetirementParts {
  readonly store: LifecycleStore;
  readonly environment: Environment;
  readonly retention: AuditRetention;
  readonly pageSize: number;
  /** The last entry of a plugin that all sinks have taken; undefined when that is not known. */
  readonly delivered: (plugin: string) => number | undefined;
  /** Hears of entries that were removed. */
  readonly onPruned: (plugin: string, entries: number) => void;
}

const HOUR_MS = 3_600_000;

/** Makes what removes old entries; undefined when they all stay. Throws `InvalidOptionsError`. */
export function createRetirement(parts: RetirementParts): Retire | undefined {
  const { maxAgeMs, maxEntries, sweepMs = HOUR_MS } = parts.retention;
  if (maxAgeMs !== undefined) requireAtLeast('retention.maxAgeMs', maxAgeMs, 1);
  if (maxEntries !== undefined) requirePositiveInteger('retention.maxEntries', maxEntries);
  // Once, at the start, is a period, too.
  if (sweepMs !== Number.POSITIVE_INFINITY) requireAtLeast('retention.sweepMs', sweepMs, 0);
  if (maxAgeMs === undefined && maxEntries === undefined) return undefined;
  let dueAt = Number.NEGATIVE_INFINITY;
  return async (record) => {
    const now = parts.environment.clock.monotonic();
    if (now < dueAt) return;
    for (const head of await parts.store.auditHeads()) {
      await retire(parts, head, record).catch((error: unknown) => {
        // R5.
        if (!isDamage(error)) throw error;
      });
    }
    dueAt = now + sweepMs;
  };
}

async function retire(parts: RetirementParts, head: AuditHead, record: Parameters<Retire>[0]): Promise<void> {
  const { store, onPruned } = parts;
  const { plugin, pruned } = head;
  const upTo = Math.min(await wantedOf(parts, head), head.sealed, parts.delivered(plugin) ?? 0);
  if (upTo <= pruned || !(await isWorthwhile(parts, head, upTo))) return;
  // R2. A host that dies between the two has said what it did not do, which is harmless.
  const principal = { kind: 'system', label: 'audit' } as const;
  const isSealed = await record({ event: AUDIT_EVENTS.pruned, plugin, principal, severity: 'info', data: { upTo } });
  if (isSealed && (await store.prune(head, upTo))) onPruned(plugin, upTo - pruned);
}

/** The newest entry that is too old, or one too many; 0 for none. */
async function wantedOf(parts: RetirementParts, head: AuditHead): Promise<number> {
  const { maxEntries } = parts.retention;
  const byAge = await tooOld(parts, head);
  if (maxEntries === undefined) return byAge;
  const slack = Math.max(1, Math.ceil(maxEntries / 10));
  const byNumber = head.last - head.pruned > maxEntries + slack ? head.last - maxEntries : 0;
  return Math.max(byAge, byNumber);
}

/** The last of the entries at the beginning that are too old; one that is not ends them. */
async function tooOld({ store, retention, pageSize }: RetirementParts, head: AuditHead): Promise<number> {
  const { maxAgeMs } = retention;
  if (maxAgeMs === undefined) return 0;
  // By the clock that the entries have their times from: that of a host may be years ahead.
  const before = (await store.now()) - maxAgeMs;
  let last = head.pruned;
  for (;;) {
    const page = await store.auditEntries(head.plugin, last, pageSize);
    const old = page.findIndex(({ at }) => at >= before);
    const end = old === -1 ? page.at(-1) : page[old - 1];
    last = end?.sequence ?? last;
    if (old !== -1 || page.length < pageSize) return last;
  }
}

/** R4. */
async function isWorthwhile(parts: RetirementParts, head: AuditHead, upTo: number): Promise<boolean> {
  let last = head.pruned;
  while (last < upTo) {
    const page = await parts.store.auditEntries(head.plugin, last, Math.min(parts.pageSize, upTo - last));
    if (page.some((entry: AuditEntry) => entry.event !== AUDIT_EVENTS.pruned)) return true;
    const end = page.at(-1);
    if (end === undefined) return false;
    last = end.sequence;
  }
  return false;
}
