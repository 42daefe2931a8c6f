import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { guardExecutor } from '../../src/stores/sql/guarded-executor.ts';
import { createSqlStore } from '../../src/stores/sql/sql-store.ts';
import { openSqliteExecutor } from '../../src/stores/sqlite/sqlite-store.ts';
import { openSqliteStore } from '../../src/stores/index.ts';
import { passOn, withFaults } from './support.ts';
import type { StoreSubject } from './support.ts';

/** A directory that is gone when the test has finished. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** An empty store in a file. */
export async function openSqliteSubject(): Promise<StoreSubject> {
  const path = join(temporaryDirectory(), 'troupe.db');
  const { executor, dialect } = await openSqliteExecutor({ path });
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
      const other = await openSqliteStore({ path });
      others.push(other);
      return other;
    },
    pass: (ms) => passOn(store, ms),
    failNext: faulty.failNext,
    close,
  };
}
