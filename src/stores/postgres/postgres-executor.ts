// Runs statements on PostgreSQL.
//
// Invariants:
//   R1. A batch takes two messages on one connection: all of its statements, then the word whether they last. The server
//       ends what was begun when the second does not come.
//   R2. A connection on which something went wrong is closed, not used again.
//   R3. What is urgent has connections of its own: it waits for no commit, but for one under the same lease.

import type { Pool, PoolClient, QueryResult } from 'pg';
import type { BatchOptions, BatchOutcome, BatchStatement, SqlExecutor, SqlRow, SqlStatement } from '../sql/executor.ts';
import { isUniqueViolation, postgresError } from './postgres-errors.ts';

type Answer = PromiseSettledResult<QueryResult<SqlRow>>;

// Statements are a fixed few; whoever sends others must not make this grow.
const MOST_NAMES = 256;

/** Runs statements on the connections of a pool, and what is urgent on those of another one; `close` ends both. */
export function createPostgresExecutor(pool: Pool, urgent: Pool = pool): SqlExecutor {
  return new PostgresExecutor(pool, urgent);
}

class PostgresExecutor implements SqlExecutor {
  readonly #pool: Pool;
  readonly #urgent: Pool;
  readonly #names = new Map<string, string>();

  constructor(pool: Pool, urgent: Pool) {
    this.#pool = pool;
    this.#urgent = urgent;
  }

  async query(statement: SqlStatement): Promise<readonly SqlRow[]> {
    try {
      return (await this.#pool.query<SqlRow>(this.#named(statement))).rows;
    } catch (thrown) {
      throw postgresError(thrown);
    }
  }

  async batch(statements: readonly BatchStatement[], { isUrgent = false }: BatchOptions = {}): Promise<BatchOutcome> {
    let failure: Error | undefined;
    // R3.
    const client = await connected(isUrgent ? this.#urgent : this.#pool);
    const note = (error: Error): void => {
      failure ??= error;
    };
    // Without a listener the loss of the connection would end the process.
    client.on('error', note);
    try {
      return await this.#transaction(client, statements);
    } catch (thrown) {
      failure ??= postgresError(thrown);
      throw failure;
    } finally {
      client.off('error', note);
      client.release(failure);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...new Set([this.#pool, this.#urgent])].map((pool) => pool.end()));
  }

  async #transaction(client: PoolClient, statements: readonly BatchStatement[]): Promise<BatchOutcome> {
    const [single] = statements;
    if (statements.length === 1 && single !== undefined && single.expect === undefined) {
      return { kind: 'done', rows: [(await client.query<SqlRow>(this.#named(single))).rows] };
    }
    // Sent together: the answers come in the order of the statements.
    const [begun, ...answers] = await Promise.allSettled([
      client.query<SqlRow>('begin'),
      ...statements.map((statement) => client.query<SqlRow>(this.#named(statement))),
    ]);
    if (begun.status === 'rejected') throw begun.reason;
    const outcome = outcomeOf(statements, answers);
    await client.query(outcome.kind === 'done' ? 'commit' : 'rollback');
    return outcome;
  }

  /** With a name, so that the server reads and plans each statement once for a connection. */
  #named({ sql, parameters }: SqlStatement): { name?: string; text: string; values: unknown[] } {
    const values = [...parameters];
    const known = this.#names.get(sql);
    if (known !== undefined) return { name: known, text: sql, values };
    if (this.#names.size >= MOST_NAMES) return { text: sql, values };
    const name = `troupe_${this.#names.size}`;
    this.#names.set(sql, name);
    return { name, text: sql, values };
  }
}

async function connected(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (thrown) {
    throw postgresError(thrown);
  }
}

/** Goes by the first that failed or was not as expected; those after it were in vain. */
function outcomeOf(statements: readonly BatchStatement[], answers: readonly Answer[]): BatchOutcome {
  const rows: (readonly SqlRow[])[] = [];
  for (const [index, answer] of answers.entries()) {
    const expect = statements[index]?.expect;
    if (answer.status === 'rejected') {
      if (expect === undefined || !isUniqueViolation(answer.reason)) throw answer.reason;
      return { kind: 'unmet', what: expect.else };
    }
    const { rowCount } = answer.value;
    if (expect !== undefined && expect.rows !== rowCount) return { kind: 'unmet', what: expect.else };
    rows.push(answer.value.rows);
  }
  return { kind: 'done', rows };
}
