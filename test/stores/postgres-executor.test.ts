import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import type { LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { createPostgresExecutor } from '../../src/stores/postgres/postgres-executor.ts';
import { createPostgresDialect } from '../../src/stores/sql/dialect.ts';
import type { SqlRow } from '../../src/stores/sql/executor.ts';
import { createSqlStore } from '../../src/stores/sql/sql-store.ts';
import { commit, DIGEST, newRow, update } from './support.ts';

/** Says what the server answers to a statement: rows, or an error with its SQLSTATE. */
type Server = (sql: string) => readonly SqlRow[] | Error;

const ROW: SqlRow = {
  slug: 'kv',
  incarnation: 'kv-1',
  version: '1.0.0',
  abi_version: 1,
  manifest: 'name: kv\n',
  digest: DIGEST,
  state: 'installed',
  permissions: '[]',
  awaiting_consent: '[]',
  trips: '[]',
  last_error: null,
  error_at: null,
  installed_at: 1,
  activated_at: null,
  row_version: 1,
  updated_at: 1,
};

describe('a read from PostgreSQL', () => {
  it('has no time, and no failure, where the database has null', async () => {
    const { store } = open(() => [ROW]);

    expect(await store.get('kv')).toMatchObject({ activatedAt: undefined, errorAt: undefined, failure: undefined });
    expect(await store.list()).toHaveLength(1);
  });

  it('is undefined, and an empty list, when there is no row', async () => {
    const { store } = open(() => []);

    expect([await store.get('kv'), await store.list()]).toEqual([undefined, []]);
  });

  it.each([
    ['STORE_UNAVAILABLE', '08006'],
    ['STORE_UNAVAILABLE', '57P01'],
    ['STORE_LOCKED', '57014'],
    ['STORE_UNWRITABLE', '42501'],
    ['STORE_CORRUPTED', '42P01'],
  ])('that the server refuses is %s for %s', async (code, state) => {
    const { store } = open(() => refused(state));

    await expect(store.get('kv')).rejects.toMatchObject({ code });
    await expect(store.list()).rejects.toMatchObject({ code });
  });

  it('of 1 row of 2 that no store has written is STORE_CORRUPTED, as a whole', async () => {
    const { store } = open(() => [ROW, { ...ROW, slug: 'tv', state: 'resting' }]);

    await expect(store.list()).rejects.toMatchObject({ code: 'STORE_CORRUPTED' });
  });
});

describe('a commit to PostgreSQL', () => {
  const row = { slug: 'kv', incarnation: 'kv-1', rowVersion: 1 };
  const install = (store: LifecycleStore) => commit(store, 'kv', { row: { kind: 'insert', row: newRow('kv') } });
  const remove = (store: LifecycleStore) => commit(store, 'kv', { row: { kind: 'delete', of: row } });

  it('that a unique index forbids (23505) is a conflict, and is rolled back', async () => {
    const { store, said } = open((sql) => (/^insert into "s"."plugins"/.test(sql) ? refused('23505') : [ROW]));

    expect(await install(store)).toMatchObject({ kind: 'conflict', actual: { slug: 'kv' } });
    expect(said().filter((sql) => !sql.includes(' '))).toEqual(['begin', 'rollback']);
  });

  it.each<[string, (store: LifecycleStore) => Promise<unknown>]>([
    ['a change', (store) => commit(store, 'kv', update({ ...row } as never, { state: 'active' }))],
    ['a delete', remove],
  ])('that is %s of a row that is not there any more is a conflict', async (_, write) => {
    const { store, said } = open((sql) => (/"s"."plugins"/.test(sql) ? [] : [ROW]));

    expect(await write(store)).toEqual({ kind: 'conflict', actual: undefined });
    expect(said()).toContain('rollback');
  });

  it.each<[string, (store: LifecycleStore) => Promise<unknown>]>([
    ['an insert', install],
    ['a change', (store) => commit(store, 'kv', update({ ...row } as never, { state: 'active' }))],
    ['a delete', remove],
  ])('that is %s and fails in another way rejects, and its connection is not used again', async (_, write) => {
    const { store, released } = open((sql) => (/"s"."plugins"/.test(sql) ? refused('08006') : [ROW]));

    await expect(write(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(released).toEqual([expect.objectContaining({ code: 'STORE_UNAVAILABLE' })]);
  });
});

// Helpers

function refused(code: string): Error {
  return Object.assign(new Error(`the server says ${code}`), { code });
}

function open(server: Server): {
  readonly store: LifecycleStore;
  readonly said: () => readonly string[];
  readonly released: readonly unknown[];
} {
  const [heard, released]: [string[], unknown[]] = [[], []];
  const query = async (given: string | { readonly text: string }): Promise<unknown> => {
    const sql = typeof given === 'string' ? given : given.text;
    heard.push(sql);
    const answer = server(sql);
    if (answer instanceof Error) throw answer;
    return { rows: answer, rowCount: answer.length };
  };
  const client = { query, on: () => {}, off: () => {}, release: (error: unknown) => released.push(error) };
  const pool = { query, connect: async () => client, end: async () => {} } as unknown as Pool;
  const store = createSqlStore(createPostgresExecutor(pool), createPostgresDialect('s'));
  return { store, said: () => heard, released };
}
