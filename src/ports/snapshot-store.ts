/** What a store keeps under one key. */
export interface StoredSnapshot {
  /** Counts the writes of this key, from 1. */
  readonly version: number;
  /** Who wrote it; tells one's own write from another's when the answer to it was lost. */
  readonly writer: string;
  /** What was written. Text, so that no store has an opinion about it. */
  readonly data: string;
}

/**
 * Where durable actors keep their state. Every write names the version that it replaces, so that of several writers at
 * once exactly one succeeds.
 */
export interface SnapshotStore {
  /** What is stored under the key; undefined when nothing is. Rejects when that cannot be told. */
  load(key: string): Promise<StoredSnapshot | undefined>;
  /**
   * Writes when the stored version is `expected`, or when nothing is stored and `expected` is undefined. False when it is
   * not. A rejection leaves open whether it was written: the caller reads again. It has to last when this resolves.
   */
  save(key: string, expected: number | undefined, next: StoredSnapshot): Promise<boolean>;
  /** Forgets the key when its version is `expected`; false when it is not. */
  delete(key: string, expected: number): Promise<boolean>;
}
