import { fromPromise, setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import { behavior, createSystem } from '../../../src/actors/index.ts';
import type { Actor, AnyLogic, Message, SpawnOptions } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage, World } from './support.ts';

/** Waits of exactly 100, 200, 400 … ms. */
const EXACT = { backoff: { jitter: 'none' } } as const;

describe('the intensity', () => {
  it('allows 5 restarts in 60 s; one failure more ends the child', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient' });

    for (let i = 0; i < 5; i++) {
      actor.tell({ type: 'fail' });
      await world.pass(5_000);
    }
    const before = actor.restarts;
    actor.tell({ type: 'fail' });
    await world.pass(0);

    expect([before, (await actor.ended).kind, world.system.actors()]).toEqual([5, 'failed', []]);
    expect(world.logged('error').at(-1)).toBe('the system gave its children up: "child" failed too often: boom');
  });

  it('belongs to each child: one that fails too often costs its sibling no restart', async () => {
    const world = createWorld();
    const bad = child(world, { restart: 'transient', maxRestarts: 2 }, [], 'bad');
    const good = child(world, { restart: 'transient', maxRestarts: 2 }, [], 'good');

    for (let i = 0; i < 3; i++) {
      bad.tell({ type: 'fail' });
      if (i < 2) good.tell({ type: 'fail' });
      await world.pass(5_000);
    }

    expect([(await bad.ended).kind, good.restarts, world.system.actors()]).toEqual(['failed', 2, [good]]);
  });

  it('forgets what lies further back than its window', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient', maxRestarts: 1, withinMs: 1_000, stableMs: 500 });

    for (let i = 0; i < 4; i++) {
      actor.tell({ type: 'fail' });
      await world.pass(2_000);
    }

    expect(actor.restarts).toBe(4);
  });

  it('of 0 escalates at the first failure', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient', maxRestarts: 0 });

    actor.tell({ type: 'fail' });
    await world.pass(0);

    expect((await actor.ended).kind).toBe('failed');
  });

  it('takes waits of 100, 200, 400 … ms, and from the beginning after 60 s without failure', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient', maxRestarts: 100 });
    const waits: number[] = [];
    const fail = async (): Promise<void> => {
      const { restarts } = actor;
      actor.tell({ type: 'fail' });
      const from = world.environment.clock.monotonic();
      while (actor.restarts === restarts) await world.pass(50);
      waits.push(world.environment.clock.monotonic() - from);
    };

    for (let i = 0; i < 4; i++) await fail();
    await world.pass(60_000);
    await fail();

    expect(waits).toEqual([100, 200, 400, 800, 100]);
  });

  it('jitters its waits by the seeded random: the same seed gives the same waits', async () => {
    const wait = async (seed: number): Promise<number> => {
      const environment = createManualEnvironment({ seed });
      const system = createSystem({ environment });
      system
        .spawn(scripted({ fail: boom }), { name: 'a', supervision: { restart: 'transient' } })
        .tell({ type: 'fail' });
      await nextTurn();
      return environment.clock.next() ?? -1;
    };

    const [first, again, other] = [await wait(1), await wait(1), await wait(2)];

    expect([first === again, first === other]).toEqual([true, false]);
    for (const ms of [first, other]) expect(ms).toBeGreaterThanOrEqual(50);
    for (const ms of [first, other]) expect(ms).toBeLessThanOrEqual(100);
  });
});

describe('an actor that is given up', () => {
  it('makes dead letters of what it did not process when the supervision gives it up', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient', maxRestarts: 1 });

    for (const type of ['fail', 'fail', 'x', 'y']) actor.tell({ type });
    await world.pass(1_000);

    expect([(await actor.ended).kind, actor.waiting]).toEqual(['failed', 0]);
    expect(world.system.deadLetters.recent().map(({ reason, message }) => [reason, message.type])).toEqual([
      ['poison', 'fail'],
      ['poison', 'fail'],
      ['stopped', 'x'],
      ['stopped', 'y'],
    ]);
  });
});

