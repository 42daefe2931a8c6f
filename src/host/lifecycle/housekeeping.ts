// What is removed as time goes by: versions whose time is over, and files that no version is made of.
//
// Invariants:
//   H1. It never rejects, and one round is over before the next begins.
//   H2. A plugin is asked to clean up only when it has something to remove: others keep their leases and their peace.

import { isPassing } from '../../machines/index.ts';
import type { PluginRow } from '../../ports/lifecycle-store.ts';
import { expiredOf, forgettable } from './cleaning.ts';
import type { LifecycleParts } from './work-context.ts';

/** What is kept in order. */
export interface HousekeepingParts
  extends Pick<LifecycleParts, 'store' | 'artifacts' | 'environment' | 'settings' | 'stopping'> {
  /** Removes the versions of a plugin whose time is over, under its lease. Never rejects. */
  readonly clean: (plugin: string) => Promise<unknown>;
}

/** Milliseconds for which nobody may have named files before they go: no operation takes that long to name its own. */
const ORPHAN_MS = 600_000;

/** Looks for what can go. */
export class Housekeeping {
  readonly #parts: HousekeepingParts;
  #round: Promise<void> | undefined;
  #nextAt: number;

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
    this.#nextAt = parts.environment.clock.monotonic() + parts.settings.cleanMs;
  }

  /** Settles when no round is under way. */
  async idle(): Promise<void> {
    await this.#round;
  }

  /** Removes what was left half-done in the store of the artifacts. */
  sweep(): void {
    this.#round ??= this.#attempt(() => this.#parts.artifacts.sweep());
  }

  /** Begins a round when it is time for one, and none is under way (H1). */
  look(rows: readonly PluginRow[]): void {
    const { environment, settings } = this.#parts;
    const now = environment.clock.monotonic();
    if (now < this.#nextAt || this.#round !== undefined) return;
    this.#nextAt = now + settings.cleanMs;
    this.#round = this.#attempt(() => this.#clean(rows));
  }

  async #clean(rows: readonly PluginRow[]): Promise<void> {
    const { store, artifacts, settings, stopping, clean } = this.#parts;
    const now = await store.now();
    for (const row of rows) {
      if (stopping.aborted) return;
      const versions = await store.versions(row.slug);
      const expired = expiredOf(versions, row, now, settings.keptVersions);
      const retired = versions.filter(({ role }) => role === 'retired');
      // H2.
      const isToClean = expired.length > 0 || forgettable(retired, versions).length > 0;
      if (isToClean && !isPassing(row.state)) await clean(row.slug);
    }
    const afterMs = Math.max(ORPHAN_MS, 3 * settings.policy.workTimeoutMs);
    const removed = await artifacts.removeOrphans({ afterMs, named: (digests) => this.#named(digests) });
    if (removed.length > 0) this.#parts.environment.log.log('info', 'files of no version were removed', { removed });
  }

  /** Those of the digests that a version can be started from. Plugins that are gone are asked only when that matters. */
  async #named(digests: readonly string[]): Promise<ReadonlySet<string>> {
    const { store } = this.#parts;
    const rows = await store.list();
    const named = new Set(rows.map(({ digest }) => digest));
    const slugs = new Set(rows.map(({ slug }) => slug));
    const add = async (slug: string): Promise<void> => {
      for (const { role, digest } of await store.versions(slug)) if (role !== 'retired') named.add(digest);
    };
    for (const slug of slugs) await add(slug);
    if (digests.every((digest) => named.has(digest))) return named;
    for (const { plugin } of await store.auditHeads()) if (!slugs.has(plugin)) await add(plugin);
    return named;
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    const { environment, stopping } = this.#parts;
    try {
      await work();
    } catch (error) {
      if (!stopping.aborted) environment.log.log('warn', 'what nobody needs could not be removed', { error });
    } finally {
      this.#round = undefined;
    }
  }
}
