// A store in memory: for tests, for trials, and for hosts that may forget.
//
// Invariants:
//   M1. Each call happens as a whole in the moment in which it is made; calls have one order.
//   M2. What goes in and what comes out are copies.

import { RuntimeError } from '../../errors/index.ts';
import { requirePositiveInteger } from '../../policy/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { LifecycleStore, PluginStorage, StorageQuota } from '../../ports/lifecycle-store.ts';
import type { SnapshotStore } from '../../ports/snapshot-store.ts';
import { byBytes } from '../byte-order.ts';
import {
  checkAfter,
  checkCommit,
  checkExpected,
  checkLease,
  checkLeaseRequest,
  checkLimit,
  checkName,
  checkSeal,
  checkSnapshot,
  checkText,
  MOST_ENTRIES,
  resolveQuota,
} from '../check.ts';
import { entriesOf, headsOf, pruneEntries, sealEntries } from './audit.ts';
import { applyCommit } from './commit.ts';
import { acquireLease, releaseLease, renewLease } from './leases.ts';
import { clearValues, deleteValue, emptyStorage, getValue, keysOf, setValue } from './plugin-storage.ts';
import { emptyTables, installationKey } from './tables.ts';
import type { MemoryTables } from './tables.ts';

/** A call of the store that can be made to fail. */
export type MemoryStoreOperation = Exclude<keyof LifecycleStore, 'snapshots' | 'close'>;

/** Which calls fail next. */
export interface FailNextCallOptions {
  /**
   * `before` the call did anything; `after` it did everything, with the answer lost; `silent`: nothing is done, and no
   * answer ever comes. Default `before`.
   */
  readonly how?: 'before' | 'after' | 'silent' | undefined;
  /** How many calls. Default 1. */
  readonly times?: number | undefined;
  /** Default: any call. `storage` and `snapshots` stand for all calls of theirs. */
  readonly operation?: MemoryStoreOperation | 'snapshots' | undefined;
}

/** A store that is gone with the process. */
export interface MemoryStore extends LifecycleStore {
  /** Makes the next calls fail with STORE_UNAVAILABLE. Replaces what was said before. */
  failNext(options?: FailNextCallOptions): void;
}

/** What a store in memory needs. */
export interface MemoryStoreOptions {
  /** Its time, by which leases go. */
  readonly clock: Clock;
}

/** Creates an empty store. It grows with what is put in; nothing but `prune` and the removals of its users shrinks it. */
export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  return new TableStore(options.clock);
}

