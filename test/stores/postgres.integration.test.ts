import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock } from '../../src/ports/real-clock.ts';
import type { LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { commitSurely, openPostgresStore } from '../../src/stores/index.ts';
import type { PostgresStoreOptions } from '../../src/stores/index.ts';
import { openPostgresExecutor } from '../../src/stores/postgres/postgres-store.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { startPostgres } from '../peers/postgres/cluster.ts';
import type { PostgresCluster } from '../peers/postgres/cluster.ts';
import { processContract } from './contract-processes.ts';
import { storeContract } from './contract.ts';
import { nextSchema, openPostgresSubject } from './postgres-subject.ts';
import { commit, draft, install, nextId, sequencesOf, update, upTo } from './support.ts';

const QUICK = { clock: createRealClock(), backoff: { initialMs: 5, maxMs: 50 } };

describeWithPeer('postgres', 'PostgreSQL', () => {
  let cluster: PostgresCluster;

  beforeAll(async () => {
    cluster = await startPostgres();
  });

  afterAll(() => cluster.stop());

  storeContract('the store in PostgreSQL', () => openPostgresSubject(cluster));

  processContract('the store in PostgreSQL', async () => {
    const options = { connectionString: cluster.connectionString, schema: nextSchema() };
    return { where: { kind: 'postgres', ...options }, open: () => opened(options) };
  });

  describe('openPostgresStore', () => {
    it.each([
      ['STORE_NEWER', 'insert into SCHEMA.schema_migrations values (2, 0)'],
      ['STORE_CORRUPTED', 'update SCHEMA.schema_migrations set version = 7'],
      ['STORE_CORRUPTED', 'drop table SCHEMA.leases'],
      ['STORE_CORRUPTED', 'alter table SCHEMA.audit drop column mac'],
      ['STORE_FOREIGN', 'drop table SCHEMA.schema_migrations'],
    ])('refuses with %s after "%s"', async (code, statement) => {
      const options = { connectionString: cluster.connectionString, schema: nextSchema() };
      await (await openPostgresStore(options)).close();
      await run(cluster, statement.replaceAll('SCHEMA', options.schema));

      await expect(openPostgresStore(options)).rejects.toHaveProperty('code', code);
    });

    it('refuses with STORE_UNAVAILABLE when nobody listens', async () => {
      const connectionString = 'postgres://troupe@localhost/postgres?host=/nowhere';

      await expect(openPostgresStore({ connectionString })).rejects.toHaveProperty('code', 'STORE_UNAVAILABLE');
    });

    it('refuses with STORE_UNWRITABLE without the right to make its schema', async () => {
      await run(cluster, 'create role guest login');
      const connectionString = cluster.connectionString.replace('troupe@', 'guest@');

      await expect(openPostgresStore({ connectionString, schema: nextSchema() })).rejects.toHaveProperty(
        'code',
        'STORE_UNWRITABLE',
      );
    });

    it.each(['Troupe', 'a"b', ''])('refuses the schema "%s"', async (schema) => {
      await expect(openPostgresStore({ schema })).rejects.toHaveProperty('field', 'schema');
    });

    it('has a commit on the disk before it answers, whatever the options of the connection say', async () => {
      const off = '-c synchronous_commit=off';
      const connectionString = `${cluster.connectionString}&options=${encodeURIComponent(off)}`;
      const { executor } = await openPostgresExecutor({
        connectionString,
        schema: nextSchema(),
        pool: { options: off },
      });
      onTestFinished(() => executor.close());

      expect(await executor.query({ sql: 'show synchronous_commit', parameters: [] })).toEqual([
        { synchronous_commit: 'on' },
      ]);
    });

    it('makes its tables once when 8 open it at the same time', async () => {
      const options = { connectionString: cluster.connectionString, schema: nextSchema() };

      const stores = await Promise.all(upTo(8).map(() => opened(options)));

      for (const [index, store] of stores.entries()) await install(store, `p${index}`);
      expect(await stores[0]?.list()).toHaveLength(8);
    });
  });

  describe('a row that another session has locked', () => {
    it('is told as STORE_LOCKED after the time-out, with nothing done', async () => {
      const options = { connectionString: cluster.connectionString, schema: nextSchema(), lockTimeoutMs: 50 };
      const store = await opened(options);
      const row = await install(store, 'kv');
      const other = await session(cluster);
      await other.query('begin');
      await other.query(`select * from ${options.schema}.plugins for update`);

      await expect(commit(store, 'kv', update(row, { state: 'active' }))).rejects.toHaveProperty(
        'code',
        'STORE_LOCKED',
      );

      await other.query('rollback');
      expect(await store.get('kv')).toEqual(row);
      expect(await sequencesOf(store, 'kv')).toEqual([1]);
    });
  });

  describe('leases', () => {
    it('are renewed while each of 2 connections waits for a lock, so that no plugin is ended for that', async () => {
      const options = { connectionString: cluster.connectionString, schema: nextSchema(), maxConnections: 2 };
      const store = await opened(options);
      const rows = [await install(store, 'kv'), await install(store, 'shop')];
      const lease = await store.acquire('plugin/kv', 'host', 60_000);
      const other = await session(cluster);
      await other.query('begin');
      await other.query(`select * from ${options.schema}.plugins for update`);
      const order: string[] = [];

      const commits = rows.map((row) =>
        commit(store, row.slug, update(row, { state: 'active' })).then(() => order.push('committed')),
      );
      const renewed = lease && store.renew(lease, 60_000).then((found) => order.push(found ? 'renewed' : 'lost'));
      await renewed;
      await other.query('rollback');
      await Promise.all(commits);

      expect(order).toEqual(['renewed', 'committed', 'committed']);
    });
  });

  describe('a server that drops its connections', () => {
    it('loses no commit of commitSurely, and does none twice', async () => {
      const options = { connectionString: cluster.connectionString, schema: nextSchema() };
      const store = await opened(options);
      const other = await session(cluster);
      const count = 60;
      let done = 0;

      const committing = Promise.all(
        upTo(count).map((n) =>
          commitSurely(store, { id: nextId(), audit: [draft(`p${n % 3}`)] }, { ...QUICK, attempts: 50 }).finally(() => {
            done++;
          }),
        ),
      );
      while (done < count) {
        await other.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'troupe' and query like '%${options.schema}%'`,
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
      }

      expect((await committing).map(({ kind }) => kind)).toEqual(upTo(count).map(() => 'committed'));
      for (const plugin of ['p0', 'p1', 'p2']) expect(await sequencesOf(store, plugin)).toEqual(upTo(count / 3));
    });
  });
});

// Helpers

async function opened(options: PostgresStoreOptions): Promise<LifecycleStore> {
  const store = await openPostgresStore(options);
  onTestFinished(() => store.close());
  return store;
}

/** A session of its own, as an administrator has it. */
async function session({ connectionString }: PostgresCluster): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

async function run(cluster: PostgresCluster, statement: string): Promise<void> {
  await (await session(cluster)).query(statement);
}
