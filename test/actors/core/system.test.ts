import { describe, expect, it } from 'vitest';
import { emit, fromCallback, fromTransition, setup } from 'xstate';
import { createSystem, spawn } from '../../../src/actors/index.ts';
import type { Actor, ActorRef, ActorSystem, TellOutcome } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { collector, nextTurn, witness } from '../support.ts';

const toggle = setup({ actions: { say: emit(({ event }) => ({ type: 'said', by: event.type })) } }).createMachine({
  initial: 'off',
  states: {
    off: { entry: 'say', on: { go: 'on' } },
    on: { entry: 'say', on: { go: 'off', end: 'over' } },
    over: { type: 'final' },
  },
  output: 42,
});

describe('spawn', () => {
  it('gives an actor its name, its path and an id of its own', async () => {
    const system = newSystem();
    const parent = system.spawn(toggle, { name: 'plugins' });
    const first = system.spawn(toggle, { name: 'kv', parent });
    await system.stopActor(first);
    const second = system.spawn(toggle, { name: 'kv', parent });

    expect([first.name, first.path, second.path]).toEqual(['kv', '/plugins/kv', '/plugins/kv']);
    expect(new Set([parent.id, first.id, second.id]).size).toBe(3);
  });

  it('has run the entry actions when it returns', () => {
    const notes: string[] = [];

    newSystem().spawn(witness('a', notes), { name: 'a' });

    expect(notes).toEqual(['a begins']);
  });

  it('gives the behaviour its input', () => {
    const logic = fromTransition(
      (n: number) => n,
      ({ input }: { input: number }) => input * 2,
    );

    expect(newSystem().spawn(logic, { name: 'a', input: 21 }).snapshot().context).toBe(42);
  });

  it('refuses a name that a living sibling has, and no other', async () => {
    const system = newSystem();
    const first = system.spawn(toggle, { name: 'a' });
    const taken = expect.objectContaining({
      code: 'NAME_TAKEN',
      rawMessage: 'an actor named "a" lives under "/" already',
    });

    expect(() => system.spawn(toggle, { name: 'a' })).toThrow(taken);
    expect(() => system.spawn(toggle, { name: 'a', parent: first })).not.toThrow();
    await system.stopActor(first);
    expect(() => system.spawn(toggle, { name: 'a' })).not.toThrow();
  });

  it('refuses a name that is in use until the actor has really ended', async () => {
    const system = newSystem();
    const first = system.spawn(toggle, { name: 'a' });

    const ended = system.stopActor(first);

    expect(() => system.spawn(toggle, { name: 'a' })).toThrow(expect.objectContaining({ code: 'NAME_TAKEN' }));
    await ended;
  });

  it.each(['', 'a b', 'a/b', 'é', 'x'.repeat(129)])('refuses the name "%s"', (name) => {
    const wrong = expect.objectContaining({ code: 'INVALID_OPTIONS', field: 'name' });

    expect(() => newSystem().spawn(toggle, { name })).toThrow(wrong);
  });

  it.each(['a', 'kv.v1_2-x', 'x'.repeat(128)])('takes the name "%s"', (name) => {
    expect(newSystem().spawn(toggle, { name }).name).toBe(name);
  });

  it('refuses a parent that has ended, or that belongs to another system', async () => {
    const system = newSystem();
    const ended = system.spawn(toggle, { name: 'a' });
    await system.stopActor(ended);
    const stranger = newSystem().spawn(toggle, { name: 'a' });
    const missing = expect.objectContaining({ code: 'NOT_FOUND' });

    for (const parent of [ended, stranger]) expect(() => system.spawn(toggle, { name: 'b', parent })).toThrow(missing);
  });
});

