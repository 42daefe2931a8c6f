// What a store of the lifecycle does, in a few maps. Shares nothing with the stores.

import type { Lease, RowKey } from '../../src/ports/lifecycle-store.ts';

/** What is asked of a store. */
export type StoreCall =
  | {
      readonly do: 'insert' | 'update' | 'delete' | 'repeat';
      readonly id: string;
      readonly kind: 'insert' | 'update' | 'delete';
      readonly of: RowKey;
      readonly lease: Lease | undefined;
    }
  | { readonly do: 'ask'; readonly id: string }
  | { readonly do: 'acquire'; readonly lease: Lease }
  | { readonly do: 'renew' | 'release'; readonly lease: Lease }
  | { readonly do: 'set'; readonly key: string; readonly size: number; readonly expected: number | undefined }
  | { readonly do: 'unset'; readonly key: string; readonly expected: number | undefined }
  | { readonly do: 'save'; readonly expected: number | undefined; readonly version: number }
  | { readonly do: 'forget'; readonly expected: number };

/** At most 2 keys, and 12 bytes with them. */
export const MODEL_QUOTA = { keys: 2, bytes: 12 } as const;

/** Answers as a store must, in words. */
export class StoreModel {
  now = 1_000;
  readonly rows = new Map<string, RowKey>();
  readonly entries = new Map<string, number>();
  readonly leases = new Map<string, Lease & { readonly end: number }>();
  readonly commits = new Map<string, boolean>();
  readonly values = new Map<string, { readonly size: number; readonly version: number }>();
  writes = 0;
  snapshot: number | undefined;

  answer(call: StoreCall): string {
    if ('kind' in call) return this.#commit(call);
    if (call.do === 'ask') {
      if (!this.commits.has(call.id)) this.commits.set(call.id, false);
      return String(this.commits.get(call.id));
    }
    if ('lease' in call) return this.#lease(call.do, call.lease);
    if ('key' in call) return call.do === 'set' ? this.#set(call) : this.#unset(call);
    if (call.expected !== this.snapshot) return 'false';
    this.snapshot = call.do === 'save' ? call.version : undefined;
    return 'true';
  }

  #commit({ id, kind, of, lease }: Extract<StoreCall, { kind: string }>): string {
    const known = this.commits.get(id);
    if (known !== undefined) return known ? 'committed' : 'abandoned';
    if (lease !== undefined && !this.#holds(lease)) return 'fenced';
    const row = this.rows.get(of.slug);
    if (kind === 'insert' ? row !== undefined : JSON.stringify(row) !== JSON.stringify(of)) return 'conflict';
    if (kind === 'delete') this.rows.delete(of.slug);
    else this.rows.set(of.slug, { ...of, rowVersion: kind === 'insert' ? 1 : of.rowVersion + 1 });
    this.entries.set(of.slug, (this.entries.get(of.slug) ?? 0) + 1);
    this.commits.set(id, true);
    return 'committed';
  }

  #holds({ name, owner, token }: Lease): boolean {
    const held = this.leases.get(name);
    return held?.owner === owner && held.token === token && held.end > this.now;
  }

  #lease(what: string, lease: Lease): string {
    const { name, owner, ttlMs } = lease;
    const held = this.leases.get(name) ?? { ...lease, token: 0, end: 0 };
    const isOwn = held.owner === owner && held.end > this.now;
    if (what === 'release') {
      if (held.owner === owner && held.token === lease.token) this.leases.set(name, { ...held, end: 0 });
      return 'done';
    }
    const isGiven = what === 'renew' ? this.#holds(lease) : isOwn || held.end <= this.now;
    if (!isGiven) return 'taken';
    const token = isOwn ? held.token : held.token + 1;
    this.leases.set(name, { name, owner, ttlMs, token, end: this.now + ttlMs });
    return `token ${token}`;
  }

  #set({ key, size, expected }: Extract<StoreCall, { do: 'set' }>): string {
    const old = this.values.get(key);
    if (expected !== undefined && expected !== (old?.version ?? 0)) return 'false';
    const others = [...this.values].filter(([name]) => name !== key).map(([name, one]) => name.length + one.size);
    const bytes = others.reduce((sum, one) => sum + one, 0) + key.length + size;
    const grows = old === undefined || size > old.size;
    if (grows && (others.length >= MODEL_QUOTA.keys || bytes > MODEL_QUOTA.bytes)) return 'full';
    this.values.set(key, { size, version: ++this.writes });
    return 'true';
  }

  #unset({ key, expected }: Extract<StoreCall, { do: 'unset' }>): string {
    const old = this.values.get(key);
    if (old === undefined || (expected !== undefined && expected !== old.version)) return 'false';
    return String(this.values.delete(key));
  }
}
