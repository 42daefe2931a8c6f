import { RuntimeError } from '../errors/index.ts';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts';

/**
 * How a call of the store fails: `before` it did anything; `after` it did everything, with the answer lost; `silent`:
 * nothing is done, and no answer ever comes.
 */
export type StoreFailure = 'before' | 'after' | 'silent';

/** Which calls fail next. */
export interface FailNextOptions {
  /** Default `before`. */
  readonly how?: StoreFailure | undefined;
  /** How many calls. Default 1. */
  readonly times?: number | undefined;
  /** Default: any call. */
  readonly operation?: 'load' | 'save' | 'delete' | undefined;
}

/** A store for tests and trials, gone with the process. */
export interface MemorySnapshotStore extends SnapshotStore {
  /** Makes the next calls fail. Replaces what was said before. */
  failNext(options?: FailNextOptions): void;
  /** What is stored, without a promise. */
  peek(key: string): StoredSnapshot | undefined;
  /** Puts anything there, such as a record that nobody can read. */
  put(key: string, stored: StoredSnapshot): void;
  /** Calls so far, those that failed included. */
  readonly calls: Readonly<Record<'load' | 'save' | 'delete', number>>;
}

/** Creates an empty store. What is put in stays until it is deleted, so it is as large as its users make it. */
export function createMemorySnapshotStore(): MemorySnapshotStore {
  const rows = new Map<string, StoredSnapshot>();
  const calls = { load: 0, save: 0, delete: 0 };
  let failing: FailNextOptions & { times: number } = { times: 0 };

  /** Takes one off the failures to come. */
  const failureOf = (operation: 'load' | 'save' | 'delete'): StoreFailure | undefined => {
    calls[operation]++;
    if (failing.times === 0 || (failing.operation ?? operation) !== operation) return undefined;
    failing = { ...failing, times: failing.times - 1 };
    return failing.how ?? 'before';
  };

  const call = async <T>(operation: 'load' | 'save' | 'delete', action: () => T): Promise<T> => {
    const failure = failureOf(operation);
    if (failure === undefined) return action();
    if (failure === 'silent') return new Promise<never>(() => {});
    if (failure === 'after') action();
    throw new RuntimeError('UNAVAILABLE', `the store failed ${failure} the ${operation}, as the test said`);
  };

  const replaces = (key: string, expected: number | undefined): boolean => rows.get(key)?.version === expected;

  return {
    calls,
    load: (key) => call('load', () => rows.get(key)),
    save: (key, expected, next) => call('save', () => replaces(key, expected) && rows.set(key, next).has(key)),
    delete: (key, expected) => call('delete', () => replaces(key, expected) && rows.delete(key)),
    failNext: (options = {}) => {
      failing = { ...options, times: options.times ?? 1 };
    },
    peek: (key) => rows.get(key),
    put: (key, stored) => void rows.set(key, stored),
  };
}
