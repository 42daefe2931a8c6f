import { assign, setup } from 'xstate';
import { behavior, createSystem, tell } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem, Behavior, Message, PersistOptions } from '../../../src/actors/index.ts';
import { createManualEnvironment, createMemorySnapshotStore } from '../../../src/ports/index.ts';
import type { ManualEnvironment, MemorySnapshotStore, SnapshotStore } from '../../../src/ports/index.ts';
import { nextTurn } from '../support.ts';

/** Counts up; tells `sink` each number, and shows the time in a state of its own after `beat`. */
export type CounterEvent = { readonly type: 'add'; readonly n: number } | { readonly type: 'arm' | 'boom' | 'end' };

/** A chart with a count, an `after` timer of 1,000 ms in `armed`, and an effect for each change. */
export function counterMachine(sink: ActorRef) {
  return setup({
    types: { context: {} as { readonly count: number; readonly rings: number }, events: {} as CounterEvent },
    actions: {
      add: assign({ count: ({ context, event }) => context.count + (event.type === 'add' ? event.n : 0) }),
      ring: assign({ rings: ({ context }) => context.rings + 1 }),
      report: tell(sink, ({ context }) => ({ type: `count ${context.count}` })),
      boom: () => {
        throw new Error('boom');
      },
    },
  }).createMachine({
    id: 'counter',
    context: { count: 0, rings: 0 },
    initial: 'idle',
    on: { add: { actions: ['add', 'report'] }, boom: { actions: ['add', 'report', 'boom'] }, end: '.over' },
    states: {
      idle: { on: { arm: 'armed' } },
      armed: { after: { 1000: { target: 'idle', actions: 'ring' } } },
      over: { type: 'final' },
    },
    output: ({ context }) => context.count,
  });
}

export type TallyMessage = Message & { readonly n?: number };

/** The same as plain logic: a timer of 1,000 ms by the name `bell`. */
export function tally(sink: ActorRef): Behavior<TallyMessage, { readonly count: number; readonly rings: number }> {
  return behavior<TallyMessage, { readonly count: number; readonly rings: number }>({
    initial: { count: 0, rings: 0 },
    receive: (state, message, actor) => {
      switch (message.type) {
        case 'add': {
          const count = state.count + (message.n ?? 0);
          actor.tell(sink, { type: `count ${count}` });
          actor.reply(count);
          return { ...state, count };
        }
        case 'arm':
          actor.startTimer('bell', { afterMs: 1000 }, { type: 'ring' });
          return state;
        case 'ring':
          return { ...state, rings: state.rings + 1 };
        case 'end':
          actor.finish(state.count);
          return state;
        default:
          throw new Error('boom');
      }
    },
  });
}

/** One process with its own system, which shares nothing with others but the store. */
export interface Node {
  readonly environment: ManualEnvironment;
  readonly system: ActorSystem;
  /** What the sink was told. */
  readonly told: string[];
  readonly sink: ActorRef;
}

/** Starts a process at a time. */
export function startNode(startAt = 0, seed = 1): Node {
  const environment = createManualEnvironment({ startAt, seed });
  const system = createSystem({ environment });
  const told: string[] = [];
  const sink = system.spawn(
    behavior<Message, undefined>({ initial: undefined, receive: (_, { type }) => void told.push(type) }),
    { name: 'sink' },
  );
  return { environment, system, told, sink };
}

/** Runs whatever needs no time. */
export async function settled(): Promise<void> {
  await nextTurn(4);
}

/** Lets a node disappear: nothing that it does later reaches the store. */
export function crashable(store: SnapshotStore): {
  readonly store: SnapshotStore;
  crash(): void;
  /** The next save is written, and the process is gone before it hears of that. */
  crashInSave(): void;
} {
  let up = true;
  let isLast = false;
  const gone = new Promise<never>(() => {});
  return {
    store: {
      load: (key) => (up ? store.load(key) : gone),
      save: (key, expected, next) => {
        if (!up) return gone;
        up = !isLast;
        const saved = store.save(key, expected, next);
        return up ? saved : saved.then(() => gone);
      },
      delete: (key, expected) => (up ? store.delete(key, expected) : gone),
    },
    crash: () => {
      up = false;
    },
    crashInSave: () => {
      isLast = true;
    },
  };
}

export function newStore(): MemorySnapshotStore {
  return createMemorySnapshotStore();
}

/** The stored record of a key. */
export function recordIn(store: MemorySnapshotStore, key: string): Record<string, unknown> {
  return JSON.parse(store.peek(key)?.data ?? '{}') as Record<string, unknown>;
}

export function persistIn(store: SnapshotStore, more: Partial<PersistOptions> = {}): PersistOptions {
  return { store, key: 'counter', backoff: { jitter: 'none' }, ...more };
}