class TableStore implements MemoryStore {
  readonly snapshots: SnapshotStore;
  readonly #clock: Clock;
  readonly #tables: MemoryTables = emptyTables();
  #failing: FailNextCallOptions & { readonly times: number } = { times: 0 };
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.snapshots = this.#createSnapshots();
  }

  failNext(options: FailNextCallOptions = {}): void {
    this.#failing = { ...options, times: requirePositiveInteger('times', options.times ?? 1) };
  }

  now(): ReturnType<LifecycleStore['now']> {
    return this.#call('now', () => this.#clock.now());
  }

  get(slug: string): ReturnType<LifecycleStore['get']> {
    return this.#call('get', () => structuredClone(this.#tables.plugins.get(checkName('slug', slug))));
  }

  list(): ReturnType<LifecycleStore['list']> {
    return this.#call('list', () =>
      structuredClone([...this.#tables.plugins.values()]).sort((a, b) => byBytes(a.slug, b.slug)),
    );
  }

  commit(commit: Parameters<LifecycleStore['commit']>[0]): ReturnType<LifecycleStore['commit']> {
    return this.#call('commit', () => {
      checkCommit(commit);
      return applyCommit(this.#tables, commit, this.#clock.now());
    });
  }

  committed(id: string): ReturnType<LifecycleStore['committed']> {
    return this.#call('committed', () => {
      const known = this.#tables.commits.get(checkName('id', id));
      if (known === undefined) this.#tables.commits.set(id, false);
      return known === true;
    });
  }

  versions(slug: string): ReturnType<LifecycleStore['versions']> {
    return this.#call('versions', () => {
      checkName('slug', slug);
      return structuredClone(this.#tables.versions.filter((one) => one.slug === slug)).reverse();
    });
  }

  allVersions(): ReturnType<LifecycleStore['versions']> {
    // Of the same plugin the newest first: the sort keeps the order of what is equal.
    return this.#call('allVersions', () =>
      [...structuredClone(this.#tables.versions)].reverse().sort((a, b) => byBytes(a.slug, b.slug)),
    );
  }

  tombstones(): ReturnType<LifecycleStore['tombstones']> {
    return this.#call('tombstones', () =>
      structuredClone([...this.#tables.tombstones.values()]).sort(
        (a, b) => byBytes(a.slug, b.slug) || byBytes(a.incarnation, b.incarnation),
      ),
    );
  }

  clearTombstone(slug: string, incarnation: string): ReturnType<LifecycleStore['clearTombstone']> {
    return this.#call('clearTombstone', () => {
      this.#tables.tombstones.delete(installationKey(checkName('slug', slug), checkName('incarnation', incarnation)));
    });
  }

  acquire(name: string, owner: string, ttlMs: number): ReturnType<LifecycleStore['acquire']> {
    return this.#call('acquire', () => {
      checkLeaseRequest(name, owner, ttlMs);
      return acquireLease(this.#tables, { name, owner, ttlMs }, this.#clock.now());
    });
  }

  renew(lease: Parameters<LifecycleStore['renew']>[0], ttlMs: number): ReturnType<LifecycleStore['renew']> {
    return this.#call('renew', () => {
      checkLeaseRequest(lease.name, lease.owner, ttlMs);
      return renewLease(this.#tables, lease, ttlMs, this.#clock.now());
    });
  }

  release(lease: Parameters<LifecycleStore['release']>[0]): ReturnType<LifecycleStore['release']> {
    return this.#call('release', () => {
      checkLease(lease);
      releaseLease(this.#tables, lease);
    });
  }

  auditHeads(): ReturnType<LifecycleStore['auditHeads']> {
    return this.#call('auditHeads', () => headsOf(this.#tables));
  }

  auditEntries(plugin: string, after: number, limit: number): ReturnType<LifecycleStore['auditEntries']> {
    return this.#call('auditEntries', () =>
      entriesOf(this.#tables, checkName('plugin', plugin), checkAfter(after), checkLimit(limit)),
    );
  }

  seal(head: Parameters<LifecycleStore['seal']>[0], macs: readonly string[]): ReturnType<LifecycleStore['seal']> {
    return this.#call('seal', () => {
      checkSeal(head, macs);
      return sealEntries(this.#tables, head, macs);
    });
  }

  prune(head: Parameters<LifecycleStore['prune']>[0], upTo: number): ReturnType<LifecycleStore['prune']> {
    return this.#call('prune', () => pruneEntries(this.#tables, head, upTo));
  }

  storage(slug: string, incarnation: string, quota?: Partial<StorageQuota>): PluginStorage {
    const id = installationKey(checkName('slug', slug), checkName('incarnation', incarnation));
    const limit = { slug, quota: resolveQuota(quota) };
    const table = (): ReturnType<typeof emptyStorage> => {
      const found = this.#tables.storage.get(id) ?? emptyStorage();
      this.#tables.storage.set(id, found);
      return found;
    };
    return {
      get: (key) => this.#call('storage', () => getValue(table(), checkText('key', key))),
      set: (key, value, expected) =>
        this.#call('storage', () => {
          return setValue(table(), { key: checkName('key', key), value, expected: checkExpected(expected) }, limit);
        }),
      delete: (key, expected) =>
        this.#call('storage', () => deleteValue(table(), checkText('key', key), checkExpected(expected))),
      keys: ({ prefix = '', after, limit: most = MOST_ENTRIES } = {}) =>
        this.#call('storage', () => keysOf(table(), checkText('prefix', prefix), after, checkLimit(most))),
      clear: () => this.#call('storage', () => clearValues(table())),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #createSnapshots(): SnapshotStore {
    const rows = this.#tables.snapshots;
    return {
      load: (key) => this.#call('snapshots', () => structuredClone(rows.get(checkName('key', key)))),
      save: (key, expected, next) =>
        this.#call('snapshots', () => {
          checkSnapshot(key, next);
          const { version, writer, data } = next;
          return (
            rows.get(key)?.version === checkExpected(expected) && rows.set(key, { version, writer, data }).has(key)
          );
        }),
      delete: (key, expected) =>
        this.#call('snapshots', () => {
          return rows.get(checkName('key', key))?.version === checkExpected(expected) && rows.delete(key);
        }),
    };
  }

  async #call<T>(operation: MemoryStoreOperation | 'snapshots', action: () => T): Promise<T> {
    if (this.#isClosed) throw new RuntimeError('STORE_CLOSED', 'the store is closed');
    const failure = this.#failureOf(operation);
    if (failure === undefined) return action();
    if (failure === 'silent') return new Promise<never>(() => {});
    if (failure === 'after') action();
    throw new RuntimeError('STORE_UNAVAILABLE', `the store failed ${failure} "${operation}", as it was told to`);
  }

  /** Takes one off the failures to come. */
  #failureOf(operation: MemoryStoreOperation | 'snapshots'): 'before' | 'after' | 'silent' | undefined {
    const { times, how = 'before', operation: wanted = operation } = this.#failing;
    if (times === 0 || wanted !== operation) return undefined;
    this.#failing = { ...this.#failing, times: times - 1 };
    return how;
  }
}
