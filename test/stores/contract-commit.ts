import { describe, expect, it } from 'vitest';
import type { CommitOutcome, LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import type { OpenSubject } from './contract.ts';
import { commit, draft, install, newRow, newVersion, nextId, rowOf, sequencesOf, update, upTo } from './support.ts';

/** Commits: as a whole or not at all, and one winner. */
export function commitContract(open: OpenSubject): void {
  describe('commits', () => {
    it('let 1 of 64 concurrent writers of a row win, and tell 63 what is there', async () => {
      const { store, second } = await open();
      const stores = [store, await second()];
      const row = await install(store, 'kv');

      const outcomes = await Promise.all(
        upTo(64).map((n) => commit(stores[n % 2] ?? store, 'kv', update(row, { version: `${n}.0.0` }))),
      );

      const won = outcomes.filter(({ kind }) => kind === 'committed');
      expect(won).toHaveLength(1);
      const winner = rowOf(won[0] as CommitOutcome);
      expect(winner.rowVersion).toBe(2);
      const lost = outcomes.filter(({ kind }) => kind === 'conflict');
      expect(lost).toEqual(upTo(63).map(() => ({ kind: 'conflict', actual: winner })));
      expect(await sequencesOf(store, 'kv')).toEqual([1, 2]);
    });

    it('let 1 of 64 concurrent installs win', async () => {
      const { store, second } = await open();
      const stores = [store, await second()];

      const outcomes = await Promise.all(
        upTo(64).map((n) =>
          commit(stores[n % 2] ?? store, 'kv', {
            row: { kind: 'insert', row: newRow('kv', { incarnation: `i-${n}` }) },
          }),
        ),
      );

      expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
      expect(await store.list()).toHaveLength(1);
    });

    it('of a row that was removed and made again conflict, even at the same version (G-02)', async () => {
      const { store } = await open();
      const old = await install(store, 'kv', { incarnation: 'first' });
      const { slug, incarnation, rowVersion } = old;
      await commit(store, 'kv', { row: { kind: 'delete', of: { slug, incarnation, rowVersion } } });
      const young = await install(store, 'kv', { incarnation: 'second' });

      const outcome = await commit(store, 'kv', update(old, { state: 'active' }));

      expect(young.rowVersion).toBe(old.rowVersion);
      expect(outcome).toEqual({ kind: 'conflict', actual: young });
      expect(await store.get('kv')).toEqual(young);
    });

    it('change nothing when one of their parts does not fit', async () => {
      const { store } = await open();
      const row = await install(store, 'kv');
      const missing = { kind: 'role', installId: 'none', from: 'staged', to: 'active' } as const;

      const outcome = await commit(store, 'kv', {
        ...update(row, { state: 'active' }),
        versions: [newVersion('kv', 'one'), missing],
      });

      expect(outcome).toEqual({ kind: 'conflict', actual: row });
      expect(await store.get('kv')).toEqual(row);
      expect(await store.versions('kv')).toEqual([]);
      expect(await sequencesOf(store, 'kv')).toEqual([1]);
    });

    it('that come again under their id are not done again', async () => {
      const { store } = await open();
      const row = await install(store, 'kv');
      const again = { id: nextId(), audit: [draft('kv')], ...update(row, { state: 'active' }) } as const;

      const [first, second] = [await store.commit(again), await store.commit(again)];

      expect(second).toEqual(first);
      expect(await sequencesOf(store, 'kv')).toEqual([1, 2]);
    });

    it('that are under way 8 times at once under one id happen once', async () => {
      const { store, second } = await open();
      const stores = [store, await second()];
      const row = await install(store, 'kv');
      const again = { id: nextId(), audit: [draft('kv')], ...update(row, { state: 'active' }) } as const;

      const outcomes = await Promise.all(upTo(8).map((n) => (stores[n % 2] ?? store).commit(again)));

      expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => 'committed'));
      expect((await store.get('kv'))?.rowVersion).toBe(2);
    });

    it('that are of no row only write entries', async () => {
      const { store } = await open();

      expect(await commit(store, 'kv')).toEqual({ kind: 'committed', row: undefined });
      expect(await sequencesOf(store, 'kv')).toEqual([1]);
    });

    it.each([
      ['audit.event', { event: 'no spaces' }],
      ['audit.event', { event: 'e'.repeat(129) }],
      ['audit.plugin', { plugin: '' }],
      ['audit.data', { data: { text: 'x'.repeat(65_537) } }],
      ['audit.severity', { severity: 'loud' }],
    ])('with an invalid "%s" are refused', async (field, more) => {
      const { store } = await open();

      const refused = store.commit({ id: nextId(), audit: [{ ...draft('kv'), ...(more as object) }] });

      await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field });
    });

    it('without an entry are refused', async () => {
      const { store } = await open();

      await expect(commit(store, 'kv', { audit: [] as never })).rejects.toHaveProperty('field', 'audit');
    });
  });

  describe('committed', () => {
    it('knows what happened, and what did not', async () => {
      const { store } = await open();
      const [happened, lost] = [nextId(), nextId()];
      const row = await install(store, 'kv');
      await commit(store, 'kv', { id: happened, ...update(row, { state: 'active' }) });
      await commit(store, 'kv', { id: lost, ...update(row, { state: 'inactive' }) });

      expect(await store.committed(happened)).toBe(true);
      expect(await store.committed(lost)).toBe(false);
    });

    it('is final: what it denies never happens', async () => {
      const { store } = await open();
      const id = nextId();

      expect(await store.committed(id)).toBe(false);
      await expect(commit(store, 'kv', { id })).rejects.toHaveProperty('code', 'COMMIT_ABANDONED');
      expect(await sequencesOf(store, 'kv')).toEqual([]);
    });

    it('agrees with 32 commits that it races', async () => {
      const { store, second } = await open();
      const other = await second();
      const names = upTo(32).map(() => nextId());

      const races = await Promise.all(names.map((id) => race(store, other, id)));

      for (const { happened, said } of races) expect(said).toBe(happened);
      expect(await sequencesOf(store, 'kv')).toEqual(upTo(races.filter(({ happened }) => happened).length));
    });
  });
}

// Helpers

async function race(
  store: LifecycleStore,
  other: LifecycleStore,
  id: string,
): Promise<{ readonly happened: boolean; readonly said: boolean }> {
  const [outcome, said] = await Promise.all([
    commit(store, 'kv', { id }).then(
      () => true,
      () => false,
    ),
    other.committed(id),
  ]);
  return { happened: outcome, said };
}
