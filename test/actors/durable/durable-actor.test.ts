import { describe, expect, it } from 'vitest';
import { assign, fromCallback, fromPromise, sendTo, setup, spawnChild } from 'xstate';
import { behavior, createSystem } from '../../../src/actors/index.ts';
import type { ActorRef, Message, PersistOptions } from '../../../src/actors/index.ts';
import { counterMachine, crashable, newStore, persistIn, recordIn, settled, startNode, tally } from './support.ts';
import type { Node } from './support.ts';

const KINDS = [
  ['a chart', (sink: ActorRef) => counterMachine(sink)],
  ['a behaviour', (sink: ActorRef) => tally(sink)],
] as const;

function spawnOn(node: Node, make: (typeof KINDS)[number][1], persist: PersistOptions, supervised = false) {
  const logic = make(node.sink) as ReturnType<typeof tally>;
  return node.system.spawn(logic, {
    name: 'counter',
    persist,
    ...(supervised && { supervision: { restart: 'permanent', backoff: { initialMs: 10, jitter: 'none' } } }),
  });
}

function stateOf(snapshot: unknown): unknown {
  const { context } = snapshot as { readonly context?: unknown };
  return context ?? snapshot;
}

describe.each(KINDS)('%s with `persist`', (_, make) => {
  it('goes on from what it stored after the process is gone', async () => {
    const store = newStore();
    const one = startNode();
    const first = spawnOn(one, make, persistIn(store));
    first.tell({ type: 'add', n: 2 });
    first.tell({ type: 'add', n: 3 });
    await settled();

    const two = startNode(50);
    const second = spawnOn(two, make, persistIn(store));
    second.tell({ type: 'add', n: 1 });
    await settled();

    expect([one.told, two.told, stateOf(second.snapshot())]).toEqual([
      ['count 2', 'count 5'],
      ['count 6'],
      { count: 6, rings: 0 },
    ]);
  });

  it('keeps messages waiting while it loads, and shows no state before', async () => {
    const store = newStore();
    const node = startNode();

    const actor = spawnOn(node, make, persistIn(store));
    const outcome = actor.tell({ type: 'add', n: 2 });

    expect([outcome, actor.waiting, actor.snapshot()]).toEqual([{ accepted: true }, 1, undefined]);
    await settled();
    expect([actor.waiting, node.told]).toEqual([0, ['count 2']]);
  });

  it('D2: lets no effect leave and no message in before the state is stored', async () => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, make, persistIn(store, { timeoutMs: 1000 }));
    await settled();
    store.failNext({ how: 'silent', operation: 'save' });

    actor.tell({ type: 'add', n: 2 });
    actor.tell({ type: 'add', n: 3 });
    await settled();
    const before = [[...node.told], actor.waiting, stateOf(actor.snapshot())];
    await node.environment.clock.advanceAsync(1100);
    await settled();

    expect(before).toEqual([[], 1, { count: 0, rings: 0 }]);
    expect([node.told, stateOf(actor.snapshot())]).toEqual([['count 2', 'count 5'], { count: 5, rings: 0 }]);
  });

  it('D3: drops the effects of a transition that could not be stored, and goes on from before after a restart', async () => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, make, persistIn(store, { attempts: 2 }), true);
    actor.tell({ type: 'add', n: 1 });
    await settled();
    store.failNext({ times: 2, operation: 'save' });

    actor.tell({ type: 'add', n: 10 });
    await settled();
    await node.environment.clock.advanceAsync(200);
    await settled();
    actor.tell({ type: 'add', n: 1 });
    await settled();

    expect(node.told).toEqual(['count 1', 'count 2']);
    expect(node.system.deadLetters.counts).toEqual({ poison: 1 });
  });

  it('goes on from the last stored state after its own failure, without the message that caused it', async () => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, make, persistIn(store), true);
    actor.tell({ type: 'add', n: 4 });
    actor.tell({ type: 'boom' });
    await settled();
    await node.environment.clock.advanceAsync(20);
    await settled();
    actor.tell({ type: 'add', n: 1 });
    await settled();

    expect([node.told, actor.restarts]).toEqual([['count 4', 'count 5'], 1]);
  });

  it('fails with STORE_FAILED after 3 attempts, which wait 100 and 200 ms', async () => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, make, persistIn(store, { attempts: 3 }));
    await settled();
    store.failNext({ times: 100 });

    actor.tell({ type: 'add', n: 1 });
    await settled();
    await node.environment.clock.advanceAsync(299);
    await settled();
    const alive = node.system.actor('/counter') === actor;
    await node.environment.clock.advanceAsync(1);

    await expect(actor.ended).resolves.toMatchObject({ kind: 'failed', error: { code: 'STORE_FAILED' } });
    expect([alive, node.told]).toEqual([true, []]);
  });

  it.each(['before', 'after'] as const)('S2: counts a save that fails %s by what is stored then', async (how) => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, make, persistIn(store));
    await settled();
    store.failNext({ how, operation: 'save' });

    actor.tell({ type: 'add', n: 7 });
    await settled();
    await node.environment.clock.advanceAsync(100);
    await settled();

    expect([node.told, store.peek('counter')?.version]).toEqual([['count 7'], 3]);
  });

  it('answers a question when the state is stored', async () => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, () => tally(node.sink), persistIn(store));

    await expect(node.system.ask(actor, { type: 'add', n: 3 }, { deadlineMs: 1000 })).resolves.toBe(3);
    expect(recordIn(store, 'counter')).toMatchObject({ state: { count: 3 } });
  });

  it('is done at once when it was done before', async () => {
    const store = newStore();
    const one = startNode();
    const first = spawnOn(one, make, persistIn(store));
    first.tell({ type: 'add', n: 4 });
    first.tell({ type: 'end' });
    await first.ended;

    const second = spawnOn(startNode(), make, persistIn(store));

    await expect(second.ended).resolves.toEqual({ kind: 'done', output: 4 });
  });

  it('forgets what it stored when it is done, if told to', async () => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, make, persistIn(store, { whenDone: 'delete' }));
    actor.tell({ type: 'end' });

    await expect(actor.ended).resolves.toEqual({ kind: 'done', output: 0 });
    expect(store.peek('counter')).toBeUndefined();
  });

  it('stops in order: what waits is processed and stored first', async () => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, make, persistIn(store));
    for (let n = 1; n <= 3; n++) actor.tell({ type: 'add', n });

    const report = await node.system.stop();

    expect(report).toMatchObject({ stopped: 2, forced: 0, dropped: 0 });
    expect(JSON.stringify(recordIn(store, 'counter'))).toContain('"count":6');
  });

  it('brings the message of `restored` first, with the time that it was away', async () => {
    const store = newStore();
    const one = startNode(1000);
    spawnOn(one, make, persistIn(store)).tell({ type: 'add', n: 1 });
    await settled();
    const two = startNode(4000);
    const restored = vitestInfo();
    const second = spawnOn(two, make, persistIn(store, { restored: restored.take }));
    second.tell({ type: 'add', n: 1 });
    await settled();

    expect(restored.seen).toEqual([{ savedAt: 1000, awayMs: 3000, version: 1 }]);
    expect(two.told).toEqual(['count 101', 'count 102']);
  });
});

