import { describe, expect, it } from 'vitest';
import { emit, setup } from 'xstate';
import { behavior, spawn } from '../../../src/actors/index.ts';
import type { ActorRef, Message } from '../../../src/actors/index.ts';
import { counterMachine, crashable, newStore, persistIn, recordIn, settled, startNode, tally } from './support.ts';

describe('D2: what is shown of a durable actor', () => {
  it('are facts and snapshots of stored states only', async () => {
    const store = newStore();
    const { system, environment } = startNode();
    const machine = setup({ types: { emitted: {} as { readonly type: 'gone' } } }).createMachine({
      initial: 'here',
      states: { here: { on: { go: { target: 'there', actions: emit({ type: 'gone' }) } } }, there: {} },
    });
    const actor = system.spawn(machine, { name: 'a', persist: persistIn(store, { timeoutMs: 100 }) });
    const seen: unknown[] = [];
    actor.onFact(({ type }) => seen.push(type));
    actor.subscribe((snapshot) => seen.push(snapshot.value));
    await settled();
    store.failNext({ how: 'silent', operation: 'save' });

    actor.tell({ type: 'go' });
    await settled();
    const before = [...seen];
    await environment.clock.advanceAsync(200);
    await settled();

    expect([before, seen]).toEqual([['here'], ['here', 'gone', 'there']]);
  });

  it('is the last stored state while it is loaded again after a failure', async () => {
    const store = newStore();
    const node = startNode();
    const actor = node.system.spawn(tally(node.sink), {
      name: 'a',
      persist: persistIn(store),
      supervision: { restart: 'permanent', backoff: { initialMs: 10, jitter: 'none' } },
    });
    const seen: unknown[] = [];
    actor.subscribe((snapshot) => seen.push(snapshot.count));
    actor.tell({ type: 'add', n: 1 });
    actor.tell({ type: 'boom' });
    await settled();
    await node.environment.clock.advanceAsync(10);
    await settled();

    expect([seen[0], seen.at(-1), seen.includes(undefined), actor.restarts]).toEqual([0, 1, false, 1]);
  });

  it('are the children that a chart asked for', async () => {
    const store = newStore();
    const { system, environment } = startNode();
    const child = behavior<Message, number>({ initial: 0, receive: (n) => n + 1 });
    const machine = setup({ actions: { hire: spawn('child', child) } }).createMachine({
      on: { go: { actions: 'hire' } },
    });
    const actor = system.spawn(machine, { name: 'a', persist: persistIn(store, { timeoutMs: 100 }) });
    await settled();

    actor.tell({ type: 'go' });
    await settled();
    await environment.clock.advanceAsync(1);

    expect(system.actor('/a/child')).toBeDefined();
  });
});

describe('D5: a durable actor that was killed', () => {
  it.each(['before', 'silent'] as const)('asks a store that fails (%s) for nothing more', async (how) => {
    const store = newStore();
    const node = startNode();
    const actor = node.system.spawn(tally(node.sink), { name: 'a', persist: persistIn(store) });
    await settled();
    store.failNext({ how, times: 100 });
    actor.tell({ type: 'add', n: 1 });
    await settled();
    (actor as unknown as { kill(): void }).kill();
    const calls = { ...store.calls };

    await node.environment.clock.advanceAsync(60_000);
    await settled();

    expect([store.calls, node.environment.clock.pending]).toEqual([calls, 0]);
  });

  it('is ended by force at the deadline of a stop when its store never answers', async () => {
    const store = newStore();
    const node = startNode();
    store.failNext({ how: 'silent', times: 100 });
    const actor = node.system.spawn(tally(node.sink), { name: 'a', persist: persistIn(store) });
    actor.tell({ type: 'add', n: 1 });

    const stopping = node.system.stop({ deadlineMs: 50 });
    await settled();
    await node.environment.clock.advanceAsync(50);

    expect(await stopping).toMatchObject({ stopped: 0, forced: 2, waiting: 1, dropped: 1 });
    expect(node.environment.clock.pending).toBe(0);
  });
});

describe('a durable behaviour', () => {
  it('stashes and unstashes: what is stashed is memory, and the actor puts it back itself', async () => {
    const node = startNode();
    type Gate = { readonly open: boolean; readonly seen: readonly string[] };
    const gate = behavior<Message, Gate>({
      initial: { open: false, seen: [] },
      receive: (state, { type }, actor) => {
        if (type === 'open') {
          actor.unstash();
          return { ...state, open: true };
        }
        if (state.open) return { ...state, seen: [...state.seen, type] };
        actor.stash();
        return state;
      },
    });
    const actor = node.system.spawn(gate, { name: 'gate', persist: persistIn(newStore()) });
    for (const type of ['a', 'b', 'open', 'c']) actor.tell({ type });
    await settled();
    await settled();

    expect(actor.snapshot()).toEqual({ open: true, seen: ['a', 'b', 'c'] });
  });

  it('starts durable children by its context', async () => {
    const store = newStore();
    const node = startNode();
    const parent = behavior<Message, undefined>({
      initial: (_, actor) =>
        void actor.spawn('child', tally(node.sink), { persist: persistIn(store, { key: 'child' }) }) as undefined,
      receive: (state) => state,
    });
    node.system.spawn(parent, { name: 'parent' });
    (node.system.actor('/parent/child') as ActorRef).tell({ type: 'add', n: 2 } as Message);
    await settled();

    expect(recordIn(store, 'child')).toMatchObject({ state: { count: 2 } });
  });

  it('loses no effect that it notes in its state and sends again when it is `restored`', async () => {
    const store = newStore();
    const wire = crashable(store);
    const outbox = (mailer: ActorRef) =>
      behavior<Message, readonly string[]>({
        initial: [],
        receive: (open, { type }, actor) => {
          for (const mail of type === 'resume' ? open : [type]) actor.tell(mailer, { type: mail });
          return type === 'resume' ? open : [...open, type];
        },
      });
    const restored = (): Message => ({ type: 'resume' });
    const one = startNode();
    const first = one.system.spawn(outbox(one.sink), { name: 'outbox', persist: persistIn(wire.store, { restored }) });
    await settled();
    wire.crashInSave();
    first.tell({ type: 'mail 1' });
    await settled();

    const two = startNode();
    two.system.spawn(outbox(two.sink), { name: 'outbox', persist: persistIn(store, { restored }) });
    await settled();

    expect([one.told, two.told]).toEqual([[], ['mail 1']]);
  });
});

describe('a durable actor whose record is deleted meanwhile', () => {
  it('fails with STORE_CONFLICT', async () => {
    const store = newStore();
    const node = startNode();
    const actor = node.system.spawn(counterMachine(node.sink), { name: 'a', persist: persistIn(store) });
    await settled();
    await store.delete('counter', store.peek('counter')?.version ?? 0);

    actor.tell({ type: 'add', n: 1 });

    await expect(actor.ended).resolves.toMatchObject({
      error: { code: 'STORE_CONFLICT', rawMessage: '"counter" was at version 2 here, and it was deleted' },
    });
  });
});
