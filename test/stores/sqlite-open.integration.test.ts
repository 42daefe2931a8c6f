import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/stores/index.ts';
import { temporaryDirectory } from './sqlite-subject.ts';
import { commit, install } from './support.ts';

describe('a database that cannot be used', () => {
  it('is STORE_NEWER when it has a version that this package does not know', async () => {
    const path = await made();
    change(path, 'insert into schema_migrations values (2, 0)');

    expect(await refusal(path)).toEqual({ code: 'STORE_NEWER', isUntouched: true });
  });

  it.each([
    ['its versions are gone', 'delete from schema_migrations'],
    ['a version is missing', 'update schema_migrations set version = 0'],
    ['a table is gone', 'drop table leases'],
    ['a column is gone', 'alter table audit drop column mac'],
  ])('is STORE_CORRUPTED when %s', async (_, statement) => {
    const path = await made();
    change(path, statement);

    expect(await refusal(path)).toEqual({ code: 'STORE_CORRUPTED', isUntouched: true });
  });

  it('is STORE_CORRUPTED when its pages are overwritten', async () => {
    const path = await made();
    const file = openSync(path, 'r+');
    // All but the first page, which has the schema.
    writeSync(file, Buffer.alloc(statSync(path).size - 4_096, 0x5a), 0, undefined, 4_096);
    closeSync(file);

    expect(await refusal(path)).toEqual({ code: 'STORE_CORRUPTED', isUntouched: true });
  });

  it('is STORE_CORRUPTED when its end is missing', async () => {
    const path = await made();
    truncateSync(path, 4_096 * 3);

    expect(await refusal(path)).toEqual({ code: 'STORE_CORRUPTED', isUntouched: true });
  });

  it('is STORE_FOREIGN when it is of another program', async () => {
    const path = join(temporaryDirectory(), 'other.db');
    change(path, 'create table songs (title text)');

    expect(await refusal(path)).toEqual({ code: 'STORE_FOREIGN', isUntouched: true });
  });

  it('is STORE_FOREIGN when it is no database', async () => {
    const path = join(temporaryDirectory(), 'text.txt');
    writeFileSync(path, 'this is a text, and not a short one\n'.repeat(200));

    expect(await refusal(path)).toEqual({ code: 'STORE_FOREIGN', isUntouched: true });
  });

  it('is STORE_UNWRITABLE when it is a directory, or lies where there is none', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'db'));

    await expect(openSqliteStore({ path: join(directory, 'db') })).rejects.toHaveProperty('code', 'STORE_UNWRITABLE');
    await expect(openSqliteStore({ path: join(directory, 'no', 'db') })).rejects.toHaveProperty(
      'code',
      'STORE_UNWRITABLE',
    );
  });

  it('is told as damage when a row holds what was never stored there', async () => {
    const path = await made();
    change(path, `update plugins set state = 'resting'`);
    const store = await openSqliteStore({ path });

    await expect(store.get('kv')).rejects.toHaveProperty('code', 'STORE_CORRUPTED');
    await store.close();
  });
});

describe('a database that can be used', () => {
  it('is readable for its owner only, with all its files', async () => {
    const path = join(temporaryDirectory(), 'troupe.db');
    const store = await openSqliteStore({ path });
    await install(store, 'kv');

    const modes = ['', '-wal', '-shm'].map((end) => statSync(path + end).mode & 0o777);

    expect(modes).toEqual([0o600, 0o600, 0o600]);
    await store.close();
  });

  it('is found again, with everything in it', async () => {
    const path = await made();
    const store = await openSqliteStore({ path });

    expect(await store.list()).toHaveLength(1);
    expect(await store.auditEntries('kv', 0, 10)).toHaveLength(1);
    await store.close();
  });

  it('may be reached by a link', async () => {
    const path = await made();
    const link = `${path}-link`;
    symlinkSync(path, link);
    const store = await openSqliteStore({ path: link });

    expect(await commit(store, 'kv')).toHaveProperty('kind', 'committed');
    await store.close();
  });
});

// Helpers

/** A database with one row, closed. */
async function made(): Promise<string> {
  const path = join(temporaryDirectory(), 'troupe.db');
  const store = await openSqliteStore({ path });
  await install(store, 'kv');
  await store.close();
  return path;
}

function change(path: string, statement: string): void {
  const db = new DatabaseSync(path);
  db.exec(statement);
  db.close();
}

/** The code with which it is refused, and whether it was left as it was. */
async function refusal(path: string): Promise<{ readonly code: unknown; readonly isUntouched: boolean }> {
  const before = readFileSync(path);
  const reason: unknown = await openSqliteStore({ path }).catch((error: unknown) => error);
  return { code: (reason as { code?: unknown }).code, isUntouched: readFileSync(path).equals(before) };
}
