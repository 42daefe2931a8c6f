import { setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { Actor, AnyLogic, Message, SpawnOptions } from '../../../src/actors/index.ts';
import type { RestartRule } from '../../../src/policy/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage, World } from './support.ts';

/** Waits of exactly 100, 200, 400 … ms. */
const EXACT = { backoff: { jitter: 'none' } } as const;

describe('the rule of a child', () => {
  it.each<[RestartRule, string, string]>([
    ['permanent', 'fail', 'restarted'],
    ['permanent', 'finish', 'restarted'],
    ['permanent', 'stop', 'stopped'],
    ['transient', 'fail', 'restarted'],
    ['transient', 'finish', 'done'],
    ['transient', 'stop', 'stopped'],
    ['temporary', 'fail', 'failed'],
    ['temporary', 'finish', 'done'],
    ['temporary', 'stop', 'stopped'],
  ])('"%s" on "%s": %s', async (restart, type, expected) => {
    const world = createWorld();
    const actor = child(world, { restart });

    if (type === 'stop') void world.system.stopActor(actor);
    else actor.tell({ type });
    await world.pass(100);

    const living = world.system.actors().length > 0;
    expect(living ? (actor.restarts === 1 ? 'restarted' : 'lives') : (await actor.ended).kind).toBe(expected);
  });

  it('of a behaviour without state starts it anew like any other', async () => {
    const world = createWorld();
    const logic = behavior<AnyMessage, undefined>({ initial: undefined, receive: () => boom() });
    const actor = world.system.spawn(logic, { name: 'a', supervision: { restart: 'transient', ...EXACT } });

    actor.tell({ type: 'x' });
    await world.pass(100);

    expect([actor.restarts, world.system.actors()]).toEqual([1, [actor]]);
  });

  it('is "temporary" by default', async () => {
    const { system } = createWorld();
    const actor = system.spawn(scripted({ fail: boom }), { name: 'a' });

    actor.tell({ type: 'fail' });

    expect((await actor.ended).kind).toBe('failed');
  });
});

describe('C6: a restart', () => {
  it('keeps reference, path, id, mailbox and listeners, and starts from the first state', async () => {
    const world = createWorld();
    const got: string[] = [];
    const actor = child(world, { restart: 'transient' }, got);
    const [{ path, id }, states] = [actor, [] as number[]];
    actor.subscribe((state) => states.push(state));

    for (const type of ['1', 'fail', '2']) actor.tell({ type });
    await nextTurn();
    actor.tell({ type: '3' });
    const waiting = actor.waiting;
    await world.pass(100);

    expect([got, waiting, actor.restarts]).toEqual([['1', 'fail', '2', '3'], 2, 1]);
    expect([actor.path, actor.id, world.system.actor('/child')]).toEqual([path, id, actor]);
    expect(states).toEqual([1, 0, 1, 2]);
  });

  it('waits for its 100 ms', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient' });
    actor.tell({ type: 'fail' });

    await world.pass(99);
    const before = actor.restarts;
    await world.pass(1);

    expect([before, actor.restarts]).toEqual([0, 1]);
  });

  it('makes the message that failed a dead letter, and processes it no more', async () => {
    const world = createWorld();
    const got: string[] = [];
    const actor = child(world, { restart: 'transient' }, got);

    actor.tell({ type: 'fail' });
    await world.pass(100);

    expect(got).toEqual(['fail']);
    expect(world.system.deadLetters.recent()).toMatchObject([
      { reason: 'poison', receiver: '/child', message: { type: 'fail' } },
    ]);
  });

  it('is logged, and so is the failure', async () => {
    const world = createWorld();
    child(world, { restart: 'transient' }).tell({ type: 'fail' });

    await world.pass(100);

    expect(world.environment.log.entries.filter(({ level }) => level !== 'debug')).toMatchObject([
      { level: 'error', message: 'actor "/child" failed', fields: { error: { rawMessage: 'boom' } } },
      { level: 'warn', message: 'actor "/child" was restarted', fields: { actor: '/child', restarts: 1 } },
    ]);
  });

  it('keeps the bound of the mailbox while the actor waits for it', async () => {
    const world = createWorld();
    const options = {
      name: 'child',
      mailbox: { capacity: 2 },
      supervision: { restart: 'transient', ...EXACT },
    } as const;
    const actor = world.system.spawn(scripted({ fail: boom }), options);
    actor.tell({ type: 'fail' });
    await nextTurn();

    const outcomes = [1, 2, 3].map(() => actor.tell({ type: 'x' }).accepted);

    expect(outcomes).toEqual([true, true, false]);
  });

  it('ends the children first, the youngest first, and lets the new life start its own', async () => {
    const world = createWorld();
    const notes: string[] = [];
    const leaf = (name: string) =>
      behavior<AnyMessage, null>({
        initial: () => note(notes, `${name} begins`),
        receive: () => null,
        stopped: () => void notes.push(`${name} ends`),
      });
    const logic = behavior<AnyMessage, null>({
      initial(_, actor) {
        for (const name of ['a', 'b']) actor.spawn(name, leaf(name));
        return note(notes, 'parent begins');
      },
      receive: (_, { type }) => (type === 'fail' ? boom() : null),
      stopped: () => void notes.push('parent ends'),
    });
    const actor = world.system.spawn(logic, { name: 'parent', supervision: { restart: 'transient', ...EXACT } });
    notes.length = 0;

    actor.tell({ type: 'fail' });
    await world.pass(100);

    expect(notes).toEqual(['parent ends', 'b ends', 'a ends', 'a begins', 'b begins', 'parent begins']);
    expect(world.system.actors()).toHaveLength(3);
  });

  it('ends a child that somebody else has started under it meanwhile', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient' });
    actor.tell({ type: 'fail' });
    await nextTurn();
    const stray = world.system.spawn(scripted(), { name: 'stray', parent: actor });

    await world.pass(100);

    expect([(await stray.ended).kind, world.system.actors()]).toEqual(['stopped', [actor]]);
  });

  it('waits for the clean-up of the life before it, which happens once', async () => {
    const world = createWorld();
    let cleanUps = 0;
    let finish: () => void = () => {};
    const logic = behavior<AnyMessage, null>({
      initial: null,
      receive: boom,
      stopped() {
        cleanUps++;
        return new Promise((resolve) => (finish = resolve));
      },
    });
    const actor = world.system.spawn(logic, { name: 'a', supervision: { restart: 'transient', ...EXACT } });
    actor.tell({ type: 'x' });

    await world.pass(1_000);
    const before = actor.restarts;
    finish();
    await world.pass(100);

    expect([cleanUps, before, actor.restarts]).toEqual([1, 0, 1]);
  });

  it('drops its timers: a tick of the life before it never comes', async () => {
    const world = createWorld();
    const got: string[] = [];
    const logic = scripted({ go: (self) => self.startTimer('t', { afterMs: 50 }, { type: 'tick' }), fail: boom }, got);
    const actor = world.system.spawn(logic, { name: 'a', supervision: { restart: 'transient', ...EXACT } });

    for (const type of ['go', 'fail']) actor.tell({ type });
    await world.pass(1_000);

    expect(got).toEqual(['go', 'fail']);
  });
});

