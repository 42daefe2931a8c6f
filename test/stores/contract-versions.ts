import { describe, expect, it } from 'vitest';
import type { VersionRole } from '../../src/ports/lifecycle-store.ts';
import type { OpenSubject } from './contract.ts';
import { commit, install, newVersion } from './support.ts';

/** Kept versions of plugins. */
export function versionContract(open: OpenSubject): void {
  describe('versions', () => {
    it('are listed from the newest, and outlive the row', async () => {
      const { store } = await open();
      const { slug, incarnation, rowVersion } = await install(store, 'kv');
      await commit(store, 'kv', { versions: [newVersion('kv', 'one'), newVersion('kv', 'two')] });
      await commit(store, 'other', { versions: [newVersion('other', 'three')] });
      await commit(store, 'kv', { row: { kind: 'delete', of: { slug, incarnation, rowVersion } } });

      const versions = await store.versions('kv');

      expect(versions.map(({ installId }) => installId)).toEqual(['two', 'one']);
      expect(versions[0]).toMatchObject({ ...newVersion('kv', 'two').version, activatedAt: undefined });
    });

    it('are listed of all plugins at once, by name and from the newest', async () => {
      const { store } = await open();
      await commit(store, 'kv', { versions: [newVersion('kv', 'one'), newVersion('kv', 'two')] });
      await commit(store, 'b', { versions: [newVersion('b', 'three')] });
      await commit(store, 'kv', { versions: [newVersion('kv', 'four')] });

      const all = await store.allVersions?.();

      expect(all?.map(({ slug, installId }) => [slug, installId])).toEqual([
        ['b', 'three'],
        ['kv', 'four'],
        ['kv', 'two'],
        ['kv', 'one'],
      ]);
      expect(all?.slice(1)).toEqual(await store.versions('kv'));
    });

    it('may be of one number twice, by their install ids (G-12)', async () => {
      const { store } = await open();

      await commit(store, 'kv', { versions: [newVersion('kv', 'one'), newVersion('kv', 'two')] });

      expect((await store.versions('kv')).map(({ version }) => version)).toEqual(['1.0.0', '1.0.0']);
    });

    it('have one active at most within an installation', async () => {
      const { store } = await open();
      const active = { role: 'active' } as const;
      await commit(store, 'kv', { versions: [newVersion('kv', 'one', active)] });

      const twice = await commit(store, 'kv', { versions: [newVersion('kv', 'two', active)] });
      const elsewhere = await commit(store, 'kv', {
        versions: [newVersion('kv', 'three', { ...active, incarnation: 'kv-2' })],
      });

      expect(twice).toEqual({ kind: 'conflict', actual: undefined });
      expect(elsewhere).toHaveProperty('kind', 'committed');
    });

    it('change places in one commit, in the order of its writes', async () => {
      const { store } = await open();
      await commit(store, 'kv', { versions: [newVersion('kv', 'old', { role: 'active' }), newVersion('kv', 'new')] });
      const up = { kind: 'role', installId: 'new', from: 'staged', to: 'active' } as const;
      const down = { kind: 'role', installId: 'old', from: 'active', to: 'retained', retainMs: 5_000 } as const;

      const wrong = await commit(store, 'kv', { versions: [up, down] });
      const right = await commit(store, 'kv', { versions: [down, up] });

      const [young, old] = await store.versions('kv');
      expect([wrong.kind, right.kind]).toEqual(['conflict', 'committed']);
      expect(young).toMatchObject({ installId: 'new', role: 'active', retiredAt: undefined });
      expect(old).toMatchObject({ installId: 'old', role: 'retained' });
      expect((old?.retainedUntil ?? 0) - (old?.retiredAt ?? 0)).toBeCloseTo(5_000, -2);
    });

    it.each([-1, 0.5, Number.NaN, 2e15])('are not kept for %d ms, and nothing is done', async (retainMs) => {
      const { store } = await open();
      await commit(store, 'kv', { versions: [newVersion('kv', 'old', { role: 'active' })] });
      const kept = { kind: 'role', installId: 'old', from: 'active', to: 'retained', retainMs } as const;

      await expect(commit(store, 'kv', { versions: [kept] })).rejects.toMatchObject({ field: 'version.retainMs' });

      expect(await store.versions('kv')).toMatchObject([{ role: 'active' }]);
    });

    it('may be kept for 30,000 years, and are read all the same', async () => {
      const { store } = await open();
      await commit(store, 'kv', { versions: [newVersion('kv', 'old', { role: 'active' })] });
      const kept = { kind: 'role', installId: 'old', from: 'active', to: 'retained', retainMs: 1e15 } as const;

      await commit(store, 'kv', { versions: [kept] });

      expect((await store.versions('kv'))[0]?.retainedUntil).toBeGreaterThanOrEqual(1e15);
    });

    it('keep what they were granted, unless a write says otherwise', async () => {
      const { store } = await open();
      await commit(store, 'kv', { versions: [newVersion('kv', 'one', { permissions: ['worker'] })] });
      const granted = async (): Promise<unknown> => (await store.versions('kv'))[0]?.permissions;

      await commit(store, 'kv', { versions: [{ kind: 'role', installId: 'one', from: 'staged', to: 'active' }] });
      const before = await granted();
      const permissions = ['net:example.org', 'worker'];
      const letGo = { kind: 'role', installId: 'one', from: 'active', to: 'retained', permissions } as const;
      await commit(store, 'kv', { versions: [letGo] });

      expect([before, await granted()]).toEqual([['worker'], permissions]);
    });

    it('are in use again after a rollback, without an end', async () => {
      const { store } = await open();
      const kept = { role: 'retained', retainedUntil: 5 } as const;
      await commit(store, 'kv', { versions: [newVersion('kv', 'one', kept)] });

      await commit(store, 'kv', { versions: [{ kind: 'role', installId: 'one', from: 'retained', to: 'active' }] });

      const [version] = await store.versions('kv');
      expect(version).toMatchObject({ role: 'active', retainedUntil: undefined, retiredAt: undefined });
      expect(version?.activatedAt).toBeTypeOf('number');
    });

    it.each<[string, VersionRole]>([
      ['one', 'active'],
      ['none', 'staged'],
    ])('of id %s and role %s are a conflict when there is another or none', async (installId, from) => {
      const { store } = await open();
      await commit(store, 'kv', { versions: [newVersion('kv', 'one')] });

      const outcome = await commit(store, 'kv', { versions: [{ kind: 'role', installId, from, to: 'retired' }] });

      expect(outcome).toHaveProperty('kind', 'conflict');
    });

    it('are removed once', async () => {
      const { store } = await open();
      await commit(store, 'kv', { versions: [newVersion('kv', 'one')] });
      const removed = { versions: [{ kind: 'remove', installId: 'one' }] } as const;

      expect(await commit(store, 'kv', removed)).toHaveProperty('kind', 'committed');
      expect(await commit(store, 'kv', removed)).toHaveProperty('kind', 'conflict');
      expect(await store.versions('kv')).toEqual([]);
    });

    it('with an id that is taken are a conflict', async () => {
      const { store } = await open();
      await commit(store, 'kv', { versions: [newVersion('kv', 'one')] });

      expect(await commit(store, 'x', { versions: [newVersion('x', 'one')] })).toHaveProperty('kind', 'conflict');
    });
  });
}
