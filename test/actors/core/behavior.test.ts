import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorContext, AnyLogic, Message } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage } from './support.ts';

describe('behavior', () => {
  it('starts from a state, or from what a function makes of the input', () => {
    const { system } = createWorld();
    const fixed = behavior<Message, number>({ initial: 7, receive: (n) => n });
    const made = behavior<Message, number, number>({ initial: (input) => input * 2, receive: (n) => n });

    expect(system.spawn(fixed, { name: 'a' }).snapshot()).toBe(7);
    expect(system.spawn(made, { name: 'b', input: 21 }).snapshot()).toBe(42);
  });

  it.each([
    ['receive', { initial: 0, receive: async () => boom() }],
    ['initial', { initial: async () => boom(), receive: (n: unknown) => n }],
  ] as const)('fails with ACTOR_FAILED when `%s` is an async function', async (which, definition) => {
    const { system, logged } = createWorld();
    const actor = system.spawn(behavior<Message, unknown>(definition as never), { name: 'a' });

    actor.tell({ type: 'x' });
    const outcome = await actor.ended;

    const rawMessage = `${which} returned a promise; a state is there at once`;
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'ACTOR_FAILED', rawMessage } });
    expect(logged('error')).toEqual(['actor "/a" failed']);
  });

  it('calls subscribers back after each message that changed the state', async () => {
    const { system } = createWorld();
    const add = behavior<{ type: 'add'; n: number }, number>({ initial: 0, receive: (sum, { n }) => sum + n });
    const actor = system.spawn(add, { name: 'a' });
    const seen: number[] = [];
    const stop = actor.subscribe((sum) => seen.push(sum));

    for (const n of [1, 0, 2]) actor.tell({ type: 'add', n });
    await nextTurn();
    stop();
    actor.tell({ type: 'add', n: 1 });
    await nextTurn();

    expect([seen, actor.snapshot()]).toEqual([[1, 3], 4]);
  });

  it('calls a function that subscribed twice twice, and ends one of the two alone', async () => {
    const { system } = createWorld();
    const actor = system.spawn(scripted(), { name: 'a' });
    let calls = 0;
    const listener = (): void => void calls++;
    const stops = [actor.subscribe(listener), actor.subscribe(listener)];

    actor.tell({ type: 'x' });
    await nextTurn();
    stops[0]?.();
    actor.tell({ type: 'x' });
    await nextTurn();

    expect(calls).toBe(3);
  });

  it('calls `stopped` once with the last state: at a stop, a failure, an end of its own; never when it did not begin', async () => {
    const { system } = createWorld();
    const ends: string[] = [];
    const logic = (name: string) =>
      behavior<Message, number>({
        initial: name === 'never' ? boom : 0,
        receive(count, { type }, actor) {
          if (type === 'fail') boom();
          if (type === 'finish') actor.finish();
          return count + 1;
        },
        stopped: (count) => void ends.push(`${name} ${count}`),
      });
    for (const name of ['stop', 'fail', 'finish', 'never']) {
      const actor = system.spawn(logic(name), { name });
      for (const type of ['x', name]) actor.tell({ type });
      await system.stopActor(actor);
    }

    expect(ends).toEqual(['stop 2', 'fail 1', 'finish 2']);
  });

  it('reports an asynchronous listener that rejects, and does not let it become an unhandled rejection', async () => {
    const world = createWorld({ inspect: (async () => boom()) as never });
    const logic = scripted({ x: (self) => self.emit('fact') });
    const actor = world.system.spawn(logic, { name: 'a' });
    actor.subscribe((async () => boom()) as never);
    actor.onFact((async () => boom()) as never);

    actor.tell({ type: 'x' });
    await nextTurn();

    const texts = new Set(world.logged('error'));
    expect(texts).toEqual(new Set(['an inspector threw', 'actor "/a": a listener threw']));
    expect(actor.snapshot()).toBe(1);
  });
});

