import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { AnyLogic, Message } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage } from './support.ts';

describe('C9: a stop', () => {
  it('works off what waits, and then the child ends before the parent, whose clean-up comes last', async () => {
    const { system } = createWorld();
    const notes: string[] = [];
    const parent = system.spawn(noting('parent', notes), { name: 'parent' });
    const child = system.spawn(noting('child', notes), { name: 'child', parent });
    for (const actor of [parent, child]) for (const type of ['1', '2']) actor.tell({ type });

    await system.stopActor(parent);

    expect(notes.filter((note) => note.startsWith('parent'))).toEqual(['parent 1', 'parent 2', 'parent ends']);
    expect(notes.slice(-2)).toEqual(['child ends', 'parent ends']);
    expect(notes).toHaveLength(6);
  });

  it('lets the parent hear of the end of its last child', async () => {
    const { system } = createWorld();
    const got: string[] = [];
    const logic = scripted(
      {
        go: (self) => {
          self.spawn('child', scripted());
          self.watch('child');
        },
      },
      got,
    );
    const parent = system.spawn(logic, { name: 'parent' });
    parent.tell({ type: 'go' });

    await system.stopActor(parent);

    expect(got).toEqual(['go', 'actor.terminated']);
  });

  it('waits for an asynchronous clean-up, and processes nothing meanwhile', async () => {
    const world = createWorld();
    const got: string[] = [];
    let finish: () => void = () => {};
    const logic = behavior<AnyMessage, null>({
      initial(_, actor) {
        actor.startTimer('t', { afterMs: 10, repeat: 'fixedRate' }, { type: 'tick' });
        return null;
      },
      receive(_, { type }) {
        got.push(type);
        return null;
      },
      stopped: () => new Promise((resolve) => (finish = resolve)),
    });
    const actor = world.system.spawn(logic, { name: 'a' });
    void world.system.stopActor(actor);
    await world.pass(4_000);
    const { length } = world.system.actors();

    finish();
    await nextTurn();

    expect([length, got, world.system.actors()]).toEqual([1, [], []]);
    expect(world.environment.clock.pending).toBe(0);
  });

  it.each([
    [undefined, 5_000],
    [20, 20],
  ])('with cleanUpMs %s waits for %d ms at most, and logs that', async (cleanUpMs, limit) => {
    const world = createWorld();
    const logic = behavior<Message, null>({ initial: null, receive: () => null, stopped: () => new Promise(() => {}) });
    const actor = world.system.spawn(logic, { name: 'a', cleanUpMs });
    void world.system.stopActor(actor);

    await world.pass(limit - 1);
    const before = world.system.actors().length;
    await world.pass(1);

    expect([before, world.system.actors()]).toEqual([1, []]);
    expect(world.logged('warn')).toEqual([`clean-up did not finish within ${limit} ms`]);
  });

  it.each([
    ['throws', boom],
    ['rejects', async () => boom()],
  ])('ends also when the clean-up %s, with a log entry', async (_, stopped) => {
    const world = createWorld();
    const actor = world.system.spawn(behavior<Message, null>({ initial: null, receive: () => null, stopped }), {
      name: 'a',
    });

    await world.system.stopActor(actor);

    expect([(await actor.ended).kind, world.logged('error')]).toEqual(['stopped', ['clean-up failed']]);
  });

  it('makes dead letters of what is sent to the actor from then on', async () => {
    const world = createWorld();
    const actor = world.system.spawn(scripted(), { name: 'a' });

    const ended = world.system.stopActor(actor);
    const outcome = actor.tell({ type: 'late' });
    await ended;
    actor.tell({ type: 'later' });

    expect(outcome).toEqual({ accepted: false, reason: 'stopped' });
    expect(world.system.deadLetters.recent().map(({ reason, message }) => [reason, message.type])).toEqual([
      ['stopped', 'late'],
      ['stopped', 'later'],
    ]);
  });

  it('takes no further turn while it waits for a clean-up', async () => {
    const world = createWorld();
    let turns = 0;
    const { scheduler } = world.system.environment as { scheduler: { defer: (f: () => void) => void } };
    const { defer } = scheduler;
    let finish: () => void = () => {};
    const logic = behavior<Message, null>({
      initial: null,
      receive: () => null,
      stopped: () => new Promise((resolve) => (finish = resolve)),
    });
    const actor = world.system.spawn(logic, { name: 'a' });
    actor.tell({ type: 'x' });
    void world.system.stopActor(actor);
    await nextTurn();
    scheduler.defer = (callback) => {
      turns++;
      defer(callback);
    };

    await world.pass(1_000);
    finish();
    await nextTurn();

    expect([turns, world.system.actors()]).toEqual([0, []]);
  });
});

describe('C4: the failure of an actor', () => {
  it('ends its children at once, the youngest first, with what waits for them as dead letters', async () => {
    const { system } = createWorld();
    const notes: string[] = [];
    const parent = system.spawn(noting('parent', notes), { name: 'parent' });
    const children = ['a', 'b'].map((name) => system.spawn(noting(name, notes), { name, parent }));

    parent.tell({ type: 'fail' });
    for (const child of children) child.tell({ type: 'x' });
    await parent.ended;

    expect(notes).toEqual(['b ends', 'a ends', 'parent ends']);
    expect(system.deadLetters.counts).toEqual({ poison: 1, stopped: 2 });
  });
});

