import { describe, expect, it } from 'vitest';
import type { OpenSubject } from './contract.ts';
import { upTo } from './support.ts';

/** The port of durable actors. */
export function snapshotContract(open: OpenSubject): void {
  describe('snapshots', () => {
    it('are undefined until they are saved, and come back as they are', async () => {
      const { store } = await open();
      const first = { version: 1, writer: 'w', data: '{"a":"😀"}' };

      expect(await store.snapshots.load('actor')).toBeUndefined();
      expect(await store.snapshots.save('actor', undefined, first)).toBe(true);
      expect(await store.snapshots.load('actor')).toEqual(first);
    });

    it('are saved when the stored version is the expected one', async () => {
      const { snapshots } = (await open()).store;
      await snapshots.save('actor', undefined, { version: 1, writer: 'w', data: 'one' });
      const second = { version: 2, writer: 'w', data: 'two' };

      expect(await snapshots.save('actor', undefined, second)).toBe(false);
      expect(await snapshots.save('actor', 2, second)).toBe(false);
      expect(await snapshots.save('none', 1, second)).toBe(false);
      expect(await snapshots.save('actor', 1, second)).toBe(true);
      expect(await snapshots.load('actor')).toEqual(second);
    });

    it('have 1 winner of 32 concurrent writers', async () => {
      const { store, second } = await open();
      const stores = [store, await second()];
      await store.snapshots.save('actor', undefined, { version: 1, writer: 'w', data: '' });

      const won = await Promise.all(
        upTo(32).map((n) =>
          (stores[n % 2] ?? store).snapshots.save('actor', 1, { version: 2, writer: `w${n}`, data: String(n) }),
        ),
      );

      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await store.snapshots.load('actor'))?.writer).toBe(`w${won.indexOf(true) + 1}`);
    });

    it('are deleted when the stored version is the expected one', async () => {
      const { snapshots } = (await open()).store;
      await snapshots.save('actor', undefined, { version: 3, writer: 'w', data: '' });

      expect(await snapshots.delete('actor', 2)).toBe(false);
      expect(await snapshots.delete('actor', 3)).toBe(true);
      expect(await snapshots.load('actor')).toBeUndefined();
    });
  });
}