describe('a stop that meets a restart', () => {
  it('ends an actor that waits for its restart, with what waits as dead letters', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient' });
    for (const type of ['fail', 'x']) actor.tell({ type });
    await nextTurn();

    await world.system.stopActor(actor);
    await world.pass(1_000);

    expect([(await actor.ended).kind, actor.restarts]).toEqual(['stopped', 0]);
    expect(world.system.deadLetters.counts).toEqual({ poison: 1, stopped: 1 });
    expect(world.environment.clock.pending).toBe(0);
  });

  it('of the system ends everybody who waits, and restarts nobody', async () => {
    const world = createWorld();
    const actors = ['a', 'b'].map((name) => child(world, { restart: 'permanent' }, [], name));
    for (const actor of actors) actor.tell({ type: 'fail' });
    await nextTurn();

    const report = await world.system.stop();
    await world.pass(1_000);

    expect([report.stopped, actors.map(({ restarts }) => restarts)]).toEqual([2, [0, 0]]);
    expect(world.environment.clock.pending).toBe(0);
  });

  it('lets a failure while it works off its mailbox be the end', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'permanent' });
    for (const type of ['x', 'fail', 'y']) actor.tell({ type });

    await world.system.stopActor(actor);
    await world.pass(1_000);

    expect([(await actor.ended).kind, actor.restarts]).toEqual(['failed', 0]);
    expect(world.system.deadLetters.counts).toEqual({ poison: 1, stopped: 1 });
  });

  it.each(['system', 'parent'])('C8: restarts nobody from its beginning on, when it is one of the %s', async (what) => {
    const world = createWorld();
    const parent = what === 'parent' ? world.system.spawn(scripted(), { name: 'parent' }) : undefined;
    const options = { name: 'a', supervision: { restart: 'permanent', ...EXACT }, parent } as const;
    const actor = world.system.spawn(scripted({ fail: boom }), options);
    // From outside nothing reaches it any more.
    const stopped = (): Promise<void> => {
      actor.tell({ type: 'fail' });
      return new Promise(() => {});
    };
    const slow = behavior<Message, null>({ initial: null, receive: () => null, stopped });
    world.system.spawn(slow, { name: 'slow', parent });

    if (parent === undefined) void world.system.stop();
    else void world.system.stopActor(parent);

    expect([(await actor.ended).kind, actor.restarts]).toEqual(['failed', 0]);
    await world.pass(5_000);
  });
});

