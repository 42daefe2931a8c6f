import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { behavior, spawn, stop, unwatch, watch } from '../../../src/actors/index.ts';
import type { ActorRef, Message } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { Script, World } from './support.ts';

describe('C7: a watch', () => {
  it.each([
    ['stopped', 'stopped'],
    ['done', 'done'],
    ['failed', 'failed'],
  ])('is answered once when the actor has %s, with the outcome', async (type, kind) => {
    const { world, watcher, notices } = watching();
    const subject = world.system.spawn(scripted({ done: (self) => self.finish(), failed: boom }), { name: 'subject' });
    watcher.tell({ type: 'watch', target: subject });
    await nextTurn();

    if (type === 'stopped') await world.system.stopActor(subject);
    else subject.tell({ type });
    await nextTurn();

    expect(notices).toMatchObject([{ type: 'actor.terminated', ref: subject, outcome: { kind } }]);
  });

  it('is answered once when the actor had ended before, and again for each further watch', async () => {
    const { world, watcher, notices } = watching();
    const subject = world.system.spawn(scripted(), { name: 'subject' });
    await world.system.stopActor(subject);

    for (const count of [1, 2]) {
      watcher.tell({ type: 'watch', target: subject });
      await nextTurn();

      expect(notices).toHaveLength(count);
    }
  });

  it.each(['living', 'ended'])('counts once when it is made twice, of one that is %s', async (what) => {
    const { world, watcher, notices } = watching();
    const subject = world.system.spawn(scripted(), { name: 'subject' });
    if (what === 'ended') await world.system.stopActor(subject);

    for (let i = 0; i < 2; i++) watcher.tell({ type: 'watch', target: subject });
    await nextTurn();
    await world.system.stopActor(subject);
    await nextTurn();

    expect(notices).toHaveLength(1);
  });

  it('that has ended is not answered, also when the notice is in the mailbox already', async () => {
    const { world, watcher, notices } = watching();
    const subject = world.system.spawn(scripted(), { name: 'subject' });
    await world.system.stopActor(subject);

    // The notice waits behind `unwatch`, which came before it was made.
    watcher.tell({ type: 'watch', target: subject });
    watcher.tell({ type: 'unwatch', target: subject });
    await nextTurn();

    expect(notices).toEqual([]);
  });

  it('of a child by its name can be ended when the child has ended', async () => {
    const { world, watcher, notices } = watching();

    for (const type of ['spawn', 'watchChild', 'killChildAndUnwatch']) watcher.tell({ type });
    await nextTurn();

    expect([notices, world.system.actors().length]).toEqual([[], 1]);
  });

  it('goes on through restarts of the subject, and ends with its end', async () => {
    const { world, watcher, notices } = watching();
    const options = { name: 'subject', supervision: { restart: 'transient' } } as const;
    const subject = world.system.spawn(scripted({ fail: boom }), options);
    watcher.tell({ type: 'watch', target: subject });
    await nextTurn();
    subject.tell({ type: 'fail' });
    await world.pass(200);
    const between = notices.length;

    await world.system.stopActor(subject);
    await nextTurn();

    expect([subject.restarts, between, notices.length]).toEqual([1, 0, 1]);
  });

  it('ends with a restart of the watcher', async () => {
    const { world, watcher, notices } = watching();
    const subject = world.system.spawn(scripted(), { name: 'subject' });
    for (const type of ['watch', 'fail']) watcher.tell({ type, target: subject });
    await world.pass(200);

    await world.system.stopActor(subject);
    await nextTurn();

    expect([watcher.restarts, notices]).toEqual([1, []]);
  });

  it('of what is no actor of a system is refused with a log entry, never ignored', async () => {
    const { world, watcher, notices } = watching();
    const stranger: ActorRef = {
      name: 'x',
      path: '/far/x',
      id: 'x',
      tell: () => ({ accepted: true }),
      offer: async () => ({ accepted: true }),
    };

    for (const target of [stranger, 'nobody']) watcher.tell({ type: 'watch', target });
    await nextTurn();

    expect([notices, world.logged('warn')]).toEqual([
      [],
      ['nothing to watch is named "/far/x"', 'nothing to watch is named "nobody"'],
    ]);
  });

  it('of itself tells nobody', async () => {
    const { world, watcher, notices } = watching();
    watcher.tell({ type: 'watch', target: watcher });

    await world.system.stopActor(watcher);

    expect(notices).toEqual([]);
  });

  it('holds neither watcher nor subject when one of them has ended', async () => {
    const { world, watcher } = watching();
    const subject = world.system.spawn(scripted(), { name: 'subject' });
    watcher.tell({ type: 'watch', target: subject });
    await nextTurn();

    await world.system.stopActor(watcher);

    expect((subject as unknown as { extras: { watchers: Set<unknown> } }).extras.watchers.size).toBe(0);
  });
});

describe('a chart that watches', () => {
  it('its child by name hears of its end, once', async () => {
    const { system } = createWorld();
    const actor = system.spawn(parentOf(scripted()), { name: 'parent' });
    await nextTurn();

    actor.tell({ type: 'lower' });
    await nextTurn();

    expect(actor.snapshot().value).toBe('over');
  });

  it('a child that fails at its start, in the transition that starts it, hears of that', async () => {
    const { system } = createWorld();
    const failing = behavior<Message, null>({ initial: boom, receive: () => null });

    const actor = system.spawn(parentOf(failing), { name: 'parent' });
    await nextTurn();

    expect(actor.snapshot().value).toBe('over');
  });

  it('and unwatches hears nothing', async () => {
    const { system } = createWorld();
    const actor = system.spawn(parentOf(scripted()), { name: 'parent' });
    await nextTurn();

    for (const type of ['forget', 'lower']) actor.tell({ type });
    await nextTurn();

    expect(actor.snapshot().value).toBe('running');
  });
});

// Helpers

function parentOf(child: ReturnType<typeof scripted> | ReturnType<typeof behavior<Message, null>>) {
  const actions = {
    raise: spawn('child', child),
    observe: watch('child'),
    forget: unwatch('child'),
    lower: stop('child'),
  };
  return setup({ actions }).createMachine({
    initial: 'running',
    entry: ['raise', 'observe'],
    states: {
      running: {
        on: { lower: { actions: 'lower' }, forget: { actions: 'forget' }, 'actor.terminated': 'over' },
      },
      over: {},
    },
  });
}

/** An actor that watches and unwatches what it is told to, and notes the notices. */
function watching(world: World = createWorld()) {
  const notices: unknown[] = [];
  const script: Script = {
    watch: (self, { target }) => self.watch(target as ActorRef<never>),
    unwatch: (self, { target }) => self.unwatch(target as ActorRef<never>),
    spawn: (self) => void self.spawn('child', scripted({ end: (child) => child.finish() })),
    watchChild: (self) => self.watch('child'),
    killChildAndUnwatch(self) {
      const child = world.system.actor('/watcher/child') as unknown as { kill(): void };
      child.kill();
      self.unwatch('child');
    },
    fail: boom,
    'actor.terminated': (_, message) => void notices.push(message),
  };
  const watcher = world.system.spawn(scripted(script), { name: 'watcher', supervision: { restart: 'transient' } });
  return { world, watcher, notices };
}
