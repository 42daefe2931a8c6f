import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { behavior, createMemorySnapshotStore, spawn, stash, stop, unstash, watch } from '../../../src/actors/index.ts';
import type { Message, SnapshotStore } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { Script } from './support.ts';

describe('a stash', () => {
  it('gives its messages back in order, before those that wait', async () => {
    const { actor, got } = waiting();

    for (const type of ['1', '2', 'ready', '3']) actor.tell({ type });
    await nextTurn();

    expect(got).toEqual(['1', '2', 'ready', '1', '2', '3']);
  });

  it('counts against the capacity', async () => {
    const { actor } = waiting({ mailbox: { capacity: 2 } });
    actor.tell({ type: '1' });
    await nextTurn();

    const outcomes = ['2', '3'].map((type) => actor.tell({ type }).accepted);

    expect([actor.waiting, outcomes]).toEqual([2, [true, false]]);
  });

  it('takes a message once, however often it is told to', async () => {
    const world = createWorld();
    const got: string[] = [];
    let isReady = false as boolean;
    const twice: Script = {
      x: (self) => {
        if (isReady) return;
        self.stash();
        self.stash();
      },
      ready: (self) => {
        isReady = true;
        self.unstash();
      },
    };
    const actor = world.system.spawn(scripted(twice, got), { name: 'a' });

    for (const type of ['x', 'ready']) actor.tell({ type });
    await nextTurn();

    expect(got).toEqual(['x', 'ready', 'x']);
    expect(world.logged('warn')).toEqual(['no message is processed, so that nothing is stashed']);
  });

  it('always has room for the message at work, also when offers wait for its place', async () => {
    const { actor, got, world } = waiting({ mailbox: { capacity: 1, overflow: 'block' } });
    actor.tell({ type: '1' });
    const offer = actor.offer({ type: '2' });
    await world.pass(1_000);

    expect([got, await offer, world.system.deadLetters.counts]).toEqual([
      ['1'],
      { accepted: false, reason: 'mailboxFull' },
      {},
    ]);
  });

  it('M5: takes the message at work also when messages to itself have filled the mailbox; it is one too many then', async () => {
    const world = createWorld();
    const waits: number[] = [];
    const outcomes: boolean[] = [];
    const logic = scripted({
      x: (self) => {
        for (const type of ['y', 'y']) self.tell(self.self, { type });
        self.stash();
        waits.push((self.self as unknown as { waiting: number }).waiting);
        outcomes.push(self.self.tell({ type: 'z' }).accepted);
      },
    });
    const actor = world.system.spawn(logic, { name: 'a', mailbox: { capacity: 2 } });

    actor.tell({ type: 'x' });
    await nextTurn();

    expect([waits, outcomes, world.system.deadLetters.counts, actor.waiting]).toEqual([[3], [false], {}, 1]);
  });

  it('M5: keeps a question while the state is stored and others fill the mailbox of 4; the one too many is told so', async () => {
    const world = createWorld();
    const store = createMemorySnapshotStore();
    const slow: SnapshotStore = {
      ...store,
      async save(...record) {
        await new Promise<void>((resolve) => void world.environment.clock.setTimeout(resolve, 20));
        return store.save(...record);
      },
    };
    const logic = behavior<Message, number>({
      initial: 0,
      receive(count, { type }, self) {
        if (type === 'q' && count < 4) self.stash();
        if (type === 'q' && count >= 4) self.reply('answer');
        if (count === 3) self.unstash();
        return count + 1;
      },
    });
    const actor = world.system.spawn(logic, {
      name: 'a',
      mailbox: { capacity: 4 },
      persist: { store: slow, key: 'k' },
    });
    await world.pass(20);

    const answer = world.system.ask(actor, { type: 'q' }, { deadlineMs: 1_000 });
    await world.pass(3);
    const accepted = [1, 2, 3, 4].map(() => actor.tell({ type: 'x' }).accepted);
    for (let i = 0; i < 8; i++) await world.pass(20);

    expect([await answer, accepted]).toEqual(['answer', [true, true, true, false]]);
    expect(world.system.deadLetters.counts).toEqual({});
  });

  it('comes first after a restart', async () => {
    const { actor, got, world } = waiting({ supervision: { restart: 'transient' } });

    for (const type of ['1', 'fail', '2']) actor.tell({ type });
    await world.pass(200);

    expect(got).toEqual(['1', 'fail', '1', '2']);
  });

  it('does not hold a message that the actor fails on after it was put aside: that one is a dead letter', async () => {
    const world = createWorld();
    const got: string[] = [];
    const bad: Script = {
      bad: (self) => {
        self.stash();
        boom();
      },
    };
    const actor = world.system.spawn(scripted(bad, got), { name: 'a', supervision: { restart: 'transient' } });

    for (const type of ['bad', 'good']) actor.tell({ type });
    await world.pass(200);

    expect([got, actor.restarts, world.system.deadLetters.counts]).toEqual([['bad', 'good'], 1, { poison: 1 }]);
  });

  it('is dropped at a stop, and each message is a dead letter', async () => {
    const { actor, got, world } = waiting();
    for (const type of ['1', '2']) actor.tell({ type });
    await nextTurn();

    const report = await world.system.stop();

    expect([got, actor.waiting]).toEqual([['1', '2'], 0]);
    expect(world.system.deadLetters.recent().map(({ reason, message }) => [reason, message.type])).toEqual([
      ['stopped', '1'],
      ['stopped', '2'],
    ]);
    expect(report).toEqual({ stopped: 1, forced: 0, waiting: 2, accepted: 0, processed: 0, dropped: 2 });
  });

  it('holds a notice of an end, outside the bounds, and gives it back once', async () => {
    const { actor, got, world } = waiting({ mailbox: { capacity: 1 } });
    const subject = world.system.spawn(scripted(), { name: 'subject' });
    actor.tell({ type: 'watch' });
    await nextTurn();
    await world.system.stopActor(subject);
    await nextTurn();
    const before = [...got];

    actor.tell({ type: 'ready' });
    await nextTurn();

    expect([before, got]).toEqual([
      ['watch', 'actor.terminated'],
      ['watch', 'actor.terminated', 'ready', 'actor.terminated'],
    ]);
  });

  it('forgets notices at a restart: the new life watches nobody', async () => {
    const { actor, got, world } = waiting({ supervision: { restart: 'transient' } });
    const subject = world.system.spawn(scripted(), { name: 'subject' });
    actor.tell({ type: 'watch' });
    await nextTurn();
    await world.system.stopActor(subject);
    await nextTurn();

    actor.tell({ type: 'fail' });
    await world.pass(200);
    actor.tell({ type: 'ready' });
    await nextTurn();

    expect(got).toEqual(['watch', 'actor.terminated', 'fail', 'ready']);
  });

  it('holds the message of a timer', async () => {
    const world = createWorld();
    const got: string[] = [];
    let isReady = false as boolean;
    const script: Script = {
      go: (self) => self.startTimer('t', { afterMs: 10 }, { type: 'tick' }),
      tick: (self) => (isReady ? undefined : self.stash()),
      ready: (self) => {
        isReady = true;
        self.unstash();
      },
    };
    const actor = world.system.spawn(scripted(script, got), { name: 'a' });
    actor.tell({ type: 'go' });
    await world.pass(10);

    actor.tell({ type: 'ready' });
    await nextTurn();

    expect(got).toEqual(['go', 'tick', 'ready', 'tick']);
  });

  it('of a chart holds events, notices of children included', async () => {
    const { system } = createWorld();
    const seen: string[] = [];
    const actions = {
      begin: spawn('child', scripted()),
      observe: watch('child'),
      lower: stop('child'),
      later: stash(),
      back: unstash(),
      see: ({ event }: { event: { type: string } }) => void seen.push(event.type),
    };
    const chart = setup({ actions }).createMachine({
      initial: 'busy',
      entry: ['begin', 'observe'],
      states: {
        busy: {
          on: { ready: { target: 'free', actions: 'back' }, lower: { actions: 'lower' }, '*': { actions: 'later' } },
        },
        free: { on: { '*': { actions: 'see' } } },
      },
    });
    const actor = system.spawn(chart, { name: 'a' });

    for (const type of ['1', 'lower', '2']) actor.tell({ type });
    await nextTurn();
    actor.tell({ type: 'ready' });
    await nextTurn();

    expect(seen).toEqual(['1', '2', 'actor.terminated']);
  });
});

// Helpers

/** An actor that stashes everything until it is `ready`. */
function waiting(options: Readonly<Record<string, unknown>> = {}) {
  const world = createWorld();
  const got: string[] = [];
  let isReady = false;
  const later: Script[string] = (self) => {
    if (!isReady) self.stash();
  };
  const script: Script = {
    1: later,
    2: later,
    'actor.terminated': later,
    watch: (self) => {
      const subject = world.system.actor('/subject');
      if (subject !== undefined) self.watch(subject);
    },
    fail() {
      isReady = true;
      boom();
    },
    ready(self) {
      isReady = true;
      self.unstash();
    },
  };
  const actor = world.system.spawn(scripted(script, got), { name: 'a', ...options });
  return { world, actor, got };
}