describe('two systems with one key', () => {
  it.each(KINDS)('D1: one runs %s, the other one fails with STORE_CONFLICT and did nothing', async (_, make) => {
    const store = newStore();
    const nodes = [startNode(0, 1), startNode(0, 2)];
    nodes.forEach(({ system }, i) => Object.assign(system.environment.ids, { next: () => `writer ${i}` }));
    const actors = nodes.map((node) => spawnOn(node, make, persistIn(store)));
    for (const actor of actors) actor.tell({ type: 'add', n: 1 });
    await settled();

    const [winner, loser] = actors.toSorted((a) => (nodes[actors.indexOf(a)]?.system.actor('/counter') === a ? -1 : 1));
    await expect(loser?.ended).resolves.toMatchObject({ kind: 'failed', error: { code: 'STORE_CONFLICT' } });
    expect(winner?.tell({ type: 'add', n: 1 })).toEqual({ accepted: true });
    expect(nodes.flatMap(({ told }) => told)).toEqual(['count 1']);
  });

  it('S1: the later one takes the key over, and the earlier one fails at its next write', async () => {
    const store = newStore();
    const [one, two] = [startNode(0, 1), startNode(0, 2)];
    const first = spawnOn(one, KINDS[0][1], persistIn(store), true);
    first.tell({ type: 'add', n: 1 });
    await settled();
    const second = spawnOn(two, KINDS[0][1], persistIn(store));
    await settled();

    first.tell({ type: 'add', n: 10 });
    second.tell({ type: 'add', n: 1 });

    await expect(first.ended).resolves.toMatchObject({ kind: 'failed', error: { code: 'STORE_CONFLICT' } });
    await settled();
    expect([one.told, two.told, first.restarts]).toEqual([['count 1'], ['count 2'], 0]);
  });
});

