import type { StorageQuota, StoredValue } from '../../ports/lifecycle-store.ts';
import { byBytes } from '../byte-order.ts';
import { storageFull } from '../check.ts';
import type { StorageTable } from './tables.ts';

/** A storage with nothing in it. */
export function emptyStorage(): StorageTable {
  return { values: new Map(), bytes: 0, writes: 0 };
}

/** The value of a key, as a copy. */
export function getValue(table: StorageTable, key: string): StoredValue | undefined {
  const stored = table.values.get(key);
  return stored && { value: stored.value.slice(), version: stored.version };
}

/** Writes a key when its version is the expected one. */
export function setValue(
  table: StorageTable,
  write: { readonly key: string; readonly value: Uint8Array; readonly expected: number | undefined },
  limit: { readonly slug: string; readonly quota: StorageQuota },
): boolean {
  const { key, value, expected } = write;
  const before = table.values.get(key);
  if (expected !== undefined && (before?.version ?? 0) !== expected) return false;
  const bytes = table.bytes - (before === undefined ? 0 : sizeOf(key, before.value)) + sizeOf(key, value);
  const keys = table.values.size + (before === undefined ? 1 : 0);
  // What makes it smaller is always taken: a quota may have been lowered.
  const isFull = keys > limit.quota.keys || bytes > limit.quota.bytes;
  if (isFull && (before === undefined || bytes > table.bytes)) throw storageFull(limit.slug, limit.quota);
  table.writes++;
  table.bytes = bytes;
  table.values.set(key, { value: Uint8Array.from(value), version: table.writes });
  return true;
}

/** Removes a key when its version is the expected one. */
export function deleteValue(table: StorageTable, key: string, expected: number | undefined): boolean {
  const before = table.values.get(key);
  if (before === undefined || (expected !== undefined && before.version !== expected)) return false;
  table.bytes -= sizeOf(key, before.value);
  return table.values.delete(key);
}

/** The keys in order. */
export function keysOf(table: StorageTable, prefix: string, after: string | undefined, limit: number): string[] {
  return [...table.values.keys()]
    .filter((key) => key.startsWith(prefix) && (after === undefined || byBytes(key, after) > 0))
    .sort(byBytes)
    .slice(0, limit);
}

/** Removes everything; versions go on from where they were. */
export function clearValues(table: StorageTable): void {
  table.values.clear();
  table.bytes = 0;
}

function sizeOf(key: string, value: Uint8Array): number {
  return Buffer.byteLength(key) + value.byteLength;
}
