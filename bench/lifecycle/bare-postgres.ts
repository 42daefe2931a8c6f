// The same transitions by the statements alone: `pg`, with statements that the server prepares once for a connection, and
// that are sent together, as the store sends its own. The schema has the tables of a store.

import pg from 'pg';
import { AUDIT_DATA, INTERRUPTION, PRINCIPAL } from './transitions.ts';
import type { Subject, Transition } from './transitions.ts';

const NOW = 'cast(extract(epoch from clock_timestamp()) * 1000 as bigint)';
const CONNECTIONS = 8;

/** Opens a pool on a schema that a store has made. Whoever opens it ends it. */
export function openBarePostgres(connectionString: string, schema: string): pg.Pool {
  const options = `-c synchronous_commit=on -c search_path=${schema}`;
  const config = { connectionString, max: CONNECTIONS, options, pipeline: true };
  const pool = new pg.Pool(config);
  // A server that is stopped right after the pool tells connections that are just being closed.
  pool.on('error', () => {});
  return pool;
}

const STATEMENTS = {
  begin: 'begin',
  takeId: 'insert into commits (id, happened) values ($1, 1)',
  lease: `select token from leases where name = $1 and owner = $2 and token = $3 and expires_at > ${NOW} for share`,
  update: `update plugins set state = $1, last_error = $2,
      error_at = case when cast($2 as text) is null then null else ${NOW} end,
      activated_at = case when $3 = 1 then ${NOW} else activated_at end,
      row_version = row_version + 1, updated_at = ${NOW}
    where slug = $4 and incarnation = $5 and row_version = $6 returning *`,
  audit: `with head as (insert into audit_heads as heads (plugin, last, sealed, pruned) values ($1, 1, 0, 0)
      on conflict (plugin) do update set last = heads.last + 1 returning last)
    insert into audit (plugin, sequence, at, event, severity, principal_kind, principal_label, data, commit_id)
    select $1, last, ${NOW}, $2, $3, $4, $5, $6, $7 from head`,
  commit: 'commit',
} as const;

/** The transitions of a plugin. */
export function barePostgresTransition(pool: pg.Pool, { row, owner, token }: Subject): Transition {
  const { slug, incarnation } = row;
  let { rowVersion } = row;
  return async () => {
    const isActivating = rowVersion % 2 === 1;
    const id = `${slug}-${rowVersion}`;
    const [state, event] = isActivating ? ['activating', 'plugin.activating'] : ['active', 'plugin.activated'];
    const failure = isActivating ? JSON.stringify(INTERRUPTION) : null;
    const client = await pool.connect();
    const run = (name: keyof typeof STATEMENTS, values: readonly unknown[] = []): Promise<pg.QueryResult> =>
      client.query({ name, text: STATEMENTS[name], values: [...values] });
    const { kind, label } = PRINCIPAL;
    const [, , held, written] = await Promise.all([
      run('begin'),
      run('takeId', [id]),
      run('lease', [`plugin/${slug}`, owner, token]),
      run('update', [state, failure, isActivating ? 0 : 1, slug, incarnation, rowVersion]),
      run('audit', [slug, event, 'info', kind, label, JSON.stringify(AUDIT_DATA), id]),
    ]);
    if (held.rowCount !== 1 || written.rowCount !== 1) throw new Error('the transition is not allowed');
    await run('commit');
    client.release();
    rowVersion += 1;
  };
}
