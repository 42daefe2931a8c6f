import { createWebSocketInspector } from '@statelyai/inspect';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, setup } from 'xstate';
import { behavior, createSystem, inspectInStately, spawn } from '../../../src/actors/index.ts';
import type { ActorSystem, Message, StatelyOptions } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { nextTurn } from '../support.ts';
import { startFrameServer } from './frame-server.ts';
import type { Frame, FrameServer } from './frame-server.ts';

const worker = setup({
  types: { context: {} as { readonly password: string; readonly done: number } },
  actions: {
    count: assign({ done: ({ context }) => context.done + 1 }),
    fail: () => {
      throw new Error('broken');
    },
  },
}).createMachine({
  id: 'worker',
  context: { password: 'hunter2', done: 0 },
  on: { work: { actions: 'count' }, fail: { actions: 'fail' } },
});

const boss = setup({
  actions: { hire: spawn('worker', worker, undefined, { supervision: { restart: 'permanent' } }) },
}).createMachine({ id: 'boss', initial: 'busy', states: { busy: { entry: 'hire' } } });

describe('what arrives at Stately’s inspector', () => {
  it('is the tree of the system: actors with their parents, names and definitions, supervisors included', async () => {
    const { system, server } = await watched();
    system.spawn(boss, { name: 'boss' });
    await nextTurn();

    system.actor('/boss/worker')?.tell({ type: 'fail' });
    await server.has(7);
    const actors = server.frames.filter(({ type }) => type === '@xstate.actor');

    expect(actors).toMatchObject([
      { sessionId: '/boss#1', name: '/boss', snapshot: { status: 'active', value: 'busy' } },
      { sessionId: '/boss/worker#2', name: '/boss/worker', parentId: '/boss#1' },
      { sessionId: 'dead letters' },
      { sessionId: '/boss/$supervisor-worker#3', name: '/boss/$supervisor-worker', parentId: '/boss#1' },
    ]);
    expect(JSON.parse(actors[0]?.['definition'] as string)).toMatchObject({ id: 'boss', initial: 'busy' });
  });

  it('shows each message before the state that it led to, with nothing of later ones', async () => {
    const { system, server } = await watched();
    const actor = system.spawn(worker, { name: 'worker' });
    actor.tell({ type: 'work' });
    actor.tell({ type: 'work' });
    await server.has(5);

    const [, ...rest] = server.frames;
    expect(rest.map(inShort)).toEqual(['event work', 'snapshot 1 after work', 'event work', 'snapshot 2 after work']);
  });

  it('has secrets masked in contexts, messages and definitions', async () => {
    const { system, server } = await watched();
    const actor = system.spawn(worker, { name: 'worker' });
    actor.tell({ type: 'work', token: 'hunter2', list: [{ apiKey: 'hunter2' }] } as Message);
    await server.has(3);

    const text = JSON.stringify(server.frames);
    expect(text).not.toContain('hunter2');
    expect(text.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(4);
  });

  it('shows everything with `redact: false`, and what a function says', async () => {
    const open = await watched({ redact: false });
    open.system.spawn(worker, { name: 'worker' });
    const own = await watched({ redact: (path, value) => (path.at(-1) === 'done' ? 'n/a' : value) });
    own.system.spawn(worker, { name: 'worker' });
    await Promise.all([open.server.has(1), own.server.has(1)]);

    expect(open.server.frames[0]).toMatchObject({ snapshot: { context: { password: 'hunter2' } } });
    expect(own.server.frames[0]).toMatchObject({ snapshot: { context: { password: 'hunter2', done: 'n/a' } } });
  });

  it('leaves out what `include` does not name; who is shown hangs under the nearest one that is', async () => {
    const { system, server } = await watched({ include: ['/top', '/top/mid/low'] });
    const idle = behavior<Message, number>({ initial: 0, receive: (n) => n + 1 });
    const top = system.spawn(idle, { name: 'top' });
    const mid = system.spawn(idle, { name: 'mid', parent: top });
    const low = system.spawn(idle, { name: 'low', parent: mid });
    for (const ref of [top, mid, low]) ref.tell({ type: 'x' });
    await server.has(6);

    const actors = server.frames.filter(({ type }) => type === '@xstate.actor');
    expect(actors.map(({ name, parentId }) => [name, parentId])).toEqual([
      ['/top', undefined],
      ['/top/mid/low', '/top#1'],
    ]);
  });

  it('shows how actors end, and dead letters', async () => {
    const { system, server } = await watched();
    const actor = system.spawn(worker, { name: 'worker' });
    await system.stopActor(actor);
    actor.tell({ type: 'late', password: 'hunter2' } as never);
    await server.has(4);

    expect(server.frames.map(inShort).slice(1)).toEqual([
      'snapshot stopped',
      'actor dead letters',
      'event deadLetter.stopped',
    ]);
    expect(JSON.stringify(server.frames)).not.toContain('hunter2');
  });

  it('comes again after the connection was cut: the living actors as they are, nothing twice', async () => {
    const { system, server } = await watched();
    const gone = system.spawn(worker, { name: 'gone' });
    system.spawn(worker, { name: 'stays' }).tell({ type: 'work' });
    await system.stopActor(gone);
    await server.has(5);
    const before = server.frames.length;

    server.cut();
    await server.has(before + 1);

    expect(server.frames.slice(before)).toMatchObject([
      { type: '@xstate.actor', name: '/stays', snapshot: { context: { done: 1 } } },
    ]);
  });

  it('waits for an inspector that comes later than the actors', async () => {
    const first = await startFrameServer();
    await first.close();
    const port = Number(new URL(first.url).port);
    const inspect = inspectInStately({ url: first.url });
    onTestFinished(() => inspect.close());
    const system = createSystem({ environment: createManualEnvironment(), inspect });
    system.spawn(worker, { name: 'worker' });
    await inspect.ready;
    const late = await startFrameServer(port);
    onTestFinished(() => late.close());

    await late.has(1);

    expect(late.frames).toMatchObject([{ type: '@xstate.actor', name: '/worker' }]);
  });

  it('can be watched from the middle: actors that lived before are announced with what they do next', async () => {
    const server = await startFrameServer();
    onTestFinished(() => server.close());
    const system = createSystem({ environment: createManualEnvironment() });
    const top = system.spawn(boss, { name: 'boss' });
    await nextTurn();
    const inspect = inspectInStately({ url: server.url });
    onTestFinished(() => inspect.close());
    const end = system.inspect(inspect);
    await inspect.ready;

    system.actor('/boss/worker')?.tell({ type: 'work' });
    await server.has(4);
    end();
    top.tell({ type: 'unseen' } as never);
    await nextTurn();

    expect(server.frames.map(inShort)).toEqual([
      'actor /boss',
      'actor /boss/worker',
      'event work',
      'snapshot 1 after work',
    ]);
  });
});

describe('an inspector that was handed in', () => {
  it('gets the same, by the real package and its own connection', async () => {
    const server = await startFrameServer();
    onTestFinished(() => server.close());
    const inspector = createWebSocketInspector({ url: server.url });
    onTestFinished(() => inspector.stop());
    const inspect = inspectInStately({ inspector });
    const system = createSystem({ environment: createManualEnvironment(), inspect });

    system.spawn(boss, { name: 'boss' });
    await server.has(2);

    expect(server.frames).toMatchObject([
      { type: '@xstate.actor', sessionId: '/boss#1' },
      { type: '@xstate.actor', sessionId: '/boss/worker#2', parentId: '/boss#1' },
    ]);
  });
});

// Helpers

async function watched(options: StatelyOptions = {}): Promise<{ system: ActorSystem; server: FrameServer }> {
  const server = await startFrameServer();
  const inspect = inspectInStately({ url: server.url, ...options });
  onTestFinished(async () => {
    inspect.close();
    await server.close();
  });
  return { system: createSystem({ environment: createManualEnvironment(), inspect }), server };
}

function inShort(frame: Frame): string {
  const { type, name, event, snapshot } = frame as Frame & {
    readonly event?: { readonly type: string };
    readonly snapshot?: { readonly status: string; readonly context?: { readonly done?: number } };
  };
  if (type === '@xstate.actor') return `actor ${String(name)}`;
  if (type === '@xstate.event') return `event ${event?.type}`;
  if (snapshot?.status !== 'active') return `snapshot ${snapshot?.status}`;
  return `snapshot ${snapshot.context?.done} after ${event?.type}`;
}
