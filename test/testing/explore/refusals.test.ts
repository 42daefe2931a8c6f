import { describe, expect, it, onTestFinished } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import { defineScenario, eventually, explore, never } from '../../../src/testing/index.ts';
import type { ExploreOptions, Scenario } from '../../../src/testing/index.ts';

const LATE = 'must answer at once, got a promise';

describe('R4: an answer that is a promise', () => {
  it.each<[string, Partial<Scenario>]>([
    ['scenario.check', { check: (async () => false) as never }],
    ['scenario.check', { check: (() => Promise.reject(new Error('late'))) as never }],
    ['scenario.invariant', { invariant: (async () => false) as never }],
    ['scenario.completes', { completes: (async () => false) as never }],
    ['eventually', { oracles: [eventually((async () => false) as never)] }],
    ['never', { oracles: [never((async () => false) as never)] }],
    ['own', { oracles: [{ name: 'own', watch: () => ({ afterStep: (async () => 'no') as never }) }] }],
    ['scenario.setup', { setup: async () => {} }],
  ])('of %s is refused, where it would count as true', async (field, part) => {
    const scenario = { setup: () => 1, ...part };

    await expect(explore(scenario, { schedules: 1 })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      field,
      rawMessage: expect.stringContaining(LATE) as unknown,
    });
  });

  it('leaves nothing behind: the next exploration passes, and its rejections are its own', async () => {
    await explore({ setup: () => 1, check: (() => Promise.reject(new Error('late'))) as never }).catch(() => {});

    expect(await explore({ setup: () => 1 }, { schedules: 2 })).toMatchObject({ schedules: 2 });
  });
});

describe('R4: a rejection that nobody handles', () => {
  it.each([1, 3])('in the check of schedule %i is that schedule’s own', async (number) => {
    let run = 0;
    const scenario = defineScenario({
      setup: ({ client }) => ['ann', 'bob', 'eve'].forEach((name) => client(name, () => {})),
      check: () => {
        if (++run >= number) void Promise.reject(new Error('late'));
      },
    });

    const { failure } = await explore(scenario, { schedules: 5, shrinkTries: 0, throws: false });

    expect(failure).toMatchObject({ oracle: 'uncaughtError', message: 'late', schedule: number - 1 });
  });
});

describe('explore', () => {
  it.each([undefined, null, 5, {}, { setup: 5 }])('refuses the scenario %j', async (scenario) => {
    await expect(explore(scenario as never)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it.each<[string, object, object]>([
    ['scenario.invariants', { invariants: () => false }, {}],
    ['faults.dropp', {}, { faults: { dropp: 1 } }],
  ])('names the unknown key %s', async (field, more, options) => {
    const scenario = { setup: () => 1, ...more };

    await expect(explore(scenario, options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field });
  });

  it.each<[string, unknown]>([
    ['option "options" must be an object, got null', null],
    ['option "replay" must be a text that a failure has printed, got 5', { replay: 5 }],
    ['option "strategy" must have the functions next and done', { strategy: {} }],
    ['option "strategy" must be random, pct, dfs or portfolio, got a function', { strategy: () => 1 }],
    ['option "schedules" must be a whole number of at least 1, got "5"', { schedules: '5' }],
    ['option "timeMs" must be a number above 0, got "100"', { timeMs: '100' }],
    ['option "limitMs" must be a number of at least 0, got "1"', { limitMs: '1' }],
    ['option "faults" must be an object, got 1', { faults: 1 }],
  ])('says that %s', async (rawMessage, options) => {
    const asked = options === null ? null : { strategy: 'random', ...(options as object) };

    await expect(explore(nothing(), asked as ExploreOptions)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      rawMessage,
    });
  });

  it('runs 1 schedule, however little time there is', async () => {
    expect(await explore(nothing(), { timeMs: Number.MIN_VALUE })).toMatchObject({ schedules: 1 });
  });

  it('E2: gives a listener for one rejection back as what it was', async () => {
    const listener = (): void => {};
    process.once('unhandledRejection', listener);
    onTestFinished(() => void process.removeListener('unhandledRejection', listener));
    const before = process.rawListeners('unhandledRejection');

    await explore(nothing(), { schedules: 1 });

    expect(process.rawListeners('unhandledRejection')).toEqual(before);
    expect(process.rawListeners('unhandledRejection').at(-1)).toHaveProperty('listener', listener);
  });
});

// Helpers

/** One actor that nobody speaks to. */
function nothing() {
  return defineScenario({
    setup: ({ system }) => system.spawn(behavior({ initial: 0, receive: (n) => n }), { name: 'idle' }),
  });
}
