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
    const { store, clock, timeoutMs } = this.#parts;
    const held = this.#lease;
    this.#lease = undefined;
    if (held !== undefined) await within(clock, timeoutMs, store.release(held));
  }

  /** Nothing is written under it any more. */
  forget(): void {
    this.#lease = undefined;
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
