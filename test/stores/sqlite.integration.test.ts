import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { openSqliteStore } from '../../src/stores/index.ts';
import { processContract } from './contract-processes.ts';
import { storeContract } from './contract.ts';
import { startFixture } from './processes.ts';
import type { TestProcess } from './processes.ts';
import { openSqliteSubject, temporaryDirectory } from './sqlite-subject.ts';
import { commit, install, rowOf, sequencesOf, update, upTo } from './support.ts';

storeContract('the store in SQLite', openSqliteSubject);

processContract('the store in SQLite', async () => {
  const path = join(temporaryDirectory(), 'troupe.db');
  return { where: { kind: 'sqlite', path }, open: () => opened(path) };
});

describe('a database that another process has locked', () => {
  it('leaves the event loop free, and the commit happens once the lock is gone', async () => {
    const path = join(temporaryDirectory(), 'troupe.db');
    const store = await opened(path);
    const row = await install(store, 'kv');
    const other = await locked(path);
    let isDone = false;

    const committing = commit(store, 'kv', update(row, { state: 'active' })).finally(() => {
      isDone = true;
    });
    // Blocked by the lock, this loop would not turn once.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
    const wasDone = isDone;
    await release(other);

    expect(wasDone).toBe(false);
    expect(rowOf(await committing)).toMatchObject({ state: 'active', rowVersion: 2 });
  });

  it('is told as STORE_LOCKED after the time-out, with nothing done', async () => {
    const path = join(temporaryDirectory(), 'troupe.db');
    const store = await opened(path, 50);
    const row = await install(store, 'kv');
    const other = await locked(path);

    await expect(commit(store, 'kv', update(row, { state: 'active' }))).rejects.toHaveProperty('code', 'STORE_LOCKED');

    expect(await store.get('kv')).toEqual(row);
    await release(other);
    expect(await commit(store, 'kv', update(row, { state: 'active' }))).toHaveProperty('kind', 'committed');
    expect(await sequencesOf(store, 'kv')).toEqual([1, 2]);
  });

  it('is opened while it is being made by 8 at once', async () => {
    const path = join(temporaryDirectory(), 'troupe.db');

    const stores = await Promise.all(upTo(8).map(() => opened(path)));

    for (const [index, store] of stores.entries()) await install(store, `p${index}`);
    expect(await stores[0]?.list()).toHaveLength(8);
  });
});

describe('openSqliteStore', () => {
  it('refuses the call after as many as may wait with STORE_BUSY', async () => {
    const store = await opened(join(temporaryDirectory(), 'troupe.db'), 5_000, 4);

    const settled = await Promise.allSettled(upTo(6).map(() => store.now()));

    expect(settled.map(({ status }) => status)).toEqual([
      ...upTo(4).map(() => 'fulfilled'),
      ...upTo(2).map(() => 'rejected'),
    ]);
    expect(settled[5]).toHaveProperty('reason.code', 'STORE_BUSY');
  });

  it('renews a lease beyond as many as may wait, and before the 4 that do', async () => {
    const store = await opened(join(temporaryDirectory(), 'troupe.db'), 5_000, 200);
    const lease = await store.acquire('plugin/kv', 'host', 60_000);
    const order: string[] = [];

    const reads = upTo(200).map((index) => store.now().then(() => order.push(`read ${index}`)));
    const renewed =
      lease && store.renew(lease, 60_000).then((found) => order.push(found === undefined ? 'lost' : 'kept'));
    await Promise.all([renewed, ...reads]);

    // The message that is under way, and the one that the renewal goes with.
    expect(order.indexOf('kept')).toBeGreaterThanOrEqual(0);
    expect(order.indexOf('kept')).toBeLessThan(130);
  });

  it('rejects with STORE_UNAVAILABLE from the moment in which its thread ends, and still closes', async () => {
    const threads: Worker[] = [];
    process.once('worker', (thread) => threads.push(thread));
    const store = await opened(join(temporaryDirectory(), 'troupe.db'));

    const writing = commit(store, 'kv');
    await Promise.all([expect(writing).rejects.toHaveProperty('code', 'STORE_UNAVAILABLE'), threads[0]?.terminate()]);

    await expect(store.now()).rejects.toHaveProperty('code', 'STORE_UNAVAILABLE');
    await store.close();
  });

  it.each([
    ['moved away', (path: string) => renameSync(path, `${path}.old`)],
    ['replaced by another one', (path: string) => replace(path)],
  ])(
    'writes nothing more to a file that was %s: others have another one, with leases of its own',
    async (_, change) => {
      const path = join(temporaryDirectory(), 'troupe.db');
      const store = await opened(path);
      const lease = await store.acquire('plugin/kv', 'host', 60_000);
      if (lease === undefined) throw new Error('there is no lease');
      change(path);

      await expect(store.renew(lease, 60_000)).rejects.toHaveProperty('code', 'STORE_UNWRITABLE');
      await expect(install(store, 'kv')).rejects.toThrow(`database "${path}" was moved, removed or replaced`);
    },
  );

  it('answers what is under way before it closes', async () => {
    const path = join(temporaryDirectory(), 'troupe.db');
    const store = await opened(path);

    const written = Promise.all(upTo(20).map(() => commit(store, 'kv')));
    await store.close();

    expect((await written).map(({ kind }) => kind)).toEqual(upTo(20).map(() => 'committed'));
    expect(await sequencesOf(await opened(path), 'kv')).toEqual(upTo(20));
  });
});

// Helpers

async function opened(path: string, busyTimeoutMs?: number, maxPending?: number): Promise<LifecycleStore> {
  const store = await openSqliteStore({ path, busyTimeoutMs, maxPending });
  onTestFinished(() => store.close());
  return store;
}

function replace(path: string): void {
  writeFileSync(`${path}.new`, '');
  renameSync(`${path}.new`, path);
}

async function locked(path: string): Promise<TestProcess> {
  const other = startFixture('lock-process', [path]);
  await other.said(1);
  expect(other.lines()).toEqual(['locked']);
  return other;
}

async function release(other: TestProcess): Promise<void> {
  other.child.stdin?.end('\n');
  expect(await other.ended()).toMatchObject({ code: 0 });
}
