// The same transitions by the statements alone: `node:sqlite` on the thread of the caller, as a program would write them that
// needs nothing else. The file has the tables and the settings of a store.

import { DatabaseSync } from 'node:sqlite';
import { AUDIT_DATA, INTERRUPTION, PRINCIPAL } from './transitions.ts';
import type { Subject, Transition } from './transitions.ts';

/** Opens a file that a store has made and left. Whoever opens it closes it. */
export function openBareSqlite(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  db.exec('pragma journal_mode = wal; pragma synchronous = full');
  return db;
}

const NOW = `cast(round(unixepoch('now', 'subsec') * 1000) as integer)`;

/** The transitions of plugins; each is made by the statements that were prepared once. */
export function bareTransitions(db: DatabaseSync, subjects: readonly Subject[]): readonly Transition[] {
  const begin = db.prepare('begin immediate');
  const commit = db.prepare('commit');
  const takeId = db.prepare('insert into commits (id, happened) values (?, 1)');
  const lease = db.prepare(
    `select token from leases where name = ? and owner = ? and token = ? and expires_at > ${NOW}`,
  );
  const update = db.prepare(
    `update plugins set state = ?, last_error = ?, error_at = case when ?2 is null then null else ${NOW} end,
      activated_at = case when ?3 = 1 then ${NOW} else activated_at end,
      row_version = row_version + 1, updated_at = ${NOW}
    where slug = ? and incarnation = ? and row_version = ? returning *`,
  );
  const head = db.prepare(
    `insert into audit_heads (plugin, last, sealed, pruned) values (?, 1, 0, 0)
    on conflict (plugin) do update set last = last + 1 returning last`,
  );
  const entry = db.prepare(
    `insert into audit (plugin, sequence, at, event, severity, principal_kind, principal_label, data, commit_id)
    values (?, ?, ${NOW}, ?, ?, ?, ?, ?, ?)`,
  );
  const transition = ({ row, owner, token }: Subject): Transition => {
    const { slug, incarnation } = row;
    let { rowVersion } = row;
    // Asynchronous for the sake of the loop that calls it; the statements are not.
    return async () => {
      const isActivating = rowVersion % 2 === 1;
      const id = `${slug}-${rowVersion}`;
      const [state, event] = isActivating ? ['activating', 'plugin.activating'] : ['active', 'plugin.activated'];
      begin.run();
      takeId.run(id);
      if (lease.get(`plugin/${slug}`, owner, token) === undefined) throw new Error('the lease is not held');
      const failure = isActivating ? JSON.stringify(INTERRUPTION) : null;
      const written = update.get(state, failure, isActivating ? 0 : 1, slug, incarnation, rowVersion);
      if (written === undefined) throw new Error('the row is not as it was read');
      const { last = null } = head.get(slug) ?? {};
      const { kind, label } = PRINCIPAL;
      entry.run(slug, last, event, 'info', kind, label, JSON.stringify(AUDIT_DATA), id);
      commit.run();
      rowVersion = Number(written['row_version']);
    };
  };
  return subjects.map(transition);
}
