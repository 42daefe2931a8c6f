// How far a sink has got, as it is kept in the store: for each plugin the last entry that the sink has taken, and its link.
//
// Invariants:
//   U1. A cursor is as the key has signed it: one that was changed counts as none, and the sink gets everything again.
//   U2. A write names the version that it replaces. Of two hosts that feed one sink, who comes second reads again.

import type { SnapshotStore } from '../../ports/snapshot-store.ts';
import { canonicalJson } from './canonical-json.ts';
import { authenticated, isSameLink } from './chain.ts';

/** The last entry of a plugin that a sink has taken. */
export interface Delivered {
  readonly sequence: number;
  readonly mac: string;
}

/** How far a sink has got, by plugin. */
export type Cursor = ReadonlyMap<string, Delivered>;

/** A cursor as it was read. */
export interface StoredCursor {
  readonly cursor: Cursor;
  /** Version to replace; undefined when there is none. */
  readonly version: number | undefined;
  /** False when there was one that nobody with the key has written (U1). */
  readonly isGenuine: boolean;
}

/** One plugin of a record: a list, as a plugin may have the name of something that every object has. */
type Row = readonly [plugin: string, sequence: number, mac: string];

/** Reads the cursor of a sink. */
export async function loadCursor(store: SnapshotStore, key: Uint8Array, sink: string): Promise<StoredCursor> {
  const stored = await store.load(keyOf(sink));
  if (stored === undefined) return { cursor: new Map(), version: undefined, isGenuine: true };
  const record = parse(stored.data);
  const isGenuine = record !== undefined && isSameLink(record.mac, macOf(key, sink, record.rows));
  const rows = isGenuine ? record.rows : [];
  const cursor = new Map(rows.map(([plugin, sequence, mac]) => [plugin, { sequence, mac }]));
  return { cursor, version: stored.version, isGenuine };
}

/** Writes the cursor of a sink. False when somebody else has (U2). */
export async function saveCursor(
  store: SnapshotStore,
  key: Uint8Array,
  {
    sink,
    cursor,
    version,
    writer,
  }: Omit<StoredCursor, 'isGenuine'> & { readonly sink: string; readonly writer: string },
): Promise<boolean> {
  const rows = [...cursor].map(([plugin, { sequence, mac }]): Row => [plugin, sequence, mac]);
  const data = JSON.stringify({ rows, mac: macOf(key, sink, rows) });
  return store.save(keyOf(sink), version, { version: (version ?? 0) + 1, writer, data });
}

function keyOf(sink: string): string {
  return `audit/cursor/${sink}`;
}

function macOf(key: Uint8Array, sink: string, rows: readonly Row[]): string {
  return authenticated(key, 'troupe.audit.cursor/1', canonicalJson([sink, rows]));
}

/** U1: whatever is no record, is no cursor. What a genuine one holds was written here. */
function parse(data: string): { readonly rows: readonly Row[]; readonly mac: string } | undefined {
  try {
    const record = JSON.parse(data) as { readonly rows?: unknown; readonly mac?: unknown } | null;
    if (!Array.isArray(record?.rows) || typeof record.mac !== 'string') return undefined;
    return { rows: record.rows as readonly Row[], mac: record.mac };
  } catch {
    return undefined;
  }
}