describe('the context of a behaviour', () => {
  it('`self` is the actor itself; `now`, `random` and `log` are those of the environment', async () => {
    const { run, world } = inContext((actor) => {
      actor.log.log('info', 'hello', { n: 1 });
      return [actor.self.path, actor.now(), typeof actor.random()];
    });

    expect(await run()).toEqual(['/a', 0, 'number']);
    expect(world.environment.log.entries).toMatchObject([
      { level: 'info', message: 'hello', fields: { actor: '/a', n: 1 } },
    ]);
  });

  it('`tell` sends at once: to a reference, to a child by name, and else to the dead letters', async () => {
    const got: string[] = [];
    const { run, world } = inContext((actor) => {
      const child = actor.spawn('child', scripted({}, got));
      actor.tell(child as never, { type: '1' });
      actor.tell('child', { type: '2' });
      actor.tell('nobody', { type: '3' });
    });

    await run();

    expect([got, world.system.deadLetters.counts, world.logged('warn')]).toEqual([
      ['1', '2'],
      { unknown: 1 },
      ['no child is named "nobody"; the message is lost'],
    ]);
  });

  it('`tell` survives a target that throws', async () => {
    const { run, world } = inContext((actor) => actor.tell({ tell: boom }, { type: 'x' }));

    await run();

    expect([world.logged('error'), world.system.actors().length]).toEqual([['actor "/a": "tell" failed'], 1]);
  });

  it('`spawn` throws where the system does: a taken name, a bad name, bad logic', async () => {
    const { run } = inContext((actor) => {
      actor.spawn('child', scripted());
      return ['child', 'b a d', 'other'].map((name) => {
        try {
          actor.spawn(name, (name === 'other' ? {} : scripted()) as AnyLogic);
          return 'none';
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
    });

    expect(await run()).toEqual(['NAME_TAKEN', 'INVALID_OPTIONS', 'INVALID_OPTIONS']);
  });

  it('`stop` ends a child after its messages, and ignores a name that no child has', async () => {
    const got: string[] = [];
    const { run, world } = inContext((actor) => {
      actor.spawn('child', scripted({}, got));
      actor.tell('child', { type: '1' });
      actor.stop('child');
      actor.stop('nobody');
      actor.tell('child', { type: '2' });
    });

    await run();
    await nextTurn();

    expect([got, world.system.actors().length, world.system.deadLetters.counts]).toEqual([['1'], 1, { stopped: 1 }]);
  });

  it('`finish` ends the actor after the present message, with the output; what waits is dropped', async () => {
    const got: string[] = [];
    const { system } = createWorld();
    const logic = scripted({ x: (self) => self.finish('the end') }, got);
    const actor = system.spawn(logic, { name: 'a' });
    for (const type of ['x', 'y']) actor.tell({ type });

    expect(await actor.ended).toEqual({ kind: 'done', output: 'the end' });
    expect([got, system.deadLetters.counts]).toEqual([['x'], { stopped: 1 }]);
  });

  it('`finish` at the start ends it in the next turn, before any message', async () => {
    const got: string[] = [];
    const { system } = createWorld();
    const logic = behavior<Message, null>({
      initial(_, actor) {
        actor.finish(7);
        return null;
      },
      receive(_, { type }) {
        got.push(type);
        return null;
      },
    });
    const actor = system.spawn(logic, { name: 'a' });
    const outcome = actor.tell({ type: 'x' });

    expect([outcome.accepted, await actor.ended, got]).toEqual([true, { kind: 'done', output: 7 }, []]);
  });

  it('`watch` by name is answered for a child that failed at its start, and for one that had ended before', async () => {
    const got: string[] = [];
    const { system } = createWorld();
    const script = {
      fails: (self: ActorContext<AnyMessage>) => {
        self.spawn('child', behavior<Message, null>({ initial: boom, receive: () => null }));
        self.watch('child');
      },
      lives: (self: ActorContext<AnyMessage>) => void self.spawn('other', scripted()),
      stops: (self: ActorContext<AnyMessage>) => self.stop('other'),
      watches: (self: ActorContext<AnyMessage>) => self.watch('other'),
    };
    const actor = system.spawn(scripted(script, got), { name: 'a' });

    for (const type of ['fails', 'lives', 'stops', 'watches']) {
      actor.tell({ type });
      await nextTurn();
    }

    expect(got).toEqual(['fails', 'actor.terminated', 'lives', 'stops', 'watches', 'actor.terminated']);
  });

  it('`emit` tells whoever listens; what was emitted at the start, to those who listen from the beginning', async () => {
    const { system } = createWorld();
    const logic = behavior<Message, null, undefined, string>({
      initial(_, actor) {
        actor.emit('begun');
        return null;
      },
      receive(_, { type }, actor) {
        actor.emit(type);
        return null;
      },
    });
    const actor = system.spawn(logic, { name: 'a' });
    const facts: string[] = [];
    actor.onFact((fact) => facts.push(fact));

    actor.tell({ type: 'x' });
    await nextTurn();

    expect(facts).toEqual(['begun', 'x']);
  });

  it('`stash` without a message, as at the start, is logged and does nothing', () => {
    const world = createWorld();
    const logic = behavior<Message, null>({
      initial(_, actor) {
        actor.stash();
        actor.unstash();
        return null;
      },
      receive: () => null,
    });

    world.system.spawn(logic, { name: 'a' });

    expect(world.logged('warn')).toEqual(['no message is processed, so that nothing is stashed']);
  });
});

// Helpers

/** Runs code in the context of an actor `/a`, and gives what it returned. */
function inContext(code: (actor: ActorContext<AnyMessage>) => unknown) {
  const world = createWorld();
  let result: unknown;
  const actor = world.system.spawn(scripted({ go: (self) => (result = code(self)) as void }), { name: 'a' });
  const run = async (): Promise<unknown> => {
    actor.tell({ type: 'go' });
    await nextTurn();
    return result;
  };
  return { world, run };
}
