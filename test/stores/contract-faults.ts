import { describe, expect, it } from 'vitest';
import { createRealClock } from '../../src/ports/real-clock.ts';
import type { LifecycleCommit } from '../../src/ports/lifecycle-store.ts';
import { commitSurely } from '../../src/stores/index.ts';
import type { OpenSubject } from './contract.ts';
import { draft, install, nextId, sequencesOf, update } from './support.ts';
import type { CommitFault } from './support.ts';

const FAULTS: readonly CommitFault[] = ['before', 'after', 'instead'];
const QUICK = { clock: createRealClock(), backoff: { initialMs: 1, maxMs: 2 } };

/** Commits whose answer is an error. */
export function faultContract(open: OpenSubject): void {
  describe('a commit that fails', () => {
    it.each(FAULTS)(
      '%s it lasts leaves a row that is the old or the new one, and committed tells which',
      async (fault) => {
        const { store, failNext } = await open();
        const row = await install(store, 'kv');
        const lost: LifecycleCommit = { id: nextId(), audit: [draft('kv')], ...update(row, { state: 'active' }) };
        failNext(fault);

        await expect(store.commit(lost)).rejects.toHaveProperty('code', 'STORE_UNAVAILABLE');

        const happened = fault === 'after';
        expect(await store.committed(lost.id)).toBe(happened);
        expect((await store.get('kv'))?.rowVersion).toBe(happened ? 2 : 1);
        expect(await sequencesOf(store, 'kv')).toEqual(happened ? [1, 2] : [1]);
      },
    );

    it.each(FAULTS)('%s it lasts is committed once by commitSurely (race 20)', async (fault) => {
      const { store, failNext } = await open();
      const row = await install(store, 'kv');
      failNext(fault, 2);

      const outcome = await commitSurely(
        store,
        { id: nextId(), audit: [draft('kv')], ...update(row, { state: 'active' }) },
        QUICK,
      );

      expect(outcome).toMatchObject({ kind: 'committed', row: { state: 'active', rowVersion: 2 } });
      expect(await sequencesOf(store, 'kv')).toEqual([1, 2]);
    });

    it('before a conflict is a conflict', async () => {
      const { store, failNext } = await open();
      const row = await install(store, 'kv');
      await store.commit({ id: nextId(), audit: [draft('kv')], ...update(row, { state: 'inactive' }) });
      failNext('before');

      const outcome = await commitSurely(
        store,
        { id: nextId(), audit: [draft('kv')], ...update(row, { state: 'active' }) },
        QUICK,
      );

      expect(outcome).toMatchObject({ kind: 'conflict', actual: { state: 'inactive' } });
    });

    it('5 times is given up with the error, and committed still tells what became of it', async () => {
      const { store, failNext } = await open();
      const id = nextId();
      failNext('after');
      failNext('before', 4);

      await expect(commitSurely(store, { id, audit: [draft('kv')] }, QUICK)).rejects.toHaveProperty(
        'code',
        'STORE_UNAVAILABLE',
      );

      expect(await store.committed(id)).toBe(true);
    });
  });
}
