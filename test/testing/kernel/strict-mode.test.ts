import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMachine, fromPromise, raise } from 'xstate';
import { behavior } from '../../../src/actors/index.ts';
import { explore } from '../../../src/testing/index.ts';
import type { RuntimeError } from '../../../src/errors/index.ts';

const READS: readonly [string, () => unknown][] = [
  ['Date.now', () => Date.now()],
  ['new Date()', () => new Date()],
  ['Date()', () => Date()],
  ['Math.random', () => Math.random()],
  ['setTimeout', () => setTimeout(() => {}, 0)],
  ['setInterval', () => setInterval(() => {}, 1)],
  ['setImmediate', () => setImmediate(() => {})],
  ['performance.now', () => performance.now()],
  ['crypto.randomUUID', () => crypto.randomUUID()],
  ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
  ['crypto.randomUUID', () => randomUUID()],
  ['crypto.randomBytes', () => randomBytes(1)],
];

describe('strict mode', () => {
  it.each(READS)('fails a schedule whose actor calls %s, and says from where', async (name, read) => {
    const { failure } = await explore(actorThat(read), { throws: false });

    expect(failure?.oracle).toBe('strict');
    expect(failure?.message).toContain(`${name} was called at`);
    expect(failure?.error).toMatchObject({ code: 'ENVIRONMENT_BYPASSED' });
    expect(JSON.stringify((failure?.error as RuntimeError | undefined)?.details)).toContain('strict-mode.test');
  });

  it('finds what the code under test swallows', async () => {
    const swallows = (): void => {
      try {
        Date.now();
      } catch {
        // Just what this test is about.
      }
    };

    expect((await explore(actorThat(swallows), { throws: false })).failure?.oracle).toBe('strict');
  });

  it('finds it in setup, and behind a promise', async () => {
    const inSetup = await explore({ setup: () => Date.now() }, { throws: false });
    const behind = await explore(
      {
        setup: ({ client }) =>
          client('me', async () => {
            await Promise.resolve();
            Math.random();
          }),
      },
      { throws: false },
    );

    expect([inSetup.failure?.oracle, behind.failure?.oracle]).toEqual(['strict', 'strict']);
  });

  it('lets dates be that are given a time, and tells what is a date', async () => {
    const isFine = (): boolean => new Date(1) instanceof Date && Date.UTC(2000, 0) > 0;

    expect((await explore({ setup: isFine, invariant: (fine) => fine }, { schedules: 1 })).schedules).toBe(1);
  });

  it.each([true, false])('has the globals back in place afterwards, also when it fails: %s', async (fails) => {
    const before = [
      Date,
      Date.now,
      Math.random,
      setTimeout,
      setInterval,
      setImmediate,
      crypto.randomUUID,
      queueMicrotask,
    ];
    const listeners = process.listenerCount('unhandledRejection');

    await explore(
      actorThat(() => fails && Date.now()),
      { throws: false, schedules: 2 },
    );
    const after = [
      Date,
      Date.now,
      Math.random,
      setTimeout,
      setInterval,
      setImmediate,
      crypto.randomUUID,
      queueMicrotask,
    ];

    expect(after.map((value, i) => value === before[i])).toEqual(before.map(() => true));
    expect(process.listenerCount('unhandledRejection')).toBe(listeners);
    expect(typeof randomUUID()).toBe('string');
  });

  it('has the globals back in place when a strategy throws', async () => {
    const before = Date;
    const broken = { name: 'broken', next: () => ({ madeBy: '', choose: () => 99 }), done: () => {} };
    const twoActors = {
      setup: ({ client }: Parameters<ReturnType<typeof actorThat>['setup']>[0]) => {
        client('a', () => {});
        client('b', () => {});
      },
    };

    await expect(explore(twoActors, { strategy: broken })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(Date).toBe(before);
  });

  it('is off with strict: false', async () => {
    expect(
      (
        await explore(
          actorThat(() => Date.now()),
          { strict: false, schedules: 1 },
        )
      ).failure,
    ).toBeUndefined();
  });

  it("takes XState's own timers and unnamed delayed events for no finding", async () => {
    const machine = createMachine({
      initial: 'waiting',
      entry: raise({ type: 'late' }, { delay: 20 }),
      states: { waiting: { after: { 10: 'ticked' } }, ticked: { on: { late: 'done' } }, done: {} },
    });
    const scenario = {
      setup: ({ system }: Parameters<ReturnType<typeof actorThat>['setup']>[0]) => system.spawn(machine, { name: 'a' }),
      check: (actor: { snapshot(): { value: unknown } }) => actor.snapshot().value === 'done',
    };

    expect((await explore(scenario, { schedules: 20 })).failure).toBeUndefined();
  });

  it('reports an error that XState would throw in a timer', async () => {
    const machine = createMachine({ invoke: { src: fromPromise(async () => 1) } });
    const scenario = {
      setup({ system }: Parameters<ReturnType<typeof actorThat>['setup']>[0]) {
        const actor = system.spawn(machine, { name: 'a' });
        const { root } = (actor as unknown as { body: { root: { subscribe(next: () => void): void } } }).body;
        root.subscribe(() => {
          throw new TypeError('a listener of the root');
        });
      },
    };

    const { failure } = await explore(scenario, { throws: false });

    expect(failure).toMatchObject({ oracle: 'uncaughtError', message: 'a listener of the root' });
  });
});

// Helpers

function actorThat(act: () => unknown) {
  const logic = behavior<{ type: 'go' }, undefined>({
    initial: undefined,
    receive: (state) => {
      act();
      return state;
    },
  });
  return {
    setup: ({ system }: Parameters<Parameters<typeof explore>[0]['setup']>[0]) => {
      system.spawn(logic, { name: 'actor' }).tell({ type: 'go' });
    },
  };
}
