// Hands the sealed entries of all plugins to one sink.
//
// Invariants:
//   F1. A sink gets the entries of a plugin in order: each batch begins behind the last entry that the sink is known to
//       have taken.
//   F2. The cursor moves after the sink has taken a batch, never before: what fails in between comes again.
//   F3. No more than one batch of entries is in memory.
//   F4. Entries that were removed before the sink has got them are counted, and it goes on behind them.

import { RuntimeError } from '../../errors/index.ts';
import type { AuditSink, SealedEntry } from '../../ports/index.ts';
import type { AuditEntry, AuditHead, LifecycleStore } from '../../ports/lifecycle-store.ts';
import { loadCursor, saveCursor } from './cursor.ts';
import type { Delivered, StoredCursor } from './cursor.ts';

/** What a feed works on. */
export interface SinkFeedParts {
  readonly store: LifecycleStore;
  readonly key: Uint8Array;
  readonly sink: AuditSink;
  /** Most entries of one batch. */
  readonly batchSize: number;
  /** Tells this writer's cursors from those of others. */
  readonly writer: string;
  /** Hears of a cursor that cannot be used. */
  readonly onCursorRefused: () => void;
  /** Hears of entries that were removed before the sink got them (F4). */
  readonly onMissed: (plugin: string, entries: number) => void;
  /** Hears of entries that the sink has taken. */
  readonly onDelivered: (entries: number) => void;
}

/** The way to one sink. It owns nothing that must be closed. */
export class SinkFeed {
  readonly #parts: SinkFeedParts;
  #stored: StoredCursor | undefined;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(parts: SinkFeedParts) {
    this.#parts = parts;
  }

  /** The last entry of a plugin that the sink is known to have taken; undefined when that is not known. */
  delivered(plugin: string): number | undefined {
    return this.#stored === undefined ? undefined : (this.#stored.cursor.get(plugin)?.sequence ?? 0);
  }

  /** Hands one batch over. Whether there is more. Rejects with what the store or the sink failed with. */
  deliver(heads: readonly AuditHead[], signal: AbortSignal): Promise<boolean> {
    const delivery = this.#deliver(heads, signal);
    this.#underWay = delivery.catch(() => {
      // Whoever has called has heard of it.
    });
    return delivery;
  }

  /** Settles when no call of the sink is under way. A sink may hang for ever. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async #deliver(heads: readonly AuditHead[], signal: AbortSignal): Promise<boolean> {
    const stored = await this.#load();
    const batch = await this.#collect(stored, heads);
    if (batch.cursor === undefined || signal.aborted) return batch.more;
    if (batch.entries.length > 0) await this.#write(batch.entries, signal);
    // Also when it was given up: the sink has them, and a cursor that somebody else has moved stays as it is.
    if (!(await this.#save({ ...stored, cursor: batch.cursor }))) return true;
    for (const [plugin, entries] of batch.missed) this.#parts.onMissed(plugin, entries);
    this.#parts.onDelivered(batch.entries.length);
    return batch.more;
  }

  async #write(entries: readonly SealedEntry[], signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.sink.write(entries, { signal });
    } catch (error) {
      throw RuntimeError.from(error, 'AUDIT_SINK_FAILED');
    }
  }

  async #load(): Promise<StoredCursor> {
    if (this.#stored !== undefined) return this.#stored;
    const { store, key, sink, onCursorRefused } = this.#parts;
    const stored = await loadCursor(store.snapshots, key, sink.name);
    if (!stored.isGenuine) onCursorRefused();
    this.#stored = stored;
    return stored;
  }

  async #save({ cursor, version }: StoredCursor): Promise<boolean> {
    const { store, key, sink, writer } = this.#parts;
    // Until it is clear that it was written, nothing is: F2.
    this.#stored = undefined;
    const isOwn = await saveCursor(store.snapshots, key, { sink: sink.name, cursor, version, writer });
    if (isOwn) this.#stored = { cursor, version: (version ?? 0) + 1, isGenuine: true };
    return isOwn;
  }

  /** F3. */
  async #collect({ cursor: before }: StoredCursor, heads: readonly AuditHead[]): Promise<Batch> {
    const { store, batchSize } = this.#parts;
    const entries: SealedEntry[] = [];
    const missed: [plugin: string, entries: number][] = [];
    const cursor = new Map(before);
    const batch = (more: boolean): Batch => ({ entries, missed, more, cursor: hasChanged ? cursor : undefined });
    let hasChanged = false;
    for (const head of heads) {
      const start = startOf(head, before.get(head.plugin));
      if (start >= head.sealed) continue;
      if (entries.length >= batchSize) return batch(true);
      // F4. The head may be older than the last removal; then the store says where it goes on.
      const limit = Math.min(batchSize - entries.length, head.sealed - start);
      const page = sealedRun(await store.auditEntries(head.plugin, start, limit), head.sealed);
      const first = page.at(0)?.sequence ?? (head.pruned >= head.sealed ? head.sealed + 1 : start + 1);
      if (first > start + 1) missed.push([head.plugin, first - start - 1]);
      const last = page.at(-1) ?? { sequence: first - 1, mac: head.prunedMac ?? '' };
      if (last.sequence <= start) continue;
      entries.push(...page);
      cursor.set(head.plugin, { sequence: last.sequence, mac: last.mac });
      hasChanged = true;
      if (last.sequence < head.sealed) return batch(true);
    }
    return batch(false);
  }
}

/** What is handed over at once. */
interface Batch {
  readonly entries: readonly SealedEntry[];
  /** Entries that were removed before the sink got them, by plugin. */
  readonly missed: readonly (readonly [plugin: string, entries: number])[];
  /** As it is after the batch; undefined when nothing has changed. */
  readonly cursor: ReadonlyMap<string, Delivered> | undefined;
  readonly more: boolean;
}

function startOf({ last }: AuditHead, delivered: Delivered | undefined): number {
  const sequence = delivered?.sequence ?? 0;
  // The store is younger than the cursor, as after a backup was brought back: what it has now the sink has never seen.
  return sequence > last ? 0 : sequence;
}

/** The entries with a link, up to the first without. */
function sealedRun(entries: readonly AuditEntry[], sealed: number): readonly SealedEntry[] {
  const run: SealedEntry[] = [];
  for (const entry of entries) {
    const { mac } = entry;
    if (mac === undefined || entry.sequence > sealed) break;
    run.push({ ...entry, mac });
  }
  return run;
}
