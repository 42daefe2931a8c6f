import { describe, expect, it } from 'vitest';
import { createActor, fromTransition, setup } from 'xstate';
import type { AnyActorLogic, EventObject } from 'xstate';
import { createSystem, spawn, stop, tell } from '../../../src/actors/index.ts';
import type { ActorSystem, MessageTarget } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { ManualEnvironment } from '../../../src/ports/index.ts';
import { collector, nextTurn, witness } from '../support.ts';

describe('tell', () => {
  it('sends to a reference from the context, from a message handler', async () => {
    const { system } = start();
    const { logic, got } = collector();
    const peer = system.spawn(logic, { name: 'peer' });
    const chart = setup({
      types: { context: {} as { readonly peer: MessageTarget }, input: {} as MessageTarget },
      actions: {
        pass: tell(
          ({ context }) => context.peer,
          ({ event }) => ({ type: `${event.type}!` }),
        ),
      },
    }).createMachine({ context: ({ input }) => ({ peer: input }), on: { '*': { actions: 'pass' } } });
    const sender = system.spawn(chart, { name: 'sender', input: peer });

    for (const type of ['a', 'b', 'c']) sender.tell({ type });
    await nextTurn();

    expect(got).toEqual(['a!', 'b!', 'c!']);
  });

  it.each<[string, string | undefined]>([
    ['on entry of the first state', undefined],
    ['in the transition into the final state', 'finish'],
  ])('sends %s', async (_, message) => {
    const { system } = start();
    const { logic, got } = collector();
    const peer = system.spawn(logic, { name: 'peer' });
    const first = message === undefined;
    const chart = setup({ actions: { report: tell(() => peer, { type: 'report' }) } }).createMachine({
      initial: 'working',
      states: {
        working: { ...(first && { entry: 'report' }), on: { finish: 'finished' } },
        finished: { type: 'final', ...(!first && { entry: 'report' }) },
      },
    });

    const sender = system.spawn(chart, { name: 'sender' });
    if (message !== undefined) sender.tell({ type: message });
    await nextTurn();

    expect(got).toEqual(['report']);
  });

  it('sends from a transition that a timer caused', async () => {
    const { system, environment } = start();
    const { logic, got } = collector();
    const peer = system.spawn(logic, { name: 'peer' });
    const chart = setup({ actions: { report: tell(() => peer, { type: 'report' }) } }).createMachine({
      initial: 'a',
      states: { a: { after: { 50: 'b' } }, b: { entry: 'report' } },
    });
    system.spawn(chart, { name: 'sender' });

    await environment.clock.advanceAsync(50);
    await nextTurn();

    expect(got).toEqual(['report']);
  });

  it('sends nothing from a transition that fails', async () => {
    const { system } = start();
    const { logic, got } = collector();
    const peer = system.spawn(logic, { name: 'peer' });
    const actions = {
      report: tell(() => peer, { type: 'report' }),
      fail: () => {
        throw new Error('no');
      },
    };
    const chart = setup({ actions }).createMachine({ on: { go: { actions: ['report', 'fail'] } } });
    const sender = system.spawn(chart, { name: 'sender' });

    sender.tell({ type: 'go' });
    await nextTurn();

    expect([got, (await sender.ended).kind]).toEqual([[], 'failed']);
  });

  it('logs a message for a child that nobody has spawned', async () => {
    const { system, environment } = start();
    const chart = setup({ actions: { shout: tell('nobody', { type: 'hello' }) } }).createMachine({
      on: { go: { actions: 'shout' } },
    });

    system.spawn(chart, { name: 'sender' }).tell({ type: 'go' });
    await nextTurn();

    expect(environment.log.entries).toMatchObject([
      { level: 'warn', message: 'no child is named "nobody"; the message is lost', fields: { message: 'hello' } },
      { level: 'debug', message: 'a message to "/sender/nobody" reached nobody: unknown' },
    ]);
  });

  it('survives a target that throws', async () => {
    const { system, environment } = start();
    const broken: MessageTarget = {
      tell() {
        throw new Error('out of order');
      },
    };
    const chart = setup({ actions: { shout: tell(() => broken, { type: 'hello' }) } }).createMachine({
      on: { go: { actions: 'shout' } },
    });
    const sender = system.spawn(chart, { name: 'sender' });

    sender.tell({ type: 'go' });
    sender.tell({ type: 'go' });
    await nextTurn();

    expect(environment.log.entries).toHaveLength(2);
    expect(system.actors()).toEqual([sender]);
  });
});

