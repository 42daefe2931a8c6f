// What the database says when it is read beside the host, or without one. Nothing is changed.

import { existsSync } from 'node:fs';
import { RuntimeError } from '../../../errors/index.ts';
import type { DataDirectory, RunningHost } from '../../../host/index.ts';
import { checkSqliteFile } from '../../../stores/index.ts';
import { countOf } from '../../count-of.ts';
import { failed, ok, warning } from './check.ts';
import type { Check } from './check.ts';

/** A lease as the database has it. */
interface LeaseRow {
  readonly name: string;
  readonly owner: string;
  readonly expiresAt: number;
}

const MOST_SHOWN = 20;

/** Whether a host could open the database; for when none can say so. */
export async function checkDatabase({ database }: DataDirectory): Promise<Check> {
  if (!existsSync(database)) return ok('store', 'there is no database yet');
  try {
    await checkSqliteFile(database);
    return ok('store', 'the database is whole');
  } catch (error) {
    return failed('store', RuntimeError.from(error).rawMessage);
  }
}

/** Who holds which lease. Reads the database beside the host, and changes nothing. */
export async function checkLeases(
  { database }: DataDirectory,
  running: RunningHost | undefined,
  now: number,
): Promise<Check> {
  if (!existsSync(database)) return ok('leases', 'there is no database yet');
  try {
    const held = await heldLeases(database, now);
    if (held.length === 0) return ok('leases', 'nobody holds a lease');
    const lines = held
      .slice(0, MOST_SHOWN)
      .map(({ name, owner, expiresAt }) => `${name}: ${owner}, for another ${Math.ceil((expiresAt - now) / 1000)} s`);
    const strangers = held.filter(({ owner }) => running === undefined || !owner.startsWith(running.hostId));
    const text = `${countOf(held.length, 'lease')} held`;
    if (strangers.length === 0) return ok('leases', `${text} by the host that runs`, lines);
    return warning('leases', `${text}, ${strangers.length} of them by another host or by one that is gone`, lines);
  } catch (error) {
    return failed('leases', `the database cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function heldLeases(database: string, now: number): Promise<readonly LeaseRow[]> {
  const rows = await read(
    database,
    'SELECT name, owner, expires_at FROM leases WHERE expires_at > ? ORDER BY name',
    now,
  );
  return rows.map(({ name, owner, expires_at: expiresAt }) => ({
    name: String(name),
    owner: String(owner),
    expiresAt: Number(expiresAt),
  }));
}

async function read(
  database: string,
  sql: string,
  ...values: readonly number[]
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { DatabaseSync } = await import('node:sqlite');
  const connection = new DatabaseSync(database, { readOnly: true, timeout: 1000 });
  try {
    return connection.prepare(sql).all(...values);
  } finally {
    connection.close();
  }
}
