// The store over a database that speaks SQL.

import { sql } from 'kysely';
import { RuntimeError } from '../../errors/index.ts';
import type {
  AuditHead,
  CommitOutcome,
  Lease,
  LifecycleCommit,
  LifecycleStore,
  PluginRow,
  PluginStorage,
  StorageQuota,
} from '../../ports/lifecycle-store.ts';
import type { SnapshotStore } from '../../ports/snapshot-store.ts';
import {
  checkAfter,
  checkCommit,
  checkLease,
  checkLeaseRequest,
  checkLimit,
  checkName,
  checkSeal,
  resolveQuota,
} from '../check.ts';
import { SqlAudit } from './audit.ts';
import { commitBatch, commitTemplates, FENCED, REPEATED } from './commits.ts';
import type { CommitTemplates } from './commits.ts';
import type { SqlDialect } from './dialect.ts';
import type { SqlExecutor, SqlRow } from './executor.ts';
import { SqlLeases } from './leases.ts';
import { SqlStorages } from './plugin-storage.ts';
import { toPluginRow, toTombstone, toVersionRow, whole } from './rows.ts';
import { createSqlSnapshots } from './snapshots.ts';
import { bind, slot, template } from './template.ts';
import type { Template } from './template.ts';

/** Creates a store over a database with all tables. `close` closes the executor, too. */
export function createSqlStore(executor: SqlExecutor, dialect: SqlDialect): LifecycleStore {
  return new SqlStore(executor, dialect);
}

class SqlStore implements LifecycleStore {
  readonly snapshots: SnapshotStore;
  readonly #executor: SqlExecutor;
  readonly #commits: CommitTemplates;
  readonly #reads: ReadTemplates;
  readonly #leases: SqlLeases;
  readonly #audit: SqlAudit;
  readonly #storages: SqlStorages;

  constructor(executor: SqlExecutor, dialect: SqlDialect) {
    this.#executor = executor;
    this.#commits = commitTemplates(dialect);
    this.#reads = readTemplates(dialect);
    this.#leases = new SqlLeases(executor, dialect);
    this.#audit = new SqlAudit(executor, dialect);
    this.#storages = new SqlStorages(executor, dialect);
    this.snapshots = createSqlSnapshots(executor, dialect);
  }

  async now(): Promise<number> {
    const [row] = await this.#executor.query(bind(this.#reads.now, {}));
    return whole(row ?? {}, 'now');
  }

  async get(slug: string): Promise<PluginRow | undefined> {
    const [row] = await this.#executor.query(bind(this.#reads.plugin, { slug: checkName('slug', slug) }));
    return row && toPluginRow(row);
  }