describe('spawn', () => {
  it('starts a child with its name and its input, which hears what is told in the same transition', async () => {
    const { system } = start();
    const got: string[] = [];
    const greeter = fromTransition(
      (greeting: string, { type }: EventObject) => {
        got.push(`${greeting}, ${type}`);
        return greeting;
      },
      ({ input }: { input: string }) => input,
    );
    const actions = {
      raise: spawn(({ event }) => event.type, greeter, 'hello'),
      greet: tell('anna', ({ event }) => ({ type: event.type })),
    };
    const chart = setup({ actions }).createMachine({ on: { '*': { actions: ['raise', 'greet'] } } });

    system.spawn(chart, { name: 'parent' }).tell({ type: 'anna' });
    await nextTurn();

    expect(got).toEqual(['hello, anna']);
    expect(system.actors().map(({ path }) => path)).toEqual(['/parent', '/parent/anna']);
  });

  it('starts a child on entry of the first state, in the next turn', async () => {
    const { system } = start();
    const notes: string[] = [];
    const chart = spawning(['only'], notes);

    system.spawn(chart, { name: 'parent' });
    const before = [...notes];
    await nextTurn();

    expect([before, notes]).toEqual([[], ['only begins']]);
  });

  it('refuses a name that a living child has, logs it and leaves that child alone', async () => {
    const { system, environment } = start();
    const notes: string[] = [];

    system.spawn(spawning(['twin', 'twin'], notes), { name: 'parent' });
    await nextTurn();

    expect(notes).toEqual(['twin begins']);
    expect(environment.log.entries).toMatchObject([
      { level: 'error', message: 'actor "/parent": "spawn" failed', fields: { error: { code: 'NAME_TAKEN' } } },
    ]);
  });
});

describe('stop', () => {
  it('ends a child after the messages that it has, and frees its name', async () => {
    const { system } = start();
    const { logic, got } = collector();
    const actions = {
      raise: spawn('child', logic),
      one: tell('child', { type: 'one' }),
      two: tell('child', { type: 'two' }),
      lower: stop('child'),
    };
    const chart = setup({ actions }).createMachine({
      on: { up: { actions: ['raise', 'one', 'two'] }, down: { actions: ['one', 'lower', 'two'] } },
    });
    const parent = system.spawn(chart, { name: 'parent' });

    for (const type of ['up', 'down']) parent.tell({ type });
    await nextTurn();
    const between = system.actors().length;
    parent.tell({ type: 'up' });
    await nextTurn();

    expect([between, system.actors().length]).toEqual([1, 2]);
    expect(got).toEqual(['one', 'two', 'one', 'one', 'two']);
  });

  it('does nothing for a name that no child has', async () => {
    const { system, environment } = start();
    const chart = setup({ actions: { lower: stop('nobody') } }).createMachine({ on: { go: { actions: 'lower' } } });

    system.spawn(chart, { name: 'parent' }).tell({ type: 'go' });
    await nextTurn();

    expect([environment.log.entries, system.actors().length]).toEqual([[], 1]);
  });
});

describe('A2: a chart that no system runs', () => {
  it.each<[string, AnyActorLogic]>([
    ['tell', chartThat(tell(() => ({ tell: () => {} }), { type: 'hello' }))],
    ['spawn', chartThat(spawn('child', collector().logic))],
    ['stop', chartThat(stop('child'))],
  ])('fails on "%s" with ACTION_OUTSIDE_SYSTEM', (action, chart) => {
    const errors: unknown[] = [];
    const actor = createActor(chart);
    actor.subscribe({ error: (error) => errors.push(error) });

    actor.start();
    actor.send({ type: 'go' });

    expect(errors).toMatchObject([
      { code: 'ACTION_OUTSIDE_SYSTEM', rawMessage: `action "${action}" ran in an actor that no system spawned` },
    ]);
  });
});

// Helpers

function start(): { system: ActorSystem; environment: ManualEnvironment } {
  const environment = createManualEnvironment();
  return { system: createSystem({ environment }), environment };
}

function chartThat(act: ReturnType<typeof stop>): AnyActorLogic {
  return setup({ actions: { act } }).createMachine({ on: { go: { actions: 'act' } } });
}

/** A chart that spawns witnesses on entry. */
function spawning(names: readonly string[], notes: string[]): AnyActorLogic {
  const actions = Object.fromEntries(names.map((name, i) => [`spawn${i}`, spawn(name, witness(name, notes))]));
  return setup({ actions }).createMachine({ entry: Object.keys(actions) });
}
