// The right of a host to one plugin, as the store has it.
//
// Invariants:
//   T1. None is asked for before the store has taken back the one before it: else a release that was late would end the new
//       one, which has the same token, and what was still under way could be written under it.

import { RuntimeError } from '../../errors/index.ts';
import type { LeaseClaim, RenewalReport } from '../../machines/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { Lease, LifecycleStore } from '../../ports/lifecycle-store.ts';

/** What a lease is held with. */
export interface LeaseParts {
  readonly store: Pick<LifecycleStore, 'acquire' | 'renew' | 'release' | 'get'>;
  readonly clock: Clock;
  readonly plugin: string;
  readonly owner: string;
  readonly formerOwners: readonly string[];
  readonly ttlMs: number;
  readonly timeoutMs: number;
}

/** Name of a plugin's lease. */
export function leaseNameOf(plugin: string): string {
  return `plugin/${plugin}`;
}

/** The right of this host to one plugin, for as long as it has it. */
export class PluginLease {
  readonly #parts: LeaseParts;
  #lease: Lease | undefined;
  /** One that this host has no use for, and that the store may still have for it. */
  #left: Lease | undefined;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** The lease to commit under; undefined when there is none. */
  get current(): Lease | undefined {
    return this.#lease;
  }

  /** Asks for the lease, and reads the row under it. */
  async claim(signal: AbortSignal): Promise<LeaseClaim> {
    const { store, clock, plugin } = this.#parts;
    // T1.
    await this.giveBack();
    const askedAt = clock.monotonic();
    const lease = await this.#acquire();
    // Nobody waits for it any more; it must not be given back either, since the next claim of this host gets the same.
    if (signal.aborted) throw new RuntimeError('CANCELLED', `the claim to plugin "${plugin}" was given up`);
    this.#lease = lease;
    const row = await store.get(plugin);
    if (this.#lease === undefined) return { kind: 'elsewhere', row };
    return { kind: 'held', row, elapsedMs: clock.monotonic() - askedAt };
  }

  async renew(): Promise<RenewalReport> {
    const { store, clock, ttlMs } = this.#parts;
    const held = this.#lease;
    if (held === undefined) return { kind: 'lost' };
    const askedAt = clock.monotonic();
    const renewed = await store.renew(held, ttlMs);
    if (renewed === undefined) return { kind: 'lost' };
    // Released, or given up, in the meantime.
    if (this.#lease !== held) return { kind: 'lost' };
    this.#lease = renewed;
    return { kind: 'renewed', elapsedMs: clock.monotonic() - askedAt };
  }

  /** Lets go of it. Where the store does not answer, it ends by itself. */
  async release(): Promise<void> {
    const isHeld = this.#lease !== undefined;
    this.forget();
    if (isHeld) await this.giveBack();
  }

  /** Nothing is written under it any more. */
  forget(): void {
    this.#left = this.#lease ?? this.#left;
    this.#lease = undefined;
  }

  /** Tells the store of one that was forgotten, if there is one. */
  async giveBack(): Promise<void> {
    const { store, clock, timeoutMs, plugin } = this.#parts;
    const left = this.#left;
    if (left === undefined) return;
    if (!(await within(clock, timeoutMs, store.release(left)))) {
      throw new RuntimeError('STORE_UNAVAILABLE', `the store did not take back the lease of plugin "${plugin}"`);
    }
    if (this.#left === left) this.#left = undefined;
  }

  async #acquire(): Promise<Lease | undefined> {
    const { store, plugin, owner, formerOwners, ttlMs } = this.#parts;
    const name = leaseNameOf(plugin);
    const lease = await store.acquire(name, owner, ttlMs);
    if (lease !== undefined || formerOwners.length === 0) return lease;
    for (const former of formerOwners) {
      const left = await store.acquire(name, former, ttlMs);
      // Its token ends with it: what the former owner still sends is fenced off.
      if (left !== undefined) await store.release(left);
    }
    return store.acquire(name, owner, ttlMs);
  }
}
