import { describe, expect, it } from 'vitest';
import type { Lease } from '../../src/ports/lifecycle-store.ts';
import type { OpenSubject } from './contract.ts';
import { commit, install, sequencesOf, update, upTo } from './support.ts';

const LONG_MS = 60_000;
const SHORT_MS = 40;

/** Leases and their fencing. */
export function leaseContract(open: OpenSubject): void {
  describe('leases', () => {
    it('have 1 holder of 32 that want one at once', async () => {
      const { store, second } = await open();
      const stores = [store, await second()];

      const taken = await Promise.all(
        upTo(32).map((n) => (stores[n % 2] ?? store).acquire('plugin/kv', `owner-${n}`, LONG_MS)),
      );

      expect(taken.filter((lease) => lease !== undefined)).toHaveLength(1);
    });

    it('stay with their owner, under the same token', async () => {
      const { store } = await open();
      const first = await store.acquire('plugin/kv', 'a', LONG_MS);

      const again = await store.acquire('plugin/kv', 'a', LONG_MS);

      expect(first).toEqual({ name: 'plugin/kv', owner: 'a', token: 1, ttlMs: LONG_MS });
      expect(again).toEqual(first);
    });

    it('pass on when they expire, under a higher token', async () => {
      const { store, pass } = await open();
      const old = await take(store.acquire('plugin/kv', 'a', SHORT_MS));
      await pass(SHORT_MS);

      const young = await take(store.acquire('plugin/kv', 'b', LONG_MS));

      expect(young.token).toBeGreaterThan(old.token);
      expect(await store.renew(old, LONG_MS)).toBeUndefined();
      expect(await store.acquire('plugin/kv', 'a', LONG_MS)).toBeUndefined();
    });

    it('that have expired are not renewed, even when nobody else wants them', async () => {
      const { store, pass } = await open();
      const lease = await take(store.acquire('plugin/kv', 'a', SHORT_MS));
      await pass(SHORT_MS);

      expect(await store.renew(lease, LONG_MS)).toBeUndefined();
    });

    it('last longer when they are renewed', async () => {
      const { store, pass } = await open();
      const lease = await take(store.acquire('plugin/kv', 'a', SHORT_MS * 10));
      await take(store.renew(lease, LONG_MS));
      await pass(SHORT_MS * 10);

      expect(await store.acquire('plugin/kv', 'b', LONG_MS)).toBeUndefined();
    });

    it('are free once they are released, and a late release of the old holder changes nothing', async () => {
      const { store } = await open();
      const old = await take(store.acquire('plugin/kv', 'a', LONG_MS));
      await store.release(old);
      const young = await take(store.acquire('plugin/kv', 'b', LONG_MS));

      await store.release(old);

      expect(young.token).toBe(2);
      expect(await store.acquire('plugin/kv', 'a', LONG_MS)).toBeUndefined();
    });

    it('fence what is committed under one that has expired', async () => {
      const { store, pass } = await open();
      const row = await install(store, 'kv');
      const lease = await take(store.acquire('plugin/kv', 'a', SHORT_MS));
      await pass(SHORT_MS);

      const outcome = await commit(store, 'kv', { leases: [lease], ...update(row, { state: 'active' }) });

      expect(outcome).toEqual({ kind: 'fenced', lease: 'plugin/kv' });
      expect(await store.get('kv')).toEqual(row);
      expect(await sequencesOf(store, 'kv')).toEqual([1]);
    });

    it('fence what is committed under the token of an earlier holder of the same name', async () => {
      const { store, pass } = await open();
      const old = await take(store.acquire('plugin/kv', 'a', SHORT_MS));
      await pass(SHORT_MS);
      const young = await take(store.acquire('plugin/kv', 'a', LONG_MS));

      expect(await commit(store, 'kv', { leases: [old] })).toEqual({ kind: 'fenced', lease: 'plugin/kv' });
      expect(await commit(store, 'kv', { leases: [young] })).toHaveProperty('kind', 'committed');
    });

    it('are all held, or the first by name that is not is told', async () => {
      const { store } = await open();
      const held = await take(store.acquire('a', 'x', LONG_MS));
      const gone: Lease[] = ['c', 'b'].map((name) => ({ name, owner: 'x', token: 1, ttlMs: LONG_MS }));

      expect(await commit(store, 'kv', { leases: [...gone, held] })).toEqual({ kind: 'fenced', lease: 'b' });
    });

    it.each([0, -1, 1.5, Number.NaN])('of %s ms are refused', async (ttlMs) => {
      const { store } = await open();

      await expect(store.acquire('plugin/kv', 'a', ttlMs)).rejects.toHaveProperty('code', 'INVALID_OPTIONS');
    });
  });
}

// Helpers

async function take(wanted: Promise<Lease | undefined>): Promise<Lease> {
  const lease = await wanted;
  if (lease === undefined) throw new Error('somebody else has the lease');
  return lease;
}