describe('an actor', () => {
  it('calls subscribers back after each change, and only then', async () => {
    const actor = newSystem().spawn(toggle, { name: 'a' });
    const values: unknown[] = [];
    const stop = actor.subscribe(({ value }) => values.push(value));

    for (const type of ['unknown', 'go', 'unknown', 'go']) actor.tell({ type });
    await nextTurn();
    stop();
    actor.tell({ type: 'go' });
    await nextTurn();

    expect(values).toEqual(['on', 'off']);
  });

  it('tells its facts in order, those of its start to whoever listens from the beginning', async () => {
    const actor = newSystem().spawn(toggle, { name: 'a' });
    const facts: unknown[] = [];
    const stop = actor.onFact((fact) => facts.push((fact as unknown as { by: string }).by));

    await nextTurn();
    actor.tell({ type: 'go' });
    await nextTurn();
    stop();
    actor.tell({ type: 'go' });
    await nextTurn();

    expect(facts).toEqual(['xstate.init', 'go']);
  });

  it('tells the facts of its start before any other, also when something happens at once', () => {
    const logic = setup({
      actors: { knock: fromCallback(({ sendBack }) => sendBack({ type: 'go' })) },
      actions: { say: emit(({ event }) => ({ type: 'said', by: event.type })) },
    }).createMachine({
      entry: 'say',
      invoke: { src: 'knock' },
      on: { go: { actions: 'say' }, later: { actions: 'say' } },
    });
    const actor = newSystem().spawn(logic, { name: 'a' });
    const facts: unknown[] = [];
    actor.onFact((fact) => facts.push((fact as unknown as { by: string }).by));

    return nextTurn().then(() => expect(facts).toEqual(['xstate.init', 'go']));
  });

  it('ends with the output of its final state', async () => {
    const system = newSystem();
    const actor = system.spawn(toggle, { name: 'a' });

    for (const type of ['go', 'end', 'go']) actor.tell({ type });

    expect(await actor.ended).toEqual({ kind: 'done', output: 42 });
    expect([system.actors(), actor.snapshot().value]).toEqual([[], 'over']);
  });

  it('logs at debug level what its chart logs', async () => {
    const environment = createManualEnvironment();
    const logic = fromTransition((_: undefined, event, { logger }) => {
      if (event.type === 'go') logger('seen', 7);
      return undefined;
    }, undefined);

    createSystem({ environment }).spawn(logic, { name: 'a' }).tell({ type: 'go' });
    await nextTurn();

    expect(environment.log.entries).toMatchObject([{ level: 'debug', message: 'seen 7', fields: { actor: '/a' } }]);
  });

  it('takes its time from the environment; a timer that fired waits its turn', async () => {
    const environment = createManualEnvironment();
    const logic = setup({}).createMachine({ initial: 'a', states: { a: { after: { 1000: 'b' } }, b: {} } });
    const actor = createSystem({ environment }).spawn(logic, { name: 'a' });

    await environment.clock.advanceAsync(999);
    const before = actor.snapshot().value;
    environment.clock.advance(1);
    const fired = actor.snapshot().value;
    await nextTurn();

    expect([before, fired, actor.snapshot().value]).toEqual(['a', 'a', 'b']);
  });
});

