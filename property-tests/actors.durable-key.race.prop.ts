import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import type { Actor, SnapshotStore } from '../src/actors/index.ts';
import { counterMachine, newStore, persistIn, recordIn, startNode } from '../test/actors/durable/support.ts';
import type { Node } from '../test/actors/durable/support.ts';
import { nextTurn } from '../test/actors/support.ts';
import { testScale } from '../test/setup/size.ts';

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    expect([...seen]).toEqual(
      expect.arrayContaining(['lost before it began', 'taken over later', 'lost with an answer']),
    );
  }
});

describe('systems that race for one key', () => {
  test.prop([
    fc.scheduler(),
    fc.array(fc.nat(20), { minLength: 2, maxLength: 4 }),
    fc.array(fc.constantFrom('after', 'before'), { maxLength: 2 }),
  ])(
    'exactly one runs the actor in the end, and what was told is what is stored, once each',
    async (s, starts, failures) => {
      const store = newStore();
      const nodes = starts.map((_, i) => startNode(0, i + 1));
      for (const [i, { system }] of nodes.entries())
        Object.assign(system.environment.ids, { next: () => `writer ${i}` });
      const failing = [...failures];
      const wire = scheduled(s, store, () => failing.pop());

      const actors: Actor<ReturnType<typeof counterMachine>>[] = [];
      await rounds(async (round) => {
        for (const [i, { system, sink }] of nodes.entries()) {
          if (starts[i] !== round) continue;
          const actor = system.spawn(counterMachine(sink), { name: 'counter', persist: persistIn(wire) });
          for (const n of [1, 1]) actor.tell({ type: 'add', n });
          actors[i] = actor;
        }
        await step(s, nodes);
      });
      // Whoever was taken over hears of it when it writes.
      for (const actor of actors) actor.tell({ type: 'add', n: 1 });
      await rounds(() => step(s, nodes));

      const living = nodes.filter(({ system }) => system.actor('/counter') !== undefined);
      const told = nodes.flatMap((node) => node.told);
      expect(living).toHaveLength(1);
      for (const [i, node] of nodes.entries()) {
        if (living.includes(node)) continue;
        expect(await actors[i]?.ended).toMatchObject({ kind: 'failed', error: { code: 'STORE_CONFLICT' } });
      }
      expect(recordIn(store, 'counter')).toMatchObject({ state: { context: { count: told.length } } });
      expect(told.toSorted()).toEqual(Array.from(told, (_, i) => `count ${i + 1}`).toSorted());
      for (const node of nodes) {
        if (!living.includes(node)) seen.add(node.told.length === 0 ? 'lost before it began' : 'taken over later');
      }
      if (failures.includes('after')) seen.add('lost with an answer');
    },
  );
});

// Helpers

async function rounds(action: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < 120; round++) await action(round);
}

/** One choice of the scheduler, what follows from it, and some time for those that wait before they try again. */
async function step(s: fc.Scheduler, nodes: readonly Node[]): Promise<void> {
  if (s.count() > 0) await s.waitOne();
  await nextTurn(2);
  for (const { environment } of nodes) environment.clock.advance(10);
}

/** A store whose answers come in the order that the scheduler chooses; some get lost. */
function scheduled(s: fc.Scheduler, store: SnapshotStore, nextFailure: () => string | undefined): SnapshotStore {
  const at = async <T>(label: string, call: () => Promise<T>): Promise<T> => {
    // The moment of the call and that of its answer are two choices.
    await s.schedule(Promise.resolve(), `${label} is asked`);
    const failure = label.startsWith('save') ? nextFailure() : undefined;
    if (failure === 'before') throw new Error('not written');
    const answer = await call();
    await s.schedule(Promise.resolve(), `${label} answers`);
    if (failure === 'after') throw new Error('written, and the answer is lost');
    return answer;
  };
  return {
    load: (key) => at('load', () => store.load(key)),
    save: (key, expected, next) => at(`save ${next.writer}`, () => store.save(key, expected, next)),
    delete: (key, expected) => at('delete', () => store.delete(key, expected)),
  };
}
