import { describe, expect, it } from 'vitest';
import type { AuditHead, LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import type { OpenSubject } from './contract.ts';
import { commit, draft, install, nextId, sequencesOf, upTo } from './support.ts';

const mac = (n: number): string => n.toString(16).padStart(64, '0');

/** The audit. */
export function auditContract(open: OpenSubject): void {
  describe('the audit', () => {
    it('has no gap per plugin after 200 concurrent commits about 4 of them', async () => {
      const { store, second } = await open();
      const stores = [store, await second()];

      await Promise.all(upTo(200).map((n) => commit(stores[n % 2] ?? store, `p${n % 4}`)));

      for (const plugin of ['p0', 'p1', 'p2', 'p3']) expect(await sequencesOf(store, plugin)).toEqual(upTo(50));
    });

    it('gives the entries of a commit about 2 plugins their own sequences, in order', async () => {
      const { store } = await open();
      const drafts = [draft('b', 'one'), draft('a', 'two'), draft('b', 'three')] as const;

      await store.commit({ id: 'the-commit', audit: drafts });

      const entries = [...(await store.auditEntries('a', 0, 10)), ...(await store.auditEntries('b', 0, 10))];
      expect(entries.map(({ event, sequence }) => [event, sequence])).toEqual([
        ['two', 1],
        ['one', 1],
        ['three', 2],
      ]);
      expect(entries[0]).toMatchObject({ ...draft('a', 'two'), commitId: 'the-commit', mac: undefined });
    });

    it('does not count what was lost, and outlives the row', async () => {
      const { store } = await open();
      const { slug, incarnation, rowVersion } = await install(store, 'kv');
      const row = { kind: 'delete', of: { slug, incarnation, rowVersion } } as const;
      await Promise.all(upTo(5).map(() => commit(store, 'kv', { row })));

      await install(store, 'kv', { incarnation: 'again' });

      expect(await sequencesOf(store, 'kv')).toEqual([1, 2, 3]);
    });

    it('hands out pages', async () => {
      const { store } = await open();
      for (const n of upTo(5)) await commit(store, 'kv', { audit: [draft('kv', `e${n}`)] });

      const page = await store.auditEntries('kv', 2, 2);

      expect(page.map(({ event }) => event)).toEqual(['e3', 'e4']);
      expect(await store.auditEntries('kv', 5, 2)).toEqual([]);
      await expect(store.auditEntries('kv', 0, 0)).rejects.toHaveProperty('code', 'INVALID_OPTIONS');
    });

    it('keeps data as JSON has it, with any text', async () => {
      const { store } = await open();
      const data = { text: 'a\0b 😀 "\'\\', list: [1, { x: null }], gone: undefined };
      await commit(store, 'kv', { audit: [{ ...draft('kv'), data }] });

      const [entry] = await store.auditEntries('kv', 0, 1);

      expect(entry?.data).toStrictEqual({ text: data.text, list: data.list });
    });

    it('is sealed from the head on, once', async () => {
      const { store, second } = await open();
      for (const plugin of ['kv', 'kv', 'kv']) await commit(store, plugin);
      const head = await headOf(store, 'kv');

      const sealed = await Promise.all([store.seal(head, [mac(1), mac(2)]), (await second()).seal(head, [mac(1)])]);

      expect(sealed.filter(Boolean)).toHaveLength(1);
      const now = await headOf(store, 'kv');
      const macs = (await store.auditEntries('kv', 0, 10)).map((entry) => entry.mac);
      expect(macs).toEqual(upTo(3).map((n) => (n <= now.sealed ? mac(n) : undefined)));
      expect(now.sealedMac).toBe(mac(now.sealed));
    });

    it('is not sealed past its last entry', async () => {
      const { store } = await open();
      await commit(store, 'kv');

      expect(await store.seal(await headOf(store, 'kv'), [mac(1), mac(2)])).toBe(false);
      expect(await headOf(store, 'kv')).toMatchObject({ sealed: 0, sealedMac: undefined });
    });

    it('is pruned up to a sealed entry, remembers its link, and goes on counting', async () => {
      const { store } = await open();
      const id = nextId();
      await commit(store, 'kv', { id });
      for (const plugin of ['kv', 'kv']) await commit(store, plugin);
      await store.seal(await headOf(store, 'kv'), [mac(1), mac(2)]);
      const head = await headOf(store, 'kv');

      expect(await store.prune(head, 2)).toBe(true);
      expect(await store.prune(head, 2)).toBe(false);

      await commit(store, 'kv');
      expect(await sequencesOf(store, 'kv')).toEqual([3, 4]);
      expect(await headOf(store, 'kv')).toMatchObject({ last: 4, sealed: 2, pruned: 2, prunedMac: mac(2) });
    });

    it('is not pruned past what is sealed', async () => {
      const { store } = await open();
      for (const plugin of ['kv', 'kv']) await commit(store, plugin);
      await store.seal(await headOf(store, 'kv'), [mac(1)]);

      await expect(store.prune(await headOf(store, 'kv'), 2)).rejects.toHaveProperty('field', 'upTo');
      expect(await sequencesOf(store, 'kv')).toEqual([1, 2]);
    });

    it('lists its heads by plugin', async () => {
      const { store } = await open();
      for (const plugin of ['b', 'a', 'b']) await commit(store, plugin);

      expect(await store.auditHeads()).toEqual([head('a', 1), head('b', 2)]);
    });
  });
}

// Helpers

function head(plugin: string, last: number): AuditHead {
  return { plugin, last, sealed: 0, sealedMac: undefined, pruned: 0, prunedMac: undefined };
}

async function headOf(store: LifecycleStore, plugin: string): Promise<AuditHead> {
  const found = (await store.auditHeads()).find((one) => one.plugin === plugin);
  if (found === undefined) throw new Error('there is no head');
  return found;
}
