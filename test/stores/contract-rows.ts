import { describe, expect, it } from 'vitest';
import type { LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import type { OpenSubject } from './contract.ts';
import { commit, draft, install, newRow, nextId, rowOf, update } from './support.ts';

/** Rows of plugins; most are upstream's tests of its storage (B6). */
export function rowContract(open: OpenSubject): void {
  describe('the rows of plugins', () => {
    it('begin with version 1 and the defaults of a row that was never active', async () => {
      const { store } = await open();

      const row = await install(store, 'kv');

      expect(row).toMatchObject({ slug: 'kv', rowVersion: 1, failure: undefined, errorAt: undefined });
      expect(row.activatedAt).toBeUndefined();
      expect(row.updatedAt).toBe(row.installedAt);
      expect(await store.get('kv')).toEqual(row);
    });

    it('are refused a second time, and the first one is named', async () => {
      const { store } = await open();
      const first = await install(store, 'kv');

      const outcome = await commit(store, 'kv', { row: { kind: 'insert', row: newRow('kv', { version: '2.0.0' }) } });

      expect(outcome).toEqual({ kind: 'conflict', actual: first });
    });

    it.each([
      ['row.state', { state: 'resting' }],
      ['row.state', { state: '' }],
      ['row.slug', { slug: '' }],
      ['row.slug', { slug: 'a\0b' }],
      ['row.abiVersion', { abiVersion: 0 }],
      ['row.digest', { digest: 'abc' }],
      ['row.manifest', { manifest: 'half a \ud800 character' }],
    ])('are refused with an invalid "%s", %o', async (field, more) => {
      const { store } = await open();

      const refused = install(store, 'kv', more as never);

      await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field });
      expect(await store.list()).toEqual([]);
    });

    it.each<[string, (store: LifecycleStore) => Promise<unknown>]>([
      ['slug', (store) => store.get('')],
      ['slug', (store) => store.versions('a\0b')],
      ['incarnation', (store) => store.clearTombstone('kv', '')],
      ['plugin', (store) => store.auditEntries('', 0, 1)],
      ['after', (store) => store.auditEntries('kv', 0.5, 1)],
      ['after', (store) => store.auditEntries('kv', Number.NaN, 1)],
      ['key', (store) => store.snapshots.load('')],
      ['expected', (store) => store.snapshots.delete('key', 0.5)],
      ['key', (store) => store.storage('kv', 'kv-1').get('a\0b')],
      ['expected', (store) => store.storage('kv', 'kv-1').set('key', new Uint8Array(1), -1)],
      ['expected', (store) => store.storage('kv', 'kv-1').delete('key', Number.NaN)],
    ])('and all that is beside them are not asked for with an invalid "%s": %o', async (field, ask) => {
      const { store } = await open();

      await expect(ask(store)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field });
    });

    it('are not changed to an invalid state', async () => {
      const { store } = await open();
      const row = await install(store, 'kv');

      await expect(commit(store, 'kv', update(row, { state: 'gone' as never }))).rejects.toHaveProperty(
        'code',
        'INVALID_OPTIONS',
      );
      expect(await store.get('kv')).toEqual(row);
    });

    it('are undefined when there are none', async () => {
      const { store } = await open();

      expect(await store.get('kv')).toBeUndefined();
      expect(await store.list()).toEqual([]);
    });

    it('are listed in the order of their bytes', async () => {
      const { store } = await open();
      for (const slug of ['b', 'ä', 'a', 'Z', '\uffee', '😀', 'a-b']) await install(store, slug);

      const slugs = (await store.list()).map(({ slug }) => slug);

      expect(slugs).toEqual(['Z', 'a', 'a-b', 'b', 'ä', '\uffee', '😀']);
    });

    it('come out as copies', async () => {
      const { store } = await open();
      const permissions = ['a'];
      const row = await install(store, 'kv', { permissions });

      permissions.push('b');
      (row.permissions as string[]).push('c');
      const again = await store.get('kv');
      (again?.permissions as string[] | undefined)?.push('d');

      expect((await store.get('kv'))?.permissions).toEqual(['a']);
    });

    it('take all fields of a change, and keep the others', async () => {
      const { store } = await open();
      const row = await install(store, 'kv');
      const failure = { code: 'X', message: 'no "way"', phase: 'activating', from: 'installed' } as const;
      const change = {
        version: '2.0.0',
        abiVersion: 2,
        manifest: 'm',
        digest: 'cd'.repeat(32),
        state: 'errored' as const,
        permissions: [],
        awaitingConsent: ['net:x'],
        trips: [1, 2],
        failure,
      };

      const changed = rowOf(await commit(store, 'kv', update(row, { ...change, isActivated: true })));
      const kept = rowOf(await commit(store, 'kv', update(changed, {})));

      expect(changed).toMatchObject({ ...change, rowVersion: 2, installedAt: row.installedAt });
      expect([typeof changed.errorAt, typeof changed.activatedAt]).toEqual(['number', 'number']);
      expect(kept).toEqual({ ...changed, rowVersion: 3, updatedAt: kept.updatedAt });
    });

    it('forget a failure and its time together', async () => {
      const { store } = await open();
      const failure = { code: 'X', message: '', phase: 'active', from: undefined } as const;
      const row = await install(store, 'kv', { state: 'errored', failure });

      const reset = rowOf(await commit(store, 'kv', update(row, { state: 'inactive', failure: undefined })));

      expect(row).toMatchObject({ failure, errorAt: row.installedAt });
      expect(reset).toMatchObject({ failure: undefined, errorAt: undefined });
    });

    it('are gone once they are deleted, and a second delete is a conflict', async () => {
      const { store } = await open();
      const { slug, incarnation, rowVersion } = await install(store, 'kv');
      const row = { kind: 'delete', of: { slug, incarnation, rowVersion } } as const;

      expect(await commit(store, 'kv', { row })).toEqual({ kind: 'committed', row: undefined });
      expect(await store.get('kv')).toBeUndefined();
      expect(await commit(store, 'kv', { row })).toEqual({ kind: 'conflict', actual: undefined });
    });

    it('leave a tombstone when they are told to, until it is cleared', async () => {
      const { store } = await open();
      for (const slug of ['b', 'a']) {
        const { incarnation, rowVersion } = await install(store, slug);
        const tombstone = { left: [`/data/${slug}`, 'table "x"'], reason: 'the migration failed' };
        await commit(store, slug, { row: { kind: 'delete', of: { slug, incarnation, rowVersion }, tombstone } });
      }

      expect(await store.tombstones()).toMatchObject([
        { slug: 'a', incarnation: 'a-1', left: ['/data/a', 'table "x"'], reason: 'the migration failed' },
        { slug: 'b' },
      ]);
      await store.clearTombstone('a', 'a-1');
      expect(await store.tombstones()).toMatchObject([{ slug: 'b' }]);
    });
  });

  describe('a closed store', () => {
    it('refuses every call with STORE_CLOSED, and closes once', async () => {
      const { store } = await open();
      await store.close();
      await store.close();

      const calls = [
        store.get('kv'),
        store.now(),
        store.commit({ id: nextId(), audit: [draft('kv')] }),
        store.storage('kv', 'kv-1').get('x'),
        store.snapshots.load('x'),
      ];

      const settled = await Promise.allSettled(calls);
      expect(settled.map((one) => (one as { reason?: { code?: string } }).reason?.code)).toEqual(
        calls.map(() => 'STORE_CLOSED'),
      );
    });
  });
}
