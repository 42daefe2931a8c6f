import type { Lease } from '../../ports/lifecycle-store.ts';
import type { MemoryTables } from './tables.ts';

/** Whether a lease is still its holder's. */
export function holds(tables: MemoryTables, lease: Lease, now: number): boolean {
  const row = tables.leases.get(lease.name);
  return row?.owner === lease.owner && row.token === lease.token && row.expiresAt > now;
}

/** Takes a lease; the token stays when the owner has it already, and grows otherwise. */
export function acquireLease(
  tables: MemoryTables,
  wanted: { readonly name: string; readonly owner: string; readonly ttlMs: number },
  now: number,
): Lease | undefined {
  const { name, owner, ttlMs } = wanted;
  const row = tables.leases.get(name);
  const isHeld = row !== undefined && row.expiresAt > now;
  if (isHeld && row.owner !== owner) return undefined;
  const token = isHeld ? row.token : (row?.token ?? 0) + 1;
  tables.leases.set(name, { owner, token, expiresAt: now + ttlMs });
  return { name, owner, token, ttlMs };
}

/** Holds on to a lease. */
export function renewLease(tables: MemoryTables, lease: Lease, ttlMs: number, now: number): Lease | undefined {
  if (!holds(tables, lease, now)) return undefined;
  const { name, owner, token } = lease;
  tables.leases.set(name, { owner, token, expiresAt: now + ttlMs });
  return { name, owner, token, ttlMs };
}

/** Lets go of a lease. The row stays, so that tokens grow on. */
export function releaseLease(tables: MemoryTables, lease: Lease): void {
  const row = tables.leases.get(lease.name);
  if (row?.owner !== lease.owner || row.token !== lease.token) return;
  tables.leases.set(lease.name, { ...row, expiresAt: 0 });
}
