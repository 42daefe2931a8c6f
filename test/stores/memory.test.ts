import { describe, expect, it, onTestFinished } from 'vitest';
import { createVirtualClock } from '../../src/ports/index.ts';
import { createMemoryStore } from '../../src/stores/index.ts';
import { storeContract } from './contract.ts';
import { commit } from './support.ts';
import type { StoreSubject } from './support.ts';

storeContract('the store in memory', async (): Promise<StoreSubject> => {
  const clock = createVirtualClock({ startAt: 1_000 });
  const store = createMemoryStore({ clock });
  onTestFinished(() => store.close());
  return {
    store,
    second: async () => store,
    pass: async (ms) => clock.advance(ms),
    // Nothing can go wrong at the end of a commit in memory: instead of it, nothing happens.
    failNext: (fault, times) => failNext(store, fault === 'after' ? 'after' : 'before', times),
    close: () => store.close(),
  };
});

describe('createMemoryStore', () => {
  it('goes by the given clock', async () => {
    const clock = createVirtualClock({ startAt: 5 });
    const store = createMemoryStore({ clock });

    expect(await store.now()).toBe(5);
    clock.advance(1);
    expect(await store.now()).toBe(6);
  });

  it('leaves a call unanswered when it is told to', async () => {
    const store = createMemoryStore({ clock: createVirtualClock() });
    store.failNext({ how: 'silent', operation: 'commit' });
    let answered = false;

    void commit(store, 'kv').finally(() => {
      answered = true;
    });

    expect(await store.get('kv')).toBeUndefined();
    expect(answered).toBe(false);
  });
});

// Helpers

const plans = new WeakMap<object, ('before' | 'after')[]>();

/** Several plans one after the other: the store itself knows one at a time. */
function failNext(store: ReturnType<typeof createMemoryStore>, how: 'before' | 'after', times = 1): void {
  const plan = plans.get(store) ?? [];
  plans.set(store, [...plan, ...Array.from({ length: times }, () => how)]);
  if (plan.length > 0) return;
  const real = store.commit.bind(store);
  store.commit = (wanted) => {
    const [next, ...rest] = plans.get(store) ?? [];
    plans.set(store, rest);
    if (next !== undefined) store.failNext({ how: next, operation: 'commit' });
    return real(wanted);
  };
}