describe('an actor that is ended in the middle of its own message', () => {
  it('by what it does itself: what it returns or throws after that is nobody’s concern', async () => {
    for (const type of ['returns', 'throws']) {
      const world = createWorld();
      const seen: unknown[] = [];
      const logic = scripted({
        returns: ({ self }) => (self as unknown as { kill(): void }).kill(),
        throws: ({ self }) => {
          (self as unknown as { kill(): void }).kill();
          boom();
        },
      });
      const actor = world.system.spawn(logic, { name: 'a' });
      actor.subscribe((state) => seen.push(state));

      for (const one of [type, 'waits']) actor.tell({ type: one });
      await nextTurn();

      expect([await actor.ended, seen]).toEqual([{ kind: 'stopped' }, []]);
      expect(world.system.deadLetters.counts).toEqual({ stopped: 1 });
    }
  });

  it('cannot start children any more, nor timers, nor watch', async () => {
    const world = createWorld();
    const codes: unknown[] = [];
    const subject = world.system.spawn(scripted(), { name: 'subject' });
    const logic = scripted({
      go(self) {
        (self.self as unknown as { kill(): void }).kill();
        self.startTimer('t', { afterMs: 1 }, { type: 'tick' });
        self.watch(subject);
        self.finish('late');
        try {
          self.spawn('child', scripted());
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      },
    });
    const actor = world.system.spawn(logic, { name: 'a' });

    actor.tell({ type: 'go' });
    await nextTurn();

    expect([codes, world.system.actors(), world.environment.clock.pending]).toEqual([['NOT_FOUND'], [subject], 0]);
  });
});

describe('the report of a stop', () => {
  it('counts what waited, what came, what was processed and what was dropped', async () => {
    const { system } = createWorld();
    const sink = system.spawn(scripted(), { name: 'sink' });
    const relay = system.spawn(scripted({ x: (self) => self.tell(sink, { type: 'y' }) }), { name: 'relay' });
    const holder = system.spawn(scripted({ x: (self) => self.stash() }), { name: 'holder' });
    for (const actor of [relay, relay, holder]) actor.tell({ type: 'x' });

    const report = await system.stop();

    expect(report).toEqual({ stopped: 3, forced: 0, waiting: 3, accepted: 2, processed: 4, dropped: 1 });
  });

  it('counts no message of a supervision, also when one is under way', async () => {
    const world = createWorld();
    let stopping: ReturnType<typeof world.system.stop> | undefined;
    const parent = world.system.spawn(scripted(), { name: 'parent' });
    const options = { name: 'a', parent, supervision: { restart: 'permanent' } } as const;
    const actor = world.system.spawn(scripted({ fail: boom }), options);
    const stopper = world.system.spawn(scripted({ stop: () => void (stopping = world.system.stop()) }), { name: 'b' });
    actor.tell({ type: 'fail' });
    await world.pass(200);

    actor.tell({ type: 'fail' });
    stopper.tell({ type: 'stop' });
    await nextTurn();

    expect(await stopping).toEqual({ stopped: 3, forced: 0, waiting: 0, accepted: 0, processed: 0, dropped: 0 });
  });
});

describe('a reference that is kept after the end', () => {
  it('holds neither parent nor children', async () => {
    const { system } = createWorld();
    const parent = system.spawn(scripted(), { name: 'parent' });
    const child = system.spawn(scripted(), { name: 'child', parent });
    const view = child as unknown as { parent: unknown; children: Iterable<unknown> };

    await system.stopActor(parent);

    expect([view.parent, [...view.children], child.path]).toEqual([undefined, [], '/parent/child']);
  });
});

describe('spawn', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a function', () => null],
    ['an empty object', {}],
    ['a configuration that is no machine', { initial: 'a', states: { a: {} } }],
    ['a behaviour without receive', { kind: 'behavior', initial: null }],
  ])('refuses %s as logic, by name', (_, logic) => {
    const { system } = createWorld();
    const wrong = expect.objectContaining({
      code: 'INVALID_OPTIONS',
      field: 'logic',
      rawMessage: expect.stringContaining('must be an XState machine, other XState actor logic, or a behavior'),
    });

    expect(() => system.spawn(logic as AnyLogic, { name: 'a' })).toThrow(wrong);
    expect(system.actors()).toEqual([]);
  });

  it('gives what a behaviour sends from its start the name of the new actor, not of the one that started it', async () => {
    const { system } = createWorld();
    const early = behavior<Message, null>({
      initial(_, actor) {
        actor.tell('nobody', { type: 'x' });
        return null;
      },
      receive: () => null,
    });
    const parent = system.spawn(scripted({ go: (self) => void self.spawn('child', early) }), { name: 'parent' });

    parent.tell({ type: 'go' });
    await nextTurn();

    expect(system.deadLetters.recent()).toMatchObject([{ sender: '/parent/child', receiver: '/parent/child/nobody' }]);
  });
});

describe('a listener that is added after the end', () => {
  it('is never called and not kept', async () => {
    const { system } = createWorld();
    const actor = system.spawn(scripted(), { name: 'a' });
    await system.stopActor(actor);
    const calls: unknown[] = [];

    const stops = [actor.subscribe(() => calls.push(1)), actor.onFact(() => calls.push(1))];
    for (const stop of stops) stop();

    expect([calls, actor.waiting]).toEqual([[], 0]);
  });
});

// Helpers

function noting(name: string, notes: string[]) {
  return behavior<AnyMessage, null>({
    initial: null,
    receive(_, { type }) {
      if (type === 'fail') boom();
      notes.push(`${name} ${type}`);
      return null;
    },
    stopped: () => void notes.push(`${name} ends`),
  });
}