describe('stopActor', () => {
  it('delivers the messages that wait, refuses further ones, and then ends the actor', async () => {
    const system = newSystem();
    const { logic, got } = collector();
    const actor = system.spawn(logic, { name: 'a' });
    for (let i = 0; i < 200; i++) actor.tell({ type: `${i}` });

    const ended = system.stopActor(actor);
    const late = actor.tell({ type: 'late' });
    await ended;

    expect([got.length, got.at(-1), late.accepted, await actor.ended]).toEqual([
      200,
      '199',
      false,
      { kind: 'stopped' },
    ]);
  });

  it('C4: ends children before their parent, the youngest first', async () => {
    const system = newSystem();
    const notes: string[] = [];
    const parent = system.spawn(parentOf(['a', 'b', 'c'], notes), { name: 'parent' });
    await nextTurn();
    notes.length = 0;

    await system.stopActor(parent);

    expect([notes, system.actors()]).toEqual([['c ends', 'b ends', 'a ends', 'parent ends'], []]);
  });

  it('lets an actor end by itself on a message that waits', async () => {
    const system = newSystem();
    const actor = system.spawn(toggle, { name: 'a' });
    for (const type of ['go', 'end']) actor.tell({ type });

    await system.stopActor(actor);

    expect(await actor.ended).toEqual({ kind: 'done', output: 42 });
  });

  it('lets an actor end by itself while its children end', async () => {
    const environment = createManualEnvironment();
    const system = createSystem({ environment });
    const chart = setup({ actions: { raise: spawn('child', collector().logic) } }).createMachine({
      entry: 'raise',
      initial: 'a',
      states: { a: { after: { 10: 'b' } }, b: { type: 'final' } },
    });
    const parent = system.spawn(chart, { name: 'parent' });
    await nextTurn();

    const ended = system.stopActor(parent);
    queueMicrotask(() => queueMicrotask(() => environment.clock.advance(10)));
    await ended;

    expect((await parent.ended).kind).toBe('done');
  });

  it('settles at once for one that has ended, and refuses what is no actor of ours', async () => {
    const system = newSystem();
    const actor = system.spawn(toggle, { name: 'a' });
    await system.stopActor(actor);

    await system.stopActor(actor);
    const tell = (): TellOutcome => ({ accepted: true });
    const foreign = { name: 'x', path: '/x', id: 'x', tell, offer: async () => tell() };
    for (const ref of [foreign, '/a' as never, undefined as never, newSystem().spawn(toggle, { name: 'a' })]) {
      await expect(system.stopActor(ref)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    }

    expect(system.actors()).toEqual([]);
  });
});

describe('the actors of a system', () => {
  it('are listed parents before their children', async () => {
    const system = newSystem();
    const b = system.spawn(toggle, { name: 'b' });
    system.spawn(toggle, { name: 'c' });
    system.spawn(toggle, { name: 'a', parent: b });

    expect(system.actors().map(({ path }) => path)).toEqual(['/b', '/b/a', '/c']);
  });
});

describe('the stop of a system', () => {
  it('ends all actors in reverse order and reports how many', async () => {
    const system = newSystem();
    const notes: string[] = [];
    for (const name of ['a', 'b']) system.spawn(witness(name, notes), { name });
    system.spawn(parentOf(['c', 'd'], notes), { name: 'parent' });
    await nextTurn();
    notes.length = 0;

    const report = await system.stop();

    expect(report).toEqual({ stopped: 5, forced: 0, waiting: 0, accepted: 0, processed: 0, dropped: 0 });
    expect(notes).toEqual(['d ends', 'c ends', 'parent ends', 'b ends', 'a ends']);
  });

  it('processes what waits in all mailboxes within the deadline', async () => {
    const system = newSystem();
    const { logic, got } = collector();
    const actors = ['a', 'b', 'c'].map((name) => system.spawn(logic, { name }));
    for (let i = 0; i < 300; i++) for (const actor of actors) actor.tell({ type: 'x' });

    const report = await system.stop();

    const counts = { waiting: 900, accepted: 0, processed: 900, dropped: 0 };
    expect([got.length, report]).toEqual([900, { stopped: 3, forced: 0, ...counts }]);
  });

  it('ends by force what is left at the deadline, and its counts add up', async () => {
    const environment = createManualEnvironment();
    const system = createSystem({ environment });
    const { logic, got } = collector();
    const actors = ['a', 'b', 'c'].map((name) => system.spawn(logic, { name }));
    const child = system.spawn(logic, { name: 'child', parent: actors[0] as ActorRef<never> });
    for (let i = 0; i < 300; i++) for (const actor of [...actors, child]) actor.tell({ type: 'x' });

    const stopping = system.stop({ deadlineMs: 100 });
    environment.clock.advance(100);
    const { stopped, forced, dropped } = await stopping;

    expect([stopped + forced, got.length + dropped]).toEqual([4, 1_200]);
    expect([forced > 0, dropped > 0, system.actors()]).toEqual([true, true, []]);
    for (const actor of [...actors, child]) expect(await actor.ended).toEqual({ kind: 'stopped' });
  });

  it('gives the 10,000 ms that are the default, and no more', async () => {
    const environment = createManualEnvironment();
    const held: (() => void)[] = [];
    const scheduler = { defer: (callback: () => void) => void held.push(callback), yield: () => {} };
    const system = createSystem({ environment: { ...environment, scheduler } });
    system.spawn(collector().logic, { name: 'a' });
    let report: unknown;
    void system.stop().then((given) => (report = given));

    await environment.clock.advanceAsync(9_999);
    const before = report;
    await environment.clock.advanceAsync(1);

    expect([before, held.length]).toEqual([undefined, 1]);
    expect(report).toMatchObject({ stopped: 0, forced: 1 });
  });

  it('is idempotent: later calls get the report of the first', async () => {
    const system = newSystem();
    system.spawn(toggle, { name: 'a' });

    const [first, second] = await Promise.all([system.stop(), system.stop({ deadlineMs: 1 })]);

    expect([first, await system.stop()]).toEqual([second, first]);
  });

  it('refuses actors from its beginning on', async () => {
    const system = newSystem();
    const refused = expect.objectContaining({ code: 'SYSTEM_STOPPED', rawMessage: 'cannot start actor "late"' });

    const stopping = system.stop();

    expect(() => system.spawn(toggle, { name: 'late' })).toThrow(refused);
    await stopping;
    expect(() => system.spawn(toggle, { name: 'late' })).toThrow(refused);
  });

  it('leaves no timer behind', async () => {
    const environment = createManualEnvironment();
    const system = createSystem({ environment });
    const logic = setup({}).createMachine({ initial: 'a', states: { a: { after: { 1000: 'b' } }, b: {} } });
    for (let i = 0; i < 3; i++) system.spawn(logic, { name: `a${i}` });

    await system.stop();

    expect(environment.clock.pending).toBe(0);
  });

  it('ends an actor that was told to stop and waits for its children', async () => {
    const environment = createManualEnvironment();
    const system = createSystem({ environment });
    const { logic } = collector();
    const parent = system.spawn(logic, { name: 'parent' });
    const child = system.spawn(logic, { name: 'child', parent });
    for (let i = 0; i < 500; i++) child.tell({ type: 'x' });

    void system.stopActor(parent);
    const stopping = system.stop({ deadlineMs: 0 });
    environment.clock.advance(0);

    expect(await stopping).toMatchObject({ stopped: 0, forced: 2 });
    expect([await parent.ended, await child.ended]).toEqual([{ kind: 'stopped' }, { kind: 'stopped' }]);
  });
});

describe('a system without options', () => {
  it('runs on the real environment', async () => {
    const system = createSystem();
    const actor: Actor<typeof toggle> = system.spawn(toggle, { name: 'a' });

    for (const type of ['go', 'end']) actor.tell({ type });

    expect(await actor.ended).toEqual({ kind: 'done', output: 42 });
    await system.stop();
  });
});

// Helpers

function newSystem(): ActorSystem {
  return createSystem({ environment: createManualEnvironment() });
}

/** A chart that spawns witnesses on entry, and is one itself. */
function parentOf(children: readonly string[], notes: string[]) {
  const actions = Object.fromEntries(children.map((name) => [name, spawn(name, witness(name, notes))]));
  return setup({ actions, actors: { witness: witness('parent', notes) } }).createMachine({
    entry: [...children],
    invoke: { src: 'witness' },
  });
}
