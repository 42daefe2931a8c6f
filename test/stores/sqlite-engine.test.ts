import { describe, expect, it, onTestFinished } from 'vitest';
import { SqliteEngine } from '../../src/stores/sqlite/sqlite-engine.ts';
import type { EngineReply, EngineRequest } from '../../src/stores/sqlite/sqlite-engine.ts';
import type { BatchStatement } from '../../src/stores/sql/executor.ts';

describe('batches that arrive together', () => {
  it('are undone one by one: the 1 that does not fit leaves the 2 others', () => {
    const engine = opened();

    const replies = engine.run([insert(1), insert(2, { rows: 5, else: 'five' }), insert(3)]);

    expect(replies.map(wordOf)).toEqual(['done', 'unmet five', 'done']);
    expect(idsIn(engine)).toEqual([1, 3]);
  });

  it('see what those before them did', () => {
    const engine = opened();

    const replies = engine.run([insert(1), insert(1, { rows: 1, else: 'taken' })]);

    expect(replies.map(wordOf)).toEqual(['done', 'unmet taken']);
  });

  it('all fail when they cannot be made to last, 3 of 3', () => {
    const engine = opened();
    // Checked at the very end only, so the commit itself fails.
    const dangling = batch('insert into links values (99)');

    const replies = engine.run([insert(1), dangling, insert(1, { rows: 1, else: 'taken' })]);

    expect(replies.map(wordOf)).toEqual(['failed', 'failed', 'failed']);
    expect(idsIn(engine)).toEqual([]);
    expect(engine.db.isTransaction).toBe(false);
  });

  it('fail alone when one of their statements does', () => {
    const engine = opened();

    const replies = engine.run([insert(1), batch('insert into nowhere values (1)'), insert(2)]);

    expect(replies.map(wordOf)).toEqual(['done', 'failed', 'done']);
    expect(idsIn(engine)).toEqual([1, 2]);
  });

  it('are not seen by a read that arrives with them', () => {
    const engine = opened();

    const replies = engine.run([
      insert(1),
      { kind: 'query', statement: { sql: 'select id from items', parameters: [] } },
    ]);

    expect(replies[1]).toEqual({ kind: 'rows', rows: [] });
  });

  it('that lack room leave what was there before', () => {
    const engine = opened();
    engine.run([insert(1)]);
    engine.db.exec('pragma max_page_count = 4');

    const replies = engine.run([insert(2), batch(`insert into blobs values (zeroblob(1000000))`)]);

    expect(replies.map(wordOf)[1]).toBe('failed');
    expect(replies[1]).toHaveProperty('failure.code', 'STORE_UNAVAILABLE');
    expect(idsIn(engine)).toEqual(wordOf(replies[0]) === 'done' ? [1, 2] : [1]);
  });
});

// Helpers

function opened(): SqliteEngine {
  const engine = new SqliteEngine({ path: ':memory:', busyTimeoutMs: 0 });
  onTestFinished(() => engine.close());
  engine.db.exec(`
    create table items (id integer primary key);
    create table links (item integer references items (id) deferrable initially deferred);
    create table blobs (value blob)`);
  return engine;
}

function batch(sql: string, expected?: BatchStatement['expect']): EngineRequest {
  const statement = { sql, parameters: [] };
  return { kind: 'batch', statements: [expected === undefined ? statement : { ...statement, expect: expected }] };
}

function insert(id: number, expected?: BatchStatement['expect']): EngineRequest {
  return batch(`insert into items values (${id})`, expected);
}

function wordOf(reply: EngineReply | undefined): string {
  if (reply?.kind !== 'outcome') return reply?.kind ?? 'none';
  return reply.outcome.kind === 'done' ? 'done' : `unmet ${reply.outcome.what}`;
}

function idsIn(engine: SqliteEngine): unknown[] {
  return engine.db
    .prepare('select id from items order by id')
    .all()
    .map(({ id }) => id);
}
