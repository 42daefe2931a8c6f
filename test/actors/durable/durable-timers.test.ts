import { describe, expect, it } from 'vitest';
import { assign, createMachine, sendTo, setup } from 'xstate';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, Message, PersistOptions, TimerResume } from '../../../src/actors/index.ts';
import { counterMachine, crashable, newStore, persistIn, recordIn, settled, startNode, tally } from './support.ts';
import type { Node } from './support.ts';

const KINDS = [
  ['a chart', (sink: ActorRef) => counterMachine(sink)],
  ['a behaviour', (sink: ActorRef) => tally(sink)],
] as const;

// Armed at 0 for 1,000 ms, stored last at 400, the process gone from 400 to `back`: after how many ms it fires.
const RESUMES: [TimerResume, number, number][] = [
  ['deadline', 600, 400],
  ['deadline', 5000, 0],
  ['remaining', 600, 600],
  ['remaining', 5000, 600],
  ['restart', 600, 1000],
  ['restart', 5000, 1000],
];

describe.each(KINDS)('a timer of %s', (_, make) => {
  it.each(RESUMES)('with resume "%s", back at %i ms, fires after %i ms', async (resume, back, after) => {
    const store = newStore();
    const one = startNode();
    const first = spawnOn(one, make, persistIn(store, { resume }));
    first.tell({ type: 'arm' });
    await settled();
    await one.environment.clock.advanceAsync(400);
    first.tell({ type: 'add', n: 1 });
    await settled();

    const two = startNode(back);
    const second = spawnOn(two, make, persistIn(store, { resume }));
    await settled();
    const early = after === 0 ? 0 : await ringsAt(two, second, after - 1);
    const late = await ringsAt(two, second, after === 0 ? 0 : 1);

    expect([early, late]).toEqual([0, 1]);
    expect(recordIn(store, 'counter')['timers']).toEqual([]);
  });

  it('keeps its deadline through any number of lives', async () => {
    const store = newStore();
    spawnOn(startNode(0), make, persistIn(store)).tell({ type: 'arm' });
    await settled();
    for (const at of [100, 200, 300, 999]) {
      spawnOn(startNode(at), make, persistIn(store));
      await settled();
    }

    expect(recordIn(store, 'counter')['timers']).toMatchObject([{ dueAt: 1000, delayMs: 1000 }]);
  });

  it('uses what was declared when it was stored, unless it is declared anew', async () => {
    const store = newStore();
    spawnOn(startNode(0), make, persistIn(store, { resume: 'restart' })).tell({ type: 'arm' });
    await settled();

    spawnOn(startNode(500), make, persistIn(store));
    await settled();
    const kept = recordIn(store, 'counter');
    spawnOn(startNode(700), make, persistIn(store, { resume: 'deadline' }));
    await settled();

    expect(kept).toMatchObject({ resume: 'restart', timers: [{ dueAt: 1500, delayMs: 1000 }] });
    expect(recordIn(store, 'counter')).toMatchObject({ resume: 'deadline', timers: [{ dueAt: 1500 }] });
  });

  it('that fires while the state is being stored waits for that, and is delivered once', async () => {
    const store = newStore();
    const node = startNode();
    const actor = spawnOn(node, make, persistIn(store, { timeoutMs: 3000 }));
    actor.tell({ type: 'arm' });
    await settled();
    store.failNext({ how: 'silent', operation: 'save' });
    actor.tell({ type: 'add', n: 1 });
    await settled();

    const during = await ringsAt(node, actor, 2000);
    const after = await ringsAt(node, actor, 1200);

    expect([during, after, node.told]).toEqual([0, 1, ['count 1']]);
  });
});

// The steps of one transition: the message is taken, the state changes, the store is asked, writes, and answers, then
// the effects leave.
const CRASHES = [
  ['before the store was asked', 'before'],
  ['after it was asked and before it wrote', 'asked'],
  ['after it wrote and before its answer came', 'written'],
  ['after the answer', 'answered'],
] as const;