describe('what is stored', () => {
  it.each([
    ['is not JSON', 'SNAPSHOT_INVALID', '{'],
    ['is something else', 'SNAPSHOT_INVALID', '{"a":1}'],
    ['lacks its timers', 'SNAPSHOT_INVALID', '{"format":1,"version":1,"savedAt":0,"state":1}'],
    ['has a state that the machine lacks', 'SNAPSHOT_INVALID', storedState({ value: 'nowhere' })],
    ['has a timer of -5 ms', 'SNAPSHOT_INVALID', storedTimer({ delayMs: -5 })],
    ['has a timer whose rule says no time', 'SNAPSHOT_INVALID', storedTimer({ rule: { afterMs: null } })],
    ['has a timer without a message', 'SNAPSHOT_INVALID', storedTimer({ message: null })],
    ['is of version 2', 'SNAPSHOT_TOO_NEW', storedState({}, 2)],
    ['is of format 2', 'SNAPSHOT_TOO_NEW', '{"format":2}'],
  ])('and %s is refused with %s and stays as it is', async (_what, code, data) => {
    const store = newStore();
    const node = startNode();
    const stored = { version: 7, writer: 'somebody', data };
    store.put('counter', stored);

    const actor = spawnOn(node, KINDS[0][1], persistIn(store), true);

    await expect(actor.ended).resolves.toMatchObject({ kind: 'failed', error: { code } });
    expect([store.peek('counter')?.data, actor.restarts]).toEqual([data, 0]);
  });

  it('is brought from version 1 to 2 by `migrate`', async () => {
    const store = newStore();
    spawnOn(startNode(), KINDS[1][1], persistIn(store)).tell({ type: 'add', n: 3 });
    await settled();
    const node = startNode();

    const migrate: PersistOptions['migrate'] = ({ state, timers }, from) => ({
      state: { ...(state as object), rings: 100 + from },
      timers,
    });
    const actor = spawnOn(node, KINDS[1][1], persistIn(store, { version: 2, migrate }));
    await settled();

    expect([actor.snapshot(), recordIn(store, 'counter')['version']]).toEqual([{ count: 3, rings: 101 }, 2]);
  });

  it.each([
    ['without `migrate`', undefined],
    [
      'when `migrate` throws',
      () => {
        throw new Error('no');
      },
    ],
    ['when `migrate` gives no record', () => ({}) as never],
  ])('is refused with MIGRATION_FAILED %s', async (_, migrate) => {
    const store = newStore();
    spawnOn(startNode(), KINDS[1][1], persistIn(store)).tell({ type: 'add', n: 3 });
    await settled();
    const before = recordIn(store, 'counter');

    const actor = spawnOn(startNode(), KINDS[1][1], persistIn(store, { version: 2, migrate }));

    await expect(actor.ended).resolves.toMatchObject({ error: { code: 'MIGRATION_FAILED' } });
    expect(recordIn(store, 'counter')).toEqual(before);
  });

  it.each([
    ['a Map', new Map(), 'state.held is a Map'],
    ['a function', () => {}, 'state.held is a function'],
    ['a bigint', 1n, 'state.held is a bigint'],
    ['NaN', Number.NaN, 'state.held is NaN'],
    ['a hole', [undefined], 'state.held is a Array'],
    ['a Date', new Date(0), 'state.held is a Date'],
    ['a symbol as key', { [Symbol('a')]: 1 }, 'state.held has the property Symbol(a), which JSON leaves out'],
    ['a list with a name', Object.assign([1], { a: 1 }), 'state.held has the property a, which JSON leaves out'],
  ])('R1: holds plain data only; %s is refused with its path', async (_, held, text) => {
    const { system } = startNode();
    const logic = behavior<Message, { readonly held: unknown }>({ initial: { held: 1 }, receive: () => ({ held }) });
    const actor = system.spawn(logic, { name: 'odd', persist: persistIn(newStore()) });

    actor.tell({ type: 'hold' });

    await expect(actor.ended).resolves.toMatchObject({
      error: { code: 'SNAPSHOT_INVALID', rawMessage: expect.stringContaining(text) as unknown },
    });
  });

  it('tells a state that is undefined from one that is null', async () => {
    const store = newStore();
    const logic = behavior<Message, unknown>({
      initial: 1,
      receive: (_, { type }) => (type === 'x' ? undefined : null),
    });
    const states: unknown[] = [];
    for (const type of ['x', 'y', 'x']) {
      const { system } = startNode();
      const actor = system.spawn(logic, { name: 'odd', persist: persistIn(store) });
      await settled();
      states.push(actor.snapshot());
      actor.tell({ type });
      await settled();
      states.push(actor.snapshot());
      await system.stop();
    }

    expect(states).toEqual([1, undefined, undefined, null, null, undefined]);
  });

  it('may be in a store that answers without a promise, and has null where nothing is', async () => {
    const kept = new Map<string, { version: number; writer: string; data: string }>();
    const store = {
      load: (key: string) => kept.get(key) ?? null,
      save: (key: string, _: unknown, next: { version: number; writer: string; data: string }) => {
        kept.set(key, next);
        return true;
      },
      delete: (key: string) => kept.delete(key),
    };
    const node = startNode();
    const actor = node.system.spawn(tally(node.sink), { name: 'counter', persist: persistIn(store as never) });

    actor.tell({ type: 'add', n: 2 });
    await settled();

    expect([node.told, actor.restarts, node.environment.clock.pending]).toEqual([['count 2'], 0, 0]);
  });

  it('holds anything that `codec` turns into plain data and back', async () => {
    const store = newStore();
    const codec = {
      encode: (state: unknown) => [...(state as ReadonlySet<string>)],
      decode: (data: unknown) => new Set(data as string[]),
    };
    const logic = behavior<Message, ReadonlySet<string>>({
      initial: () => new Set<string>(),
      receive: (seen, { type }) => new Set([...seen, type]),
    });
    const options = { name: 'set', persist: persistIn(store, { codec }) };
    const first = startNode().system.spawn(logic, options);
    first.tell({ type: 'one' });
    await settled();

    const second = startNode().system.spawn(logic, options);
    second.tell({ type: 'two' });
    await settled();

    expect(second.snapshot()).toEqual(new Set(['one', 'two']));
  });

  it('is not written when nothing has changed', async () => {
    const store = newStore();
    const actor = spawnOn(startNode(), KINDS[0][1], persistIn(store));
    await settled();
    const { save } = store.calls;

    actor.tell({ type: 'unheard of' } as never);
    await settled();

    expect([save, store.calls.save]).toEqual([2, 2]);
  });
});

