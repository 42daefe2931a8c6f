import { onTestFinished } from 'vitest';
import type { LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { openPostgresStore } from '../../src/stores/index.ts';
import { openPostgresExecutor } from '../../src/stores/postgres/postgres-store.ts';
import { guardExecutor } from '../../src/stores/sql/guarded-executor.ts';
import { createSqlStore } from '../../src/stores/sql/sql-store.ts';
import type { PostgresCluster } from '../peers/postgres/cluster.ts';
import { passOn, withFaults } from './support.ts';
import type { StoreSubject } from './support.ts';

let schemas = 0;

/** A schema that no other test has. */
export function nextSchema(): string {
  schemas++;
  return `test_${schemas}`;
}

/** An empty store in a schema of its own. */
export async function openPostgresSubject({ connectionString }: PostgresCluster): Promise<StoreSubject> {
  const options = { connectionString, schema: nextSchema() };
  const { executor, dialect } = await openPostgresExecutor(options);
  const faulty = withFaults(executor);
  const store = createSqlStore(guardExecutor(faulty.executor, 1_000), dialect);
  const others: LifecycleStore[] = [];
  const close = async (): Promise<void> => {
    for (const one of [store, ...others]) await one.close();
  };
  onTestFinished(close);
  return {
    store,
    second: async () => {
      const other = await openPostgresStore(options);
      others.push(other);
      return other;
    },
    pass: (ms) => passOn(store, ms),
    failNext: faulty.failNext,
    close,
  };
}