describe('escalation', () => {
  it('fails the parent, whose supervision restarts it with fresh children', async () => {
    const world = createWorld();
    const parent = world.system.spawn(parentOf({ restart: 'transient', maxRestarts: 0 }), {
      name: 'parent',
      supervision: { restart: 'transient', ...EXACT },
    });
    const first = world.system.actor('/parent/child');

    first?.tell({ type: 'fail' });
    await world.pass(100);

    expect([parent.restarts, world.system.actor('/parent/child') === first]).toEqual([1, false]);
    expect(world.system.actors()).toHaveLength(2);
    expect(world.logged('error')).toEqual(['actor "/parent/child" failed', 'actor "/parent" failed']);
  });

  it('ends a parent that nobody restarts, with RESTART_LIMIT', async () => {
    const world = createWorld();
    const parent = world.system.spawn(parentOf({ restart: 'transient', maxRestarts: 0 }), { name: 'parent' });

    world.system.actor('/parent/child')?.tell({ type: 'fail' });

    expect(await parent.ended).toMatchObject({
      kind: 'failed',
      error: { code: 'RESTART_LIMIT', details: { name: 'child' } },
    });
    expect(world.system.actors()).toEqual([]);
  });

  it('that comes while the parent starts the child fails the parent once', async () => {
    const world = createWorld();
    const logic = behavior<AnyMessage, string>({
      initial: 'fresh',
      receive(_, { type }, actor) {
        if (type !== 'go') return type;
        actor.spawn('child', behavior<Message, null>({ initial: boom, receive: () => null }), {
          supervision: { restart: 'transient', maxRestarts: 0 },
        });
        return 'never seen';
      },
      stopped: () => void ends++,
    });
    let ends = 0;
    const parent = world.system.spawn(logic, { name: 'parent', supervision: { restart: 'transient', ...EXACT } });

    for (const type of ['go', 'next']) parent.tell({ type });
    await world.pass(100);

    expect([parent.restarts, parent.snapshot(), ends]).toEqual([1, 'next', 1]);
  });
});

describe('S2: the chart of a supervision', () => {
  it('shows in the inspection beside the child, from the first failure until it is forgotten', async () => {
    const seen: string[] = [];
    const world = createWorld({
      inspect: (event) => {
        if (event.type === 'actor.spawned' || event.type === 'actor.ended')
          seen.push(`${event.type} ${event.ref.path}`);
      },
    });
    const actor = child(world, { restart: 'transient' });

    actor.tell({ type: 'fail' });
    await world.pass(200_000);

    expect(seen).toEqual([
      'actor.spawned /child',
      'actor.spawned /$supervisor-child',
      'actor.ended /$supervisor-child',
    ]);
    expect([world.system.actors(), world.environment.clock.pending]).toEqual([[actor], 0]);
  });

  it('S4: takes a failure over that comes in the very moment in which the chart before it ends', async () => {
    const world = createWorld();
    const actor = child(world, { restart: 'transient', withinMs: 1_000, stableMs: 1_000 });
    // The chart is forgotten 1,000 ms after the restart. The message comes just before its timer, so that the notice of the
    // failure stands behind the timer in the chart's mailbox.
    world.environment.clock.setTimeout(() => actor.tell({ type: 'fail' }), 1_100);
    actor.tell({ type: 'fail' });
    await world.pass(100);

    await world.pass(1_000);
    await world.pass(400);

    expect([actor.restarts, world.system.actors()]).toEqual([2, [actor]]);
  });

  it('S4: hears of every failure, also where mailboxes hold one message and drop the rest', async () => {
    const world = createWorld({ mailbox: { capacity: 1, overflow: 'dropNewest' }, strategy: 'oneForAll' });
    const actors = ['a', 'b', 'c'].map((name) => child(world, { restart: 'transient' }, [], name));

    for (const actor of actors) actor.tell({ type: 'fail' });
    await world.pass(10_000);

    expect(actors.map(({ restarts }) => restarts > 0)).toEqual([true, true, true]);
    expect(world.system.actors()).toEqual(actors);
  });
});

describe('a chart under supervision', () => {
  it('starts anew when what it invoked has failed', async () => {
    const world = createWorld();
    let calls = 0;
    const logic = setup({ actors: { work: fromPromise(async () => (++calls === 1 ? boom() : calls)) } }).createMachine({
      initial: 'working',
      states: { working: { invoke: { src: 'work', onDone: 'ready' } }, ready: {} },
    });
    const actor = world.system.spawn(logic, { name: 'a', supervision: { restart: 'transient', ...EXACT } });

    await world.pass(100);

    expect([actor.restarts, actor.snapshot().value]).toEqual([1, 'ready']);
  });
});

// Helpers

function child(
  world: World,
  supervision: NonNullable<SpawnOptions<AnyLogic>['supervision']>,
  got: string[] = [],
  name = 'child',
): Actor<ReturnType<typeof scripted>> {
  const logic = scripted({ fail: boom, finish: (self) => self.finish() }, got);
  return world.system.spawn(logic, { name, supervision: { ...EXACT, ...supervision } });
}

/** A behaviour that starts a child at its own start. */
function parentOf(supervision: NonNullable<SpawnOptions<AnyLogic>['supervision']>) {
  return behavior<AnyMessage, null>({
    initial(_, actor) {
      actor.spawn('child', scripted({ fail: boom }), { supervision: { ...EXACT, ...supervision } });
      return null;
    },
    receive: () => null,
  });
}
