// One open database of SQLite. Blocks whoever calls it, so it lives in a thread of its own.
//
// Invariants:
//   E1. Several batches that arrive together are one transaction, with a savepoint each, so that one flush of the disk
//       serves them all; one that arrives alone needs none. When that transaction fails, all of them fail: what a batch has seen of one before it does not
//       last either.
//   E2. A read sees only what lasts.
//   E3. What is refused was not written to (G1 of the migrations).
//   E4. Nothing is written to a file that is not the one at the path any more: it would be lost, and who opens the other one
//       would be given leases that are held here.

import { closeSync, openSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { RuntimeError } from '../../errors/index.ts';
import type { BatchOutcome, BatchStatement, SqlRow, SqlStatement } from '../sql/executor.ts';
import { failureOf, isConstraint, sqliteError } from './sqlite-errors.ts';
import type { SqliteFailure } from './sqlite-errors.ts';

/** What is asked of a database. */
export type EngineRequest =
  | { readonly kind: 'query'; readonly statement: SqlStatement }
  | { readonly kind: 'batch'; readonly statements: readonly BatchStatement[] };

/** What became of it. */
export type EngineReply =
  | { readonly kind: 'rows'; readonly rows: readonly SqlRow[] }
  | { readonly kind: 'outcome'; readonly outcome: BatchOutcome }
  | { readonly kind: 'failed'; readonly failure: SqliteFailure };

/** How a database is opened. */
export interface EngineOptions {
  readonly path: string;
  /** Milliseconds that it waits for a lock of somebody else. */
  readonly busyTimeoutMs: number;
}

interface PreparedStatement {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

type BatchRequest = Extract<EngineRequest, { kind: 'batch' }>;

// Statements are a fixed few; whoever sends others must not make this grow.
const MOST_STATEMENTS = 256;

/** A database, and what runs its statements. */
export class SqliteEngine {
  readonly db: DatabaseSync;
  readonly path: string;
  readonly #prepared = new Map<string, PreparedStatement>();
  /** The same path, whatever becomes of the working directory. */
  readonly #place: string;
  readonly #file: string | undefined;

  /**
   * Opens a file, or makes it, readable for its owner only.
   *
   * @throws STORE_UNWRITABLE
   */
  constructor(options: EngineOptions) {
    this.path = options.path;
    this.#place = options.path === ':memory:' ? options.path : resolve(options.path);
    try {
      // SQLite would make it readable for all. Also tells a directory from a file.
      if (options.path !== ':memory:') closeSync(openSync(options.path, 'a', 0o600));
      this.db = new DatabaseSync(options.path, { timeout: options.busyTimeoutMs });
      this.#file = fileAt(this.#place);
    } catch (thrown) {
      throw sqliteError(thrown, options.path);
    }
  }

  /** Answers what arrived together: reads first, then all changes as one transaction (E1, E2). */
  run(requests: readonly EngineRequest[]): EngineReply[] {
    const replies = new Map<EngineRequest, EngineReply>();
    for (const request of requests) if (request.kind === 'query') replies.set(request, this.#query(request.statement));
    const batches = requests.filter((request) => request.kind === 'batch');
    if (batches.length > 0) for (const [request, reply] of this.#change(batches)) replies.set(request, reply);
    return requests.map((request) => replies.get(request) ?? this.#failed(new RuntimeError('INTERNAL', 'no reply')));
  }

  close(): void {
    this.#prepared.clear();
    this.db.close();
  }

  #query(statement: SqlStatement): EngineReply {
    try {
      return { kind: 'rows', rows: this.#run(statement).rows };
    } catch (thrown) {
      return this.#failed(thrown);
    }
  }

  #change(batches: readonly BatchRequest[]): [EngineRequest, EngineReply][] {
    const isAlone = batches.length === 1;
    try {
      this.#requireFile();
      this.#do('begin immediate');
      const replies = batches.map((request): [EngineRequest, EngineReply] => [
        request,
        this.#batch(request.statements, isAlone),
      ]);
      if (this.db.isTransaction) this.#do('commit');
      return replies;
    } catch (thrown) {
      if (this.db.isTransaction) this.#do('rollback');
      const reply = this.#failed(thrown);
      return batches.map((request) => [request, reply]);
    }
  }

  /** E4. */
  #requireFile(): void {
    if (fileAt(this.#place) === this.#file) return;
    throw new RuntimeError(
      'STORE_UNWRITABLE',
      `database "${this.path}" was moved, removed or replaced while it was open`,
    );
  }

  /** Runs one batch. Throws when the transaction is lost. */
  #batch(statements: readonly BatchStatement[], isAlone: boolean): EngineReply {
    if (!isAlone) this.#do('savepoint batch');
    let reply: EngineReply;
    try {
      reply = { kind: 'outcome', outcome: this.#runAll(statements) };
    } catch (thrown) {
      // A full disk, for one, ends the transaction and with it all batches before this one.
      if (!this.db.isTransaction) throw thrown;
      reply = this.#failed(thrown);
    }
    const isUndone = reply.kind !== 'outcome' || reply.outcome.kind === 'unmet';
    if (isUndone) this.#do(isAlone ? 'rollback' : 'rollback to batch');
    if (!isAlone) this.#do('release batch');
    return reply;
  }

  #do(sql: string): void {
    this.#prepare(sql).statement.run();
  }

  #runAll(statements: readonly BatchStatement[]): BatchOutcome {
    const all: (readonly SqlRow[])[] = [];
    for (const statement of statements) {
      const { expect } = statement;
      try {
        const { rows, count } = this.#run(statement);
        if (expect !== undefined && expect.rows !== count) return { kind: 'unmet', what: expect.else };
        all.push(rows);
      } catch (thrown) {
        if (expect === undefined || !isConstraint(thrown)) throw thrown;
        return { kind: 'unmet', what: expect.else };
      }
    }
    return { kind: 'done', rows: all };
  }

  #run({ sql, parameters }: SqlStatement): { readonly rows: readonly SqlRow[]; readonly count: number } {
    const { statement, returnsRows } = this.#prepare(sql);
    if (!returnsRows) return { rows: [], count: Number(statement.run(...parameters).changes) };
    const rows = statement.all(...parameters) as unknown as readonly SqlRow[];
    return { rows, count: rows.length };
  }

  #prepare(sql: string): PreparedStatement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= MOST_STATEMENTS) this.#prepared.clear();
    const statement = this.db.prepare(sql);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  #failed(thrown: unknown): EngineReply {
    return { kind: 'failed', failure: failureOf(sqliteError(thrown, this.path)) };
  }
}

/** Tells a file from every other one that is there; undefined when there is none. */
function fileAt(path: string): string | undefined {
  if (path === ':memory:') return undefined;
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats && `${stats.dev}/${stats.ino}`;
}
