import { describe, expect, it } from 'vitest';
import { behavior } from '../../src/actors/index.ts';
import type { Actor, ActorRef } from '../../src/actors/index.ts';
import { defineScenario, exactlyOneTerminated, explore, noLeaks } from '../../src/testing/index.ts';
import type { Verdict } from '../../src/testing/index.ts';
import { raceSize } from './race-size.ts';

type Work = { readonly type: 'work'; readonly number: number };
type Boss = { readonly type: 'begin' } | { readonly type: 'end' } | { readonly type: 'actor.terminated' };

const ONCE = { restart: 'permanent', maxRestarts: 1, withinMs: 60_000 } as const;

describe('supervision', () => {
  it('loses no message but the poison when a failure meets a stop', async () => {
    const scenario = defineScenario({
      name: 'a failure that meets a stop',
      setup({ system, client }) {
        const done: number[] = [];
        const worker = system.spawn(workerLogic(done), { name: 'worker', supervision: ONCE });
        client('sender', ...[1, 2, 3].map((number) => () => worker.tell({ type: 'work', number })));
        client('stopper', () => void system.stopActor(worker));
        return { done, system };
      },
      mayCrash: (path) => path === '/worker',
      oracles: [noLeaks()],
      check({ done, system }): Verdict {
        const letters = Object.values(system.deadLetters.counts).reduce((sum, count) => sum + count, 0);
        if (done.length + letters !== 3) return `${done.length} processed and ${letters} dead letters, of 3 messages`;
        return done.every((number, i) => i === 0 || number > (done[i - 1] ?? 0)) || 'out of order';
      },
    });

    const result = await explore(scenario, { ...raceSize(800), faults: { crash: 1 } });

    expect(result.distinct).toBeGreaterThan(50);
  });

  it.each(['oneForOne', 'oneForAll', 'restForOne'] as const)(
    'tells the watcher of the parent once, whoever fails while others restart, under %s',
    async (strategy) => {
      const ends = new Set<string>();
      const scenario = defineScenario({
        name: 'failures during a restart, up to the escalation',
        setup({ system, client }) {
          const done: number[] = [];
          const parent = system.spawn(parentLogic(done), { name: 'parent', strategy });
          const watcher = system.spawn(watcherLogic(parent), { name: 'watcher' });
          watcher.tell({ type: 'begin' });
          for (const name of ['a', 'b']) {
            client(name, ...[1, 2, 3].map((number) => () => tellChild(parent, name, number)));
          }
          return { parent, watcher };
        },
        mayCrash: (path) => path.startsWith('/parent/'),
        oracles: [exactlyOneTerminated(), noLeaks()],
        check({ parent, watcher }): Verdict {
          const isGone = watcher.snapshot() > 0;
          ends.add(isGone ? 'escalated' : 'lives');
          if (isGone) return watcher.snapshot() === 1 || 'told more than once';
          const { children } = parent as unknown as { readonly children: Iterable<{ readonly suspended: boolean }> };
          return [...children].every(({ suspended }) => !suspended) || 'a child was left suspended';
        },
      });

      const result = await explore(scenario, { ...raceSize(800), faults: { crash: 3 }, limitMs: 300_000 });

      expect(result.distinct).toBeGreaterThan(100);
      expect([...ends].toSorted()).toEqual(['escalated', 'lives']);
    },
  );
});

// Helpers

function workerLogic(done: number[]) {
  return behavior<Work, undefined>({
    initial: undefined,
    receive(state, { number }) {
      done.push(number);
      return state;
    },
  });
}

function parentLogic(done: number[]) {
  return behavior<{ type: 'none' }, undefined>({
    initial(_, actor) {
      for (const name of ['a', 'b']) actor.spawn(name, workerLogic(done), { supervision: ONCE });
      return undefined;
    },
    receive: (state) => state,
  });
}

function watcherLogic(subject: ActorRef<never>) {
  return behavior<Boss, number>({
    initial: 0,
    receive(count, { type }, actor) {
      if (type === 'begin') actor.watch(subject);
      return type === 'actor.terminated' ? count + 1 : count;
    },
  });
}

/** From outside: the child is looked up when the step begins. */
function tellChild(parent: Actor<ReturnType<typeof parentLogic>>, name: string, number: number): void {
  const { childNamed } = parent as unknown as { childNamed(name: string): ActorRef<Work> | undefined };
  childNamed.call(parent, name)?.tell({ type: 'work', number });
}
