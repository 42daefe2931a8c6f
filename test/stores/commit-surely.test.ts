import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import type { Code } from '../../src/errors/index.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import type { CommitOutcome, LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { commitSurely } from '../../src/stores/index.ts';
import { draft } from './support.ts';

const COMMIT = { id: 'one', audit: [draft('kv')] } as const;
const DONE: CommitOutcome = { kind: 'committed', row: undefined };

describe('commitSurely', () => {
  it('waits 50, 100, 200 and 400 ms between 5 attempts under one id', async () => {
    const clock = createVirtualClock();
    const times: number[] = [];
    const store = failing('STORE_UNAVAILABLE', 4, () => times.push(clock.now()));

    const committing = commitSurely(store, COMMIT, { clock });
    await clock.advanceAsync(750);

    expect(await committing).toEqual(DONE);
    expect(times).toEqual([0, 50, 150, 350, 750]);
    expect(store.ids).toEqual(times.map(() => 'one'));
  });

  it('gives up after 2 attempts when it is told to', async () => {
    const clock = createVirtualClock();
    const store = failing('STORE_LOCKED', 9);

    const committing = commitSurely(store, COMMIT, { clock, attempts: 2 });
    await Promise.all([expect(committing).rejects.toHaveProperty('code', 'STORE_LOCKED'), clock.advanceAsync(50)]);

    expect(store.ids).toHaveLength(2);
  });

  it.each<Code>(['STORE_CLOSED', 'INVALID_OPTIONS', 'COMMIT_ABANDONED', 'STORE_CORRUPTED'])(
    'tries once when the store says %s',
    async (code) => {
      const store = failing(code, 9);

      await expect(commitSurely(store, COMMIT, { clock: createVirtualClock() })).rejects.toHaveProperty('code', code);

      expect(store.ids).toHaveLength(1);
    },
  );

  it('stops waiting when its signal says so, and leaves no timer', async () => {
    const clock = createVirtualClock();
    const end = new AbortController();
    const store = failing('STORE_UNAVAILABLE', 9);

    const committing = commitSurely(store, COMMIT, { clock, signal: end.signal });
    await clock.advanceAsync(10);
    end.abort();

    await expect(committing).rejects.toHaveProperty('code', 'STORE_UNAVAILABLE');
    expect(store.ids).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it.each([0, 1.5, -1])('refuses %s attempts', async (attempts) => {
    const options = { clock: createVirtualClock(), attempts };

    await expect(commitSurely(failing('STORE_UNAVAILABLE', 0), COMMIT, options)).rejects.toHaveProperty(
      'field',
      'attempts',
    );
  });
});

// Helpers

function failing(
  code: Code,
  times: number,
  onCall = (): void => {},
): Pick<LifecycleStore, 'commit'> & { readonly ids: string[] } {
  const ids: string[] = [];
  return {
    ids,
    async commit({ id }) {
      ids.push(id);
      onCall();
      if (ids.length <= times) throw new RuntimeError(code, 'as told');
      return DONE;
    },
  };
}
