import { describe, expect, it } from 'vitest';
import type { OpenSubject } from './contract.ts';
import { upTo } from './support.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Keys and values of plugins. */
export function storageContract(open: OpenSubject): void {
  describe("a plugin's storage", () => {
    it('keeps any bytes under any key', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1');
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);

      await storage.set('😀/a b', all);
      await storage.set('empty', new Uint8Array());

      const got = await storage.get('😀/a b');
      expect([...(got?.value ?? [])]).toEqual([...all]);
      expect((await storage.get('empty'))?.value).toEqual(new Uint8Array());
      expect(await storage.get('none')).toBeUndefined();
    });

    it('is apart for each installation', async () => {
      const { store } = await open();
      await store.storage('kv', 'first').set('a', bytes('1'));

      expect(await store.storage('kv', 'second').get('a')).toBeUndefined();
      expect(await store.storage('other', 'first').get('a')).toBeUndefined();
    });

    it('writes when the version is the expected one, 0 for none', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1');

      expect(await storage.set('a', bytes('1'), 0)).toBe(true);
      expect(await storage.set('a', bytes('2'), 0)).toBe(false);
      const { version = 0 } = (await storage.get('a')) ?? {};
      expect(await storage.set('a', bytes('3'), version + 1)).toBe(false);
      expect(await storage.set('a', bytes('4'), version)).toBe(true);
      expect((await storage.get('a'))?.value).toEqual(bytes('4'));
    });

    it('lets 1 of 32 concurrent writers of a version win', async () => {
      const { store, second } = await open();
      const stores = [store, await second()];
      const storage = store.storage('kv', 'kv-1');
      await storage.set('a', bytes('0'));
      const { version } = (await storage.get('a')) ?? { version: -1 };

      const won = await Promise.all(
        upTo(32).map((n) => (stores[n % 2] ?? store).storage('kv', 'kv-1').set('a', bytes(String(n)), version)),
      );

      expect(won.filter(Boolean)).toHaveLength(1);
    });

    it('never gives a version twice, not even after a delete', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1');
      await storage.set('a', bytes('1'));
      const old = await storage.get('a');
      await storage.delete('a');
      await storage.set('a', bytes('2'));

      expect(await storage.set('a', bytes('3'), old?.version)).toBe(false);
    });

    it('deletes when the version is the expected one', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1');
      await storage.set('a', bytes('1'));
      const { version } = (await storage.get('a')) ?? { version: -1 };

      expect(await storage.delete('a', version + 1)).toBe(false);
      expect(await storage.delete('a', version)).toBe(true);
      expect(await storage.delete('a')).toBe(false);
    });

    it('lists keys in the order of their bytes, by prefix and in pages', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1');
      for (const key of ['b', 'a/2', 'a/1', 'a%', 'A', 'a/😀', 'a/\uffee']) await storage.set(key, bytes(''));

      expect(await storage.keys()).toEqual(['A', 'a%', 'a/1', 'a/2', 'a/\uffee', 'a/😀', 'b']);
      expect(await storage.keys({ prefix: 'a/' })).toEqual(['a/1', 'a/2', 'a/\uffee', 'a/😀']);
      expect(await storage.keys({ prefix: 'a', after: 'a/1', limit: 2 })).toEqual(['a/2', 'a/\uffee']);
    });

    it('holds no more than 3 keys when its quota says so', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1', { keys: 3 });
      for (const key of ['a', 'b', 'c']) await storage.set(key, bytes('1'));

      await expect(storage.set('d', bytes('1'))).rejects.toMatchObject({ code: 'PLUGIN_STORAGE_FULL' });
      expect(await storage.set('c', bytes('2'))).toBe(true);
      await storage.delete('a');
      expect(await storage.set('d', bytes('1'))).toBe(true);
    });

    it('holds no more than 10 bytes of keys and values when its quota says so', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1', { bytes: 10 });
      await storage.set('ä', bytes('12345678'));

      await expect(storage.set('ä', bytes('123456789'))).rejects.toHaveProperty('code', 'PLUGIN_STORAGE_FULL');
      expect((await storage.get('ä'))?.value).toEqual(bytes('12345678'));
      await storage.set('ä', bytes('1'));
      expect(await storage.set('b', bytes('123456'))).toBe(true);
    });

    it('keeps its quota under 32 concurrent writers', async () => {
      const { store, second } = await open();
      const stores = [store, await second()];

      const written = await Promise.allSettled(
        upTo(32).map((n) => (stores[n % 2] ?? store).storage('kv', 'kv-1', { keys: 10 }).set(`k${n}`, bytes('1'))),
      );

      expect(written.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
      expect(await store.storage('kv', 'kv-1').keys()).toHaveLength(10);
    });

    it('takes what makes it smaller, also above a quota that was lowered', async () => {
      const { store } = await open();
      await store.storage('kv', 'kv-1').set('a', bytes('12345678'));
      const storage = store.storage('kv', 'kv-1', { bytes: 4 });

      expect(await storage.set('a', bytes('1234567'))).toBe(true);
      await expect(storage.set('a', bytes('12345678'))).rejects.toHaveProperty('code', 'PLUGIN_STORAGE_FULL');
    });

    it('is cleared as a whole, and has its room back', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1', { keys: 1 });
      await storage.set('a', bytes('1'));

      await storage.clear();

      expect(await storage.keys()).toEqual([]);
      expect(await storage.set('b', bytes('1'))).toBe(true);
    });

    it('hands out and takes copies', async () => {
      const { store } = await open();
      const storage = store.storage('kv', 'kv-1');
      const value = bytes('abc');
      const writing = storage.set('a', value);
      value.fill(0);
      await writing;
      (await storage.get('a'))?.value.fill(1);

      expect((await storage.get('a'))?.value).toEqual(bytes('abc'));
    });

    it.each(['', 'x'.repeat(513), 'a\0b'])('refuses the key "%s"', async (key) => {
      const { store } = await open();

      await expect(store.storage('kv', 'kv-1').set(key, bytes('1'))).rejects.toHaveProperty('field', 'key');
    });
  });
}
