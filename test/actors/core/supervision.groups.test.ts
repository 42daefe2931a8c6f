import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, AnyLogic, SpawnOptions } from '../../../src/actors/index.ts';
import type { SupervisionStrategy } from '../../../src/policy/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld } from './support.ts';
import type { AnyMessage, World } from './support.ts';

type Supervision = NonNullable<SpawnOptions<AnyLogic>['supervision']>;

const EXACT: Supervision = { restart: 'transient', backoff: { jitter: 'none' } };

describe('the strategy of a parent whose second of 3 children fails', () => {
  it.each<[SupervisionStrategy, readonly string[], readonly string[]]>([
    ['oneForOne', ['b ends'], ['b begins']],
    ['oneForAll', ['b ends', 'c ends', 'a ends'], ['a begins', 'b begins', 'c begins']],
    ['restForOne', ['b ends', 'c ends'], ['b begins', 'c begins']],
  ])('"%s": the members end in reverse order, and begin in order after 100 ms', async (strategy, ends, begins) => {
    const { world, actors, notes } = group(strategy);

    actors[1]?.tell({ type: 'fail' });
    await nextTurn(4);
    const before = notes.splice(0);
    await world.pass(100);

    expect([before, notes]).toEqual([ends, begins]);
  });

  it('"oneForAll" keeps the messages of those who did not fail', async () => {
    const { world, actors, notes } = group('oneForAll');
    actors[1]?.tell({ type: 'fail' });
    await nextTurn();

    const outcomes = actors.map((actor) => actor.tell({ type: 'x' }).accepted);
    const { length } = notes.filter((note) => note.endsWith(' x'));
    await world.pass(100);

    expect([outcomes, length, notes.filter((note) => note.endsWith(' x'))]).toEqual([
      [true, true, true],
      0,
      ['a x', 'b x', 'c x'],
    ]);
    expect(world.system.deadLetters.counts).toEqual({ poison: 1 });
  });

  it('"oneForAll" leaves a temporary sibling alone', async () => {
    const { world, actors, notes } = group('oneForAll', [EXACT, EXACT, { restart: 'temporary' }]);

    actors[0]?.tell({ type: 'fail' });
    await world.pass(100);

    expect(notes).toEqual(['a ends', 'b ends', 'a begins', 'b begins']);
    expect(actors.map(({ restarts }) => restarts)).toEqual([1, 1, 0]);
  });

  it('counts the failure to the one that failed, not to those who are restarted with it', async () => {
    const { world, actors } = group('oneForAll', [{ ...EXACT, maxRestarts: 3 }, { ...EXACT, maxRestarts: 3 }, EXACT]);

    for (const i of [0, 1, 0, 1, 0, 1]) {
      actors[i]?.tell({ type: 'fail' });
      await world.pass(7_000);
    }

    expect(actors.map(({ restarts }) => restarts)).toEqual([6, 6, 6]);
  });

  it('keeps a message on which another will fail, and restarts all of them again for that', async () => {
    const { world, actors, notes } = group('oneForAll');

    for (const i of [0, 2]) actors[i]?.tell({ type: 'fail' });
    await world.pass(10_000);

    const begins = ['a begins', 'b begins', 'c begins'];
    expect(notes.filter((note) => note.endsWith('begins'))).toEqual([...begins, ...begins]);
    expect(actors.map(({ restarts }) => restarts)).toEqual([2, 2, 2]);
  });

  it('restarts a member too that was added while the others wait', async () => {
    const { world, actors, notes } = group('oneForAll');
    actors[0]?.tell({ type: 'fail' });
    await nextTurn();
    const late = world.system.spawn(member('late', notes), { name: 'late', supervision: EXACT });

    late.tell({ type: 'fail' });
    await world.pass(10_000);

    expect([late.restarts, world.system.actors().length]).toEqual([1, 4]);
  });

  it('gives all of them up when one fails too often: at the top the others that wait end too', async () => {
    const { world, actors } = group('oneForAll', [{ ...EXACT, maxRestarts: 1 }, EXACT, EXACT]);

    for (let i = 0; i < 2; i++) {
      actors[0]?.tell({ type: 'fail' });
      await world.pass(5_000);
    }

    expect((await actors[0]?.ended)?.kind).toBe('failed');
    expect(world.logged('error').at(-1)).toBe('the system gave its children up: "a" failed too often: boom');
  });

  it('leaves one that was stopped meanwhile alone', async () => {
    const { world, actors, notes } = group('oneForAll');
    actors[0]?.tell({ type: 'fail' });
    await nextTurn();

    await world.system.stopActor(actors[1] as ActorRef<never>);
    await world.pass(100);

    expect(notes.filter((note) => note.endsWith('begins'))).toEqual(['a begins', 'c begins']);
  });

  it('stops a child that takes its time with clean-up before it starts anybody', async () => {
    const world = createWorld({ strategy: 'oneForAll' });
    const notes: string[] = [];
    let finish: () => void = () => {};
    const slow = behavior<AnyMessage, null>({
      initial: null,
      receive: () => null,
      stopped: () => new Promise((resolve) => (finish = resolve)),
    });
    world.system.spawn(slow, { name: 'slow', supervision: EXACT });
    const a = world.system.spawn(member('a', notes), { name: 'a', supervision: EXACT });
    notes.length = 0;
    a.tell({ type: 'fail' });

    await world.pass(1_000);
    const before = [...notes];
    finish();
    await world.pass(100);

    expect([before, notes]).toEqual([['a ends'], ['a ends', 'a begins']]);
  });

  it('of a parent that stops restarts nobody: all end, the counts add up', async () => {
    const { world, actors } = group('restForOne');
    for (const actor of actors) actor.tell({ type: 'fail' });
    await nextTurn();

    const report = await world.system.stop();

    expect(report.stopped + report.forced).toBe(3);
    expect(world.environment.clock.pending).toBe(0);
  });

  it('refuses an unknown strategy by name', () => {
    const wrong = expect.objectContaining({ code: 'INVALID_OPTIONS', field: 'strategy' });

    expect(() => createWorld({ strategy: 'none' as never })).toThrow(wrong);
  });
});

// Helpers

function member(name: string, notes: string[]) {
  return behavior<AnyMessage, null>({
    initial() {
      notes.push(`${name} begins`);
      return null;
    },
    receive(_, { type }) {
      if (type === 'fail') boom();
      notes.push(`${name} ${type}`);
      return null;
    },
    stopped: () => void notes.push(`${name} ends`),
  });
}

function group(strategy: SupervisionStrategy, supervision: readonly Supervision[] = [EXACT, EXACT, EXACT]) {
  const world: World = createWorld({ strategy });
  const notes: string[] = [];
  const actors = ['a', 'b', 'c'].map((name, i) => {
    const options = supervision[i];
    return world.system.spawn(member(name, notes), { name, ...(options && { supervision: options }) });
  });
  notes.length = 0;
  return { world, actors, notes };
}