describe.each(KINDS)('a crash in a transition of %s', (_, make) => {
  it.each(CRASHES)('%s: what is stored is wholly before or wholly after it', async (_name, point) => {
    const store = newStore();
    const wire = crashable(store);
    const one = startNode();
    const first = spawnOn(one, make, persistIn(wire.store));
    first.tell({ type: 'arm' });
    await settled();
    if (point === 'before') wire.crash();
    if (point === 'asked') store.failNext({ how: 'silent', operation: 'save' });
    if (point === 'written') wire.crashInSave();
    first.tell({ type: 'add', n: 5 });
    await settled();
    wire.crash();

    const two = startNode(500);
    const second = spawnOn(two, make, persistIn(store));
    await settled();
    const rings = await ringsAt(two, second, 500);
    const { count } = contextOf(second.snapshot());

    const isStored = point === 'written' || point === 'answered';
    expect([count, rings]).toEqual([isStored ? 5 : 0, 1]);
    // An effect never leaves without its state; after a crash between the two it does not leave at all.
    expect(one.told).toEqual(point === 'answered' ? ['count 5'] : []);
  });
});

describe('the delayed events of a chart', () => {
  it('are stored with those of the machines inside it', async () => {
    const inner = setup({
      types: { context: {} as { readonly n: number } },
      actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
    }).createMachine({
      id: 'inner',
      context: { n: 0 },
      initial: 'a',
      states: { a: { after: { 300: { target: 'b', actions: 'count' } } }, b: {} },
    });
    const outer = setup({ actors: { inner } }).createMachine({ invoke: { id: 'child', src: 'inner', onError: {} } });
    const store = newStore();
    startNode(0).system.spawn(outer, { name: 'a', persist: persistIn(store) });
    await settled();

    const two = startNode(200);
    const actor = two.system.spawn(outer, { name: 'a', persist: persistIn(store) });
    await settled();
    await two.environment.clock.advanceAsync(100);
    await settled();

    expect(actor.snapshot().children['child']?.getSnapshot().value).toBe('b');
    expect(JSON.stringify(recordIn(store, 'counter'))).toContain('"n":1');
  });

  it('to an actor outside the chart are refused with SNAPSHOT_INVALID', async () => {
    const node = startNode();
    const stranger = node.system.spawn(createMachine({}), { name: 'stranger' });
    const xstateRef = (stranger as unknown as { body: { root: never } }).body.root;
    const machine = createMachine({
      on: { go: { actions: sendTo(xstateRef, { type: 'hi' } as never, { delay: 100 }) } },
    });
    const actor = node.system.spawn(machine, { name: 'a', persist: persistIn(newStore()) });

    actor.tell({ type: 'go' });

    await expect(actor.ended).resolves.toMatchObject({ error: { code: 'SNAPSHOT_INVALID' } });
  });
});

describe('a repeated timer of a behaviour', () => {
  const clock = behavior<Message, readonly number[]>({
    initial: (_, actor) => {
      actor.startTimer('tick', { afterMs: 100, repeat: 'fixedRate' }, { type: 'tick' });
      return [];
    },
    receive: (ticks, _, actor) => [...ticks, actor.now()],
  });

  it('keeps its beat after the process was gone for 3.5 beats', async () => {
    const store = newStore();
    const one = startNode();
    one.system.spawn(clock, { name: 'clock', persist: persistIn(store) });
    await settled();
    await steps(one, 2, 100);

    const two = startNode(550);
    const second = two.system.spawn(clock, { name: 'clock', persist: persistIn(store) });
    await settled();
    await steps(two, 3, 50);

    expect(second.snapshot()).toEqual([100, 200, 550, 600, 700]);
  });
});

// Helpers

function spawnOn(node: Node, make: (typeof KINDS)[number][1], persist: PersistOptions) {
  return node.system.spawn(make(node.sink) as ReturnType<typeof tally>, { name: 'counter', persist });
}

function contextOf(snapshot: unknown): { readonly count: number; readonly rings: number } {
  const { context } = snapshot as { readonly context?: never };
  return context ?? (snapshot as never);
}

async function ringsAt(node: Node, actor: { snapshot(): unknown }, afterMs: number): Promise<number> {
  await node.environment.clock.advanceAsync(afterMs);
  await settled();
  return contextOf(actor.snapshot()).rings;
}

async function steps(node: Node, count: number, ms: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await node.environment.clock.advanceAsync(ms);
    await settled();
  }
}