  async list(): Promise<readonly PluginRow[]> {
    return (await this.#executor.query(bind(this.#reads.plugins, {}))).map(toPluginRow);
  }

  async commit(commit: LifecycleCommit): Promise<CommitOutcome> {
    checkCommit(commit);
    const { statements, rowAt } = commitBatch(this.#commits, commit);
    const outcome = await this.#executor.batch(statements);
    if (outcome.kind === 'done') {
      const row: SqlRow | undefined = rowAt === undefined ? undefined : outcome.rows[rowAt]?.[0];
      return { kind: 'committed', row: row && toPluginRow(row) };
    }
    if (outcome.what.startsWith(FENCED)) return { kind: 'fenced', lease: outcome.what.slice(FENCED.length) };
    if (outcome.what === REPEATED) return this.#repeated(commit);
    return { kind: 'conflict', actual: await this.#rowOf(commit) };
  }

  async committed(id: string): Promise<boolean> {
    const values = { id: checkName('id', id) };
    const outcome = await this.#executor.batch([
      bind(this.#commits.giveUp, values),
      bind(this.#commits.happened, values),
    ]);
    return outcome.kind === 'done' && outcome.rows[1]?.[0]?.['happened'] === 1;
  }

  async versions(slug: string): ReturnType<LifecycleStore['versions']> {
    const rows = await this.#executor.query(bind(this.#reads.versions, { slug: checkName('slug', slug) }));
    return rows.map(toVersionRow);
  }

  async allVersions(): ReturnType<LifecycleStore['versions']> {
    return (await this.#executor.query(bind(this.#reads.allVersions, {}))).map(toVersionRow);
  }

  async tombstones(): ReturnType<LifecycleStore['tombstones']> {
    return (await this.#executor.query(bind(this.#reads.tombstones, {}))).map(toTombstone);
  }

  async clearTombstone(slug: string, incarnation: string): Promise<void> {
    const values = { slug: checkName('slug', slug), incarnation: checkName('incarnation', incarnation) };
    await this.#executor.batch([bind(this.#reads.clearTombstone, values)]);
  }

  async acquire(name: string, owner: string, ttlMs: number): Promise<Lease | undefined> {
    checkLeaseRequest(name, owner, ttlMs);
    return this.#leases.acquire(name, owner, ttlMs);
  }

  async renew(lease: Lease, ttlMs: number): Promise<Lease | undefined> {
    checkLeaseRequest(lease.name, lease.owner, ttlMs);
    return this.#leases.renew(lease, ttlMs);
  }

  async release(lease: Lease): Promise<void> {
    checkLease(lease);
    await this.#leases.release(lease);
  }

  auditHeads(): ReturnType<LifecycleStore['auditHeads']> {
    return this.#audit.heads();
  }

  async auditEntries(plugin: string, after: number, limit: number): ReturnType<LifecycleStore['auditEntries']> {
    return this.#audit.entries(checkName('plugin', plugin), checkAfter(after), checkLimit(limit));
  }

  async seal(head: AuditHead, macs: readonly string[]): Promise<boolean> {
    checkSeal(head, macs);
    return this.#audit.seal(head, macs);
  }

  prune(head: AuditHead, upTo: number): Promise<boolean> {
    return this.#audit.prune(head, upTo);
  }

  storage(slug: string, incarnation: string, quota?: Partial<StorageQuota>): PluginStorage {
    checkName('slug', slug);
    return this.#storages.open(slug, checkName('incarnation', incarnation), resolveQuota(quota));
  }

  close(): Promise<void> {
    return this.#executor.close();
  }

  async #repeated(commit: LifecycleCommit): Promise<CommitOutcome> {
    const [row] = await this.#executor.query(bind(this.#commits.happened, { id: commit.id }));
    if (row?.['happened'] !== 1) {
      throw new RuntimeError('COMMIT_ABANDONED', `commit "${commit.id}" was given up before it happened`);
    }
    return { kind: 'committed', row: await this.#rowOf(commit) };
  }

  async #rowOf({ row }: LifecycleCommit): Promise<PluginRow | undefined> {
    if (row === undefined) return undefined;
    return this.get(row.kind === 'insert' ? row.row.slug : row.of.slug);
  }
}

interface ReadTemplates {
  readonly now: Template;
  readonly plugin: Template;
  readonly plugins: Template;
  readonly versions: Template;
  readonly allVersions: Template;
  readonly tombstones: Template;
  readonly clearTombstone: Template;
}

function readTemplates({ db, now }: SqlDialect): ReadTemplates {
  const slug = slot<string>('slug');
  const plugins = db.selectFrom('plugins').selectAll();
  const versions = db.selectFrom('plugin_versions').selectAll();
  const tombstones = db.selectFrom('tombstones').selectAll();
  const cleared = db
    .deleteFrom('tombstones')
    .where('slug', '=', slug)
    .where('incarnation', '=', slot<string>('incarnation'));
  return {
    now: template(db.selectNoFrom(sql<number>`${now}`.as('now'))),
    plugin: template(plugins.where('slug', '=', slug)),
    plugins: template(plugins.orderBy('slug')),
    versions: template(versions.where('slug', '=', slug).orderBy('position', 'desc')),
    allVersions: template(versions.orderBy('slug').orderBy('position', 'desc')),
    tombstones: template(tombstones.orderBy('slug').orderBy('incarnation')),
    clearTombstone: template(cleared),
  };
}