describe('what a durable chart runs inside', () => {
  it('runs again after a restore: promises from their beginning, callbacks anew', async () => {
    const notes: string[] = [];
    const machine = setup({
      actors: {
        work: fromPromise(() => {
          notes.push('promise');
          return new Promise<never>(() => {});
        }),
        listen: fromCallback(() => void notes.push('callback')),
      },
    }).createMachine({
      invoke: [
        { src: 'work', onError: {} },
        { src: 'listen', onError: {} },
      ],
    });
    const store = newStore();

    startNode().system.spawn(machine, { name: 'a', persist: persistIn(store) });
    await settled();
    startNode().system.spawn(machine, { name: 'a', persist: persistIn(store) });
    await settled();

    expect(notes).toEqual(['promise', 'callback', 'promise', 'callback']);
  });

  it('goes on through any number of lives when it is a machine, spawned by name', async () => {
    const inner = setup({ types: { context: {} as { readonly n: number } } }).createMachine({
      context: { n: 0 },
      on: { hit: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
    });
    const machine = setup({ actors: { inner } }).createMachine({
      entry: spawnChild('inner', { id: 'child' }),
      on: { hit: { actions: sendTo('child', { type: 'hit' }) } },
    });
    const store = newStore();
    const seen: unknown[] = [];
    for (let life = 1; life <= 3; life++) {
      const actor = startNode().system.spawn(machine, { name: 'a', persist: persistIn(store) });
      actor.tell({ type: 'hit' });
      await settled();
      seen.push(actor.snapshot().children['child']?.getSnapshot().context);
    }

    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('is refused with SNAPSHOT_INVALID when it was spawned with inline logic, since nobody could find it again', async () => {
    const machine = setup({}).createMachine({ entry: spawnChild(fromCallback(() => {}) as never) });

    const actor = startNode().system.spawn(machine, { name: 'a', persist: persistIn(newStore()) });

    await expect(actor.ended).resolves.toMatchObject({ error: { code: 'SNAPSHOT_INVALID' } });
  });
});

describe('a process that is gone', () => {
  it('D5: writes nothing any more, and its successor goes on', async () => {
    const store = newStore();
    const one = startNode();
    const wire = crashable(store);
    const first = spawnOn(one, KINDS[0][1], persistIn(wire.store));
    first.tell({ type: 'add', n: 1 });
    await settled();
    wire.crash();
    first.tell({ type: 'add', n: 10 });
    await settled();

    const two = startNode();
    spawnOn(two, KINDS[0][1], persistIn(store)).tell({ type: 'add', n: 1 });
    await settled();

    expect([one.told, two.told]).toEqual([['count 1'], ['count 2']]);
  });
});

describe('the options of `persist`', () => {
  it.each([
    [{ key: '' }, 'persist.key'],
    [{ version: 0 }, 'persist.version'],
    [{ attempts: 0 }, 'persist.attempts'],
    [{ resume: 'later' as never }, 'persist.resume'],
    [{ whenDone: 'never' as never }, 'persist.whenDone'],
    [{ store: {} as never }, 'persist.store'],
    [{ backoff: { factor: 0 } }, 'persist.backoff.factor'],
  ])('refuse %o by name', (wrong, field) => {
    const system = createSystem({ environment: startNode().environment });

    expect(() =>
      system.spawn(tally(startNode().sink), { name: 'a', persist: { ...persistIn(newStore()), ...wrong } }),
    ).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', field }));
  });
});

// Helpers

function storedState(more: object, version = 1): string {
  const state = { status: 'active', value: 'idle', context: { count: 1, rings: 0 }, children: {}, ...more };
  return JSON.stringify({ format: 1, version, resume: 'deadline', savedAt: 0, timers: [], state });
}

function storedTimer(more: object): string {
  const timer = { name: 'bell', dueAt: 5, delayMs: 5, message: { type: 'ring' }, rule: { afterMs: 5 }, ...more };
  return JSON.stringify({ ...(JSON.parse(storedState({})) as object), timers: [timer] });
}

function vitestInfo(): { readonly seen: unknown[]; readonly take: (info: object) => Message & { readonly n: number } } {
  const seen: unknown[] = [];
  return { seen, take: (info) => (seen.push(info), { type: 'add', n: 100 }) };
}