describe('a failure at the start', () => {
  const cases: [string, () => AnyLogic][] = [
    ['a behaviour whose initial throws', () => behavior<Message, null>({ initial: boom, receive: () => null })],
    ['a chart whose context cannot be made', () => setup({}).createMachine({ context: boom })],
    ['a chart whose entry action throws', () => setup({ actions: { boom } }).createMachine({ entry: 'boom' })],
  ];

  it.each(cases)('of %s is supervised like any other: 5 restarts, then it is given up', async (_, logic) => {
    const world = createWorld();

    const actor = world.system.spawn(logic(), { name: 'a', supervision: { restart: 'transient', ...EXACT } });
    await world.pass(100 + 200 + 400 + 800 + 1_600 - 1);
    const before = world.system.actors().length;
    await world.pass(1);

    expect([before, world.system.actors().length, actor.restarts]).toEqual([1, 0, 5]);
    expect(await actor.ended).toMatchObject({ kind: 'failed', error: { rawMessage: 'boom' } });
  });

  it.each(cases)('of %s without supervision leaves nothing behind, and the name is free', async (_, logic) => {
    const { system } = createWorld();
    const actor = system.spawn(logic(), { name: 'a' });

    expect([(await actor.ended).kind, system.actors()]).toEqual(['failed', []]);
    expect(() => system.spawn(scripted(), { name: 'a' })).not.toThrow();
  });

  it('counts a permanent behaviour that is done at once as failing, so that it makes no storm', async () => {
    const world = createWorld();
    const done = setup({}).createMachine({ initial: 'a', states: { a: { type: 'final' } } });

    const actor = world.system.spawn(done, { name: 'a', supervision: { restart: 'permanent', ...EXACT } });
    await world.pass(10_000);

    expect([actor.restarts, (await actor.ended).kind, world.system.actors()]).toEqual([5, 'done', []]);
  });

  it('ends a transient one that is done at once after its restart', async () => {
    const world = createWorld();
    let starts = 0;
    const logic = behavior<Message, null>({
      initial(_, actor) {
        if (++starts === 1) boom();
        actor.finish('well');
        return null;
      },
      receive: () => null,
    });

    const actor = world.system.spawn(logic, { name: 'a', supervision: { restart: 'transient', ...EXACT } });
    await world.pass(100);

    expect(await actor.ended).toEqual({ kind: 'done', output: 'well' });
  });
});

// Helpers

function note(notes: string[], text: string): null {
  notes.push(text);
  return null;
}

function child(
  world: World,
  supervision: NonNullable<SpawnOptions<AnyLogic>['supervision']>,
  got: string[] = [],
  name = 'child',
): Actor<ReturnType<typeof scripted>> {
  const logic = scripted({ fail: boom, finish: (self) => self.finish() }, got);
  return world.system.spawn(logic, { name, supervision: { ...EXACT, ...supervision } });
}
