import { describe, expect, it } from 'vitest';
import { createMachine, emit, fromCallback, fromPromise, fromTransition, sendTo, setup } from 'xstate';
import { ask, behavior, reply, spawn, tell } from '../../../src/actors/index.ts';
import type { Message } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';

describe('a chart', () => {
  it('that is done at its start ends with its output; what it sent on entry leaves', async () => {
    const world = createWorld();
    const got: string[] = [];
    const peer = world.system.spawn(scripted({}, got), { name: 'peer' });
    const chart = setup({ actions: { report: tell(() => peer, { type: 'report' }) } }).createMachine({
      initial: 'over',
      states: { over: { type: 'final', entry: 'report' } },
      output: 42,
    });

    const actor = world.system.spawn(chart, { name: 'a' });
    await nextTurn();

    expect([await actor.ended, got, world.system.actors()]).toEqual([{ kind: 'done', output: 42 }, ['report'], [peer]]);
  });

  it('that a promise brings to its end still answers and sends, in its own name', async () => {
    const world = createWorld();
    const chart = setup({
      actors: { work: fromPromise(async () => 1) },
      actions: { report: tell('nobody', { type: 'report' }) },
    }).createMachine({
      initial: 'working',
      states: { working: { invoke: { src: 'work', onDone: 'over' } }, over: { type: 'final', entry: 'report' } },
    });

    const actor = world.system.spawn(chart, { name: 'a' });
    await actor.ended;

    expect(world.system.deadLetters.recent()).toMatchObject([{ sender: '/a', message: { type: 'report' } }]);
  });

  it('X1: whose invoked callback goes on after a restart reaches nobody', async () => {
    const world = createWorld();
    const sends: (() => void)[] = [];
    const chart = setup({
      actors: { source: fromCallback(({ sendBack }) => void sends.push(() => sendBack({ type: 'item' }))) },
      actions: { boom },
    }).createMachine({
      initial: 'a',
      invoke: { src: 'source' },
      states: { a: { on: { item: 'b', fail: { actions: 'boom' } } }, b: {} },
    });
    const actor = world.system.spawn(chart, { name: 'a', supervision: { restart: 'transient' } });
    actor.tell({ type: 'fail' });
    await world.pass(200);

    sends[0]?.();
    await nextTurn();
    const old = actor.snapshot().value;
    sends[1]?.();
    await nextTurn();

    expect([sends.length, old, actor.snapshot().value]).toEqual([2, 'a', 'b']);
  });

  it('X3: leaves nothing invoked behind when it fails', async () => {
    const world = createWorld();
    let open = 0;
    const source = fromCallback(() => {
      open++;
      return () => void open--;
    });
    const chart = setup({ actors: { source }, actions: { boom } }).createMachine({
      invoke: [{ src: 'source' }, { src: 'source' }],
      on: { fail: { actions: 'boom' } },
    });
    const actor = world.system.spawn(chart, { name: 'a' });
    const before = open;

    actor.tell({ type: 'fail' });
    await actor.ended;

    expect([before, open]).toEqual([2, 0]);
  });

  it('whose invoked child fails unheard fails alone, and the process lives', async () => {
    const world = createWorld();
    const chart = createMachine({ invoke: { src: fromPromise(async () => boom()) } });
    const sibling = world.system.spawn(scripted(), { name: 'sibling' });

    const actor = world.system.spawn(chart, { name: 'a' });

    expect([(await actor.ended).kind, world.system.actors()]).toEqual(['failed', [sibling]]);
  });

  it('whose child fails at its start in each life is restarted 5 times, each after a longer wait, not 5,000 at once', async () => {
    const world = createWorld();
    let starts = 0;
    const child = fromCallback(() => {
      starts++;
      boom();
    });
    const chart = setup({ actors: { child } }).createMachine({ invoke: { src: 'child' } });

    const actor = world.system.spawn(chart, { name: 'a', supervision: { restart: 'transient' } });
    const atOnce = starts;
    await world.pass(60_000);

    expect([atOnce, starts, (await actor.ended).kind]).toEqual([1, 6, 'failed']);
  });

  it('whose wildcard takes every event hides no failure of its child: it is logged and supervised', async () => {
    const world = createWorld();
    let starts = 0;
    const broken = behavior<Message, null>({
      initial: () => (++starts === 1 ? boom() : null),
      receive: () => null,
    });
    const actions = { raise: spawn('child', broken, undefined, { supervision: { restart: 'transient' } }) };
    const chart = setup({ actions }).createMachine({ entry: 'raise', on: { '*': {} } });
    world.system.spawn(chart, { name: 'a' });

    await world.pass(200);

    expect([world.logged('error'), world.logged('warn')]).toEqual([
      ['actor "/a/child" failed'],
      ['actor "/a/child" was restarted'],
    ]);
  });

  it('whose emit has a listener that throws goes on', async () => {
    const world = createWorld();
    const chart = setup({ actions: { say: emit({ type: 'said' }) } }).createMachine({ on: { go: { actions: 'say' } } });
    const actor = world.system.spawn(chart, { name: 'a' });
    actor.onFact(boom);

    actor.tell({ type: 'go' });
    await nextTurn();

    expect([actor.snapshot().status, world.logged('error')]).toEqual(['active', ['actor "/a": a listener threw']]);
  });

  it('that fails in a transition has sent, spawned, asked and answered nothing in it', async () => {
    const world = createWorld();
    const got: string[] = [];
    const peer = world.system.spawn(scripted({}, got), { name: 'peer' });
    const onReply = () => ({ type: 'x' });
    const actions = {
      tell: tell(() => peer, { type: 'told' }),
      ask: ask(() => peer, { type: 'asked' }, { deadlineMs: 10, onReply, onFailure: onReply }),
      spawn: spawn('child', scripted()),
      reply: reply('answer'),
      boom,
    };
    const chart = setup({ actions }).createMachine({
      on: { go: { actions: ['tell', 'ask', 'spawn', 'reply', 'boom'] } },
    });
    const actor = world.system.spawn(chart, { name: 'a' });

    const failure = await world.system.ask(actor, { type: 'go' }, { deadlineMs: 10 }).catch((error: unknown) => error);
    await nextTurn();

    expect([failure, got, world.system.actors()]).toMatchObject([{ code: 'ACTOR_FAILED' }, [], [{ name: 'peer' }]]);
  });

  it('that sends to a child of its own that does not exist fails by XState’s rule, and tells the supervision', async () => {
    const world = createWorld();
    const chart = createMachine({ on: { go: { actions: sendTo('nobody', { type: 'x' }) } } });
    const actor = world.system.spawn(chart, { name: 'a' });

    actor.tell({ type: 'go' });

    expect((await actor.ended).kind).toBe('failed');
  });

  it('logs what cannot be turned into text', async () => {
    const world = createWorld();
    const logic = fromTransition((_: null, event, { logger }) => {
      if (event.type === 'go') logger('a', Object.create(null));
      return null;
    }, null);
    const actor = world.system.spawn(logic, { name: 'a' });

    actor.tell({ type: 'go' });
    await nextTurn();

    expect([world.logged('debug'), actor.snapshot().status]).toEqual([['a object'], 'active']);
  });
});
