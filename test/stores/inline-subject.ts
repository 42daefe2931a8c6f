// A store over SQLite without a thread, in memory, on a clock of its own: for properties, which run it thousands of times.

import type { VirtualClock } from '../../src/ports/index.ts';
import type { LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { createSqliteDialect } from '../../src/stores/sql/dialect.ts';
import type { SqlExecutor } from '../../src/stores/sql/executor.ts';
import { schemaPlan } from '../../src/stores/sql/migrations.ts';
import { createSqlStore } from '../../src/stores/sql/sql-store.ts';
import type { EngineReply, EngineRequest, SqliteEngine } from '../../src/stores/sqlite/sqlite-engine.ts';
import { openEngine } from '../../src/stores/sqlite/sqlite-open.ts';

const dialect = createSqliteDialect();
const plan = schemaPlan(dialect);

/** Opens an empty store; what is asked of it within one turn arrives together, as in the thread. */
export function openInlineStore(clock: VirtualClock): LifecycleStore {
  const engine = openEngine({ path: ':memory:', busyTimeoutMs: 0, plan });
  // SQLite's own clock, by which all statements go.
  engine.db.function('unixepoch', { varargs: true }, () => clock.now() / 1_000);
  return createSqlStore(inlineExecutor(engine), dialect);
}

function inlineExecutor(engine: SqliteEngine): SqlExecutor {
  let waiting: { readonly request: EngineRequest; readonly answer: (reply: EngineReply) => void }[] = [];
  const flush = (): void => {
    const together = waiting;
    waiting = [];
    const replies = engine.run(together.map(({ request }) => request));
    for (const [index, { answer }] of together.entries()) answer(replies[index] as EngineReply);
  };
  const ask = (request: EngineRequest): Promise<EngineReply> =>
    new Promise((answer) => {
      if (waiting.length === 0) queueMicrotask(flush);
      waiting.push({ request, answer });
    });
  return {
    async query(statement) {
      const reply = await ask({ kind: 'query', statement });
      if (reply.kind !== 'rows') throw new Error(JSON.stringify(reply));
      return reply.rows;
    },
    async batch(statements) {
      const reply = await ask({ kind: 'batch', statements });
      if (reply.kind !== 'outcome') throw new Error(JSON.stringify(reply));
      return reply.outcome;
    },
    close: async () => engine.close(),
  };
}
