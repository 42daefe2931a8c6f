import { RuntimeError } from '../../errors/index.ts';
import type { SqlExecutor } from './executor.ts';

/** Default of how many calls may wait for a store. */
export const DEFAULT_MAX_PENDING = 4_096;

/**
 * Bounds how many calls wait for a database, and takes none after `close`, which waits for those under way. What is urgent
 * is taken beyond the bound: a host that is asked too much must not lose its plugins for that.
 */
export function guardExecutor(executor: SqlExecutor, maxPending: number): SqlExecutor {
  let pending = 0;
  let closing: Promise<void> | undefined;
  let onIdle: (() => void) | undefined;

  const admit = async <T>(call: () => Promise<T>, isUrgent = false): Promise<T> => {
    if (closing !== undefined) throw new RuntimeError('STORE_CLOSED', 'the store is closed');
    if (!isUrgent && pending >= maxPending) {
      throw new RuntimeError('STORE_BUSY', `${pending} calls wait for the store, the limit is ${maxPending}`);
    }
    pending++;
    try {
      return await call();
    } finally {
      pending--;
      if (pending === 0) onIdle?.();
    }
  };

  const end = async (): Promise<void> => {
    if (pending > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
    await executor.close();
  };

  return {
    query: (statement) => admit(() => executor.query(statement)),
    batch: (statements, options) => admit(() => executor.batch(statements, options), options?.isUrgent),
    close: () => (closing ??= end()),
  };
}
