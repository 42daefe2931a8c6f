import { describe, expect, expectTypeOf, it } from 'vitest';
import { fromTransition, setup } from 'xstate';
import {
  ask,
  behavior,
  createSystem,
  reply,
  serviceKey,
  spawn,
  stash,
  stop,
  tell,
  unstash,
  unwatch,
  watch,
} from '../../src/actors/index.ts';
import type { Actor, ActorOutcome, ActorRef, Expects, ReplyTo } from '../../src/actors/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';

interface Greeting {
  readonly type: 'greet';
  readonly to: string;
}

interface Context {
  readonly peer: ActorRef<Greeting>;
  readonly name: string;
}

type Events = { readonly type: 'meet'; readonly who: string } | { readonly type: 'part' };

const counter = fromTransition((count: number) => count + 1, 0);

describe('the types of the system actions', () => {
  it('know context and event inside setup', () => {
    const machine = setup({
      types: { context: {} as Context, events: {} as Events, input: {} as ActorRef<Greeting> },
      actions: {
        greet: tell(
          ({ context }) => context.peer,
          ({ context, event }) => ({ type: 'greet' as const, to: event.type === 'meet' ? event.who : context.name }),
        ),
        greetByName: tell('child', { type: 'greet', to: 'you' }),
        raise: spawn(({ context }) => context.name, counter),
        raiseWithInput: spawn('child', counter, ({ event }) => event.type),
        lower: stop(({ context }) => context.name),
      },
    }).createMachine({
      context: ({ input }) => ({ peer: input, name: 'x' }),
      on: { meet: { actions: ['greet', 'greetByName', 'raise', 'raiseWithInput'] }, part: { actions: 'lower' } },
    });

    expect(Object.keys(machine.config.on ?? {})).toEqual(['meet', 'part']);
  });

  it('refuse a message that the receiver does not know', () => {
    const { createMachine } = setup({
      types: { context: {} as Context, events: {} as Events },
      actions: {
        // @ts-expect-error the peer knows no farewell
        farewell: tell(({ context }) => context.peer, { type: 'farewell' }),
      },
    });

    expect(createMachine).toBeTypeOf('function');
  });

  it('refuse what the chart does not have', () => {
    const { createMachine } = setup({
      types: { context: {} as Context, events: {} as Events },
      actions: {
        // @ts-expect-error the context has no `nobody`
        missing: tell(({ context }) => context.nobody, { type: 'greet' }),
        // @ts-expect-error the event has no `where`
        wrong: stop(({ event }) => event.where),
      },
    });

    expect(createMachine).toBeTypeOf('function');
  });

  it('follow the behaviour from spawn to its end', () => {
    const system = createSystem({ environment: createManualEnvironment() });

    const actor = system.spawn(counter, { name: 'counter' });

    expectTypeOf(actor).toEqualTypeOf<Actor<typeof counter>>();
    expectTypeOf(actor.snapshot().context).toEqualTypeOf<number>();
    expectTypeOf(actor.ended).resolves.toExtend<ActorOutcome>();
    expect(actor.snapshot().context).toBe(0);
  });

  it('take only messages that the behaviour knows', () => {
    const system = createSystem({ environment: createManualEnvironment() });
    const greeter = fromTransition((last: string, event: Greeting) => event.to ?? last, '');

    const actor = system.spawn(greeter, { name: 'greeter' });

    expect(actor.tell({ type: 'greet', to: 'you' })).toEqual({ accepted: true });
    // @ts-expect-error a greeting says whom it is for
    actor.tell({ type: 'greet' });
    // @ts-expect-error nothing of this kind is known
    actor.tell({ type: 'meet', who: 'you' });
  });
});

type StoreMessage =
  | { readonly type: 'put'; readonly key: string }
  | ({ readonly type: 'size' } & Expects<number>)
  | ({ readonly type: 'keys'; readonly prefix: string } & Expects<readonly string[]>);

type Asked =
  | { readonly type: 'go' }
  | { readonly type: 'size.known'; readonly size: number }
  | { readonly type: 'size.unknown'; readonly code: string };

describe('the types of ask', () => {
  it('infer the reply from `Expects`, and `unknown` without it', () => {
    expectTypeOf<ReplyTo<StoreMessage, 'size'>>().toEqualTypeOf<number>();
    expectTypeOf<ReplyTo<StoreMessage, 'keys'>>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<ReplyTo<StoreMessage, 'put'>>().toEqualTypeOf<unknown>();
  });

  it('of a system give the reply of the message that is asked', async () => {
    const system = createSystem({ environment: createManualEnvironment() });
    const store = system.spawn(storeLogic, { name: 'store' });

    const size = system.ask(store, { type: 'size' }, { deadlineMs: 10 });
    const keys = system.ask(store, { type: 'keys', prefix: 'a' }, { deadlineMs: 10 });

    expectTypeOf(size).resolves.toEqualTypeOf<number>();
    expectTypeOf(keys).resolves.toEqualTypeOf<readonly string[]>();
    // @ts-expect-error the store knows no such question
    const unknown = system.ask(store, { type: 'height' }, { deadlineMs: 10 });
    expect([await size, await keys]).toEqual([0, []]);
    await system.stop();
    await expect(unknown).rejects.toMatchObject({ code: 'SYSTEM_STOPPED' });
  });

  it('of a chart give `onReply` the reply of the message that is asked', () => {
    const { createMachine } = setup({
      types: { context: {} as { readonly store: ActorRef<StoreMessage> }, events: {} as Asked },
      actions: {
        size: ask(
          ({ context }) => context.store,
          { type: 'size' },
          {
            deadlineMs: 10,
            onReply(size) {
              expectTypeOf(size).toEqualTypeOf<number>();
              return { type: 'size.known', size };
            },
            onFailure: ({ code }) => ({ type: 'size.unknown', code }),
          },
        ),
        height: ask(
          ({ context }) => context.store,
          // @ts-expect-error the store knows no such question
          { type: 'height' },
          {
            deadlineMs: 10,
            onReply: () => ({ type: 'go' }),
            onFailure: () => ({ type: 'go' }),
          },
        ),
        strange: ask(
          ({ context }) => context.store,
          { type: 'size' },
          // @ts-expect-error the chart has no such events
          { deadlineMs: 10, onReply: () => ({ type: 'bogus' }), onFailure: () => ({ type: 'bogus' }) },
        ),
      },
    });

    expect(createMachine).toBeTypeOf('function');
  });

  it('of a behaviour give `onReply` the reply of the message that is asked', () => {
    const logic = behavior<Asked, ActorRef<StoreMessage>, ActorRef<StoreMessage>>({
      initial: (store) => store,
      receive(store, _, actor) {
        actor.ask(
          store,
          { type: 'size' },
          {
            deadlineMs: 10,
            onReply(size) {
              expectTypeOf(size).toEqualTypeOf<number>();
              return { type: 'size.known', size };
            },
            onFailure: ({ code }) => ({ type: 'size.unknown', code }),
          },
        );
        actor.ask(
          store,
          // @ts-expect-error the store knows no such question
          { type: 'height' },
          { deadlineMs: 1, onReply: () => ({ type: 'go' }), onFailure: () => ({ type: 'go' }) },
        );
        actor.ask(
          store,
          { type: 'size' },
          {
            deadlineMs: 1,
            // @ts-expect-error the asker takes no such message
            onReply: () => ({ type: 'bogus' }),
            // @ts-expect-error the message says which code
            onFailure: () => ({ type: 'size.unknown' }),
          },
        );
        return store;
      },
    });

    expect(logic.kind).toBe('behavior');
  });
});

describe('the types of the input', () => {
  const room = behavior<Greeting, number, { readonly beds: number }>({
    initial: ({ beds }) => beds,
    receive: (beds) => beds,
  });
  const chart = setup({ types: { input: {} as { readonly beds: number } } }).createMachine({});

  it('of a system demand it where the logic does not take undefined', () => {
    const system = createSystem({ environment: createManualEnvironment() });

    expect(system.spawn(room, { name: 'a', input: { beds: 2 } }).snapshot()).toBe(2);
    system.spawn(chart, { name: 'b', input: { beds: 2 } });
    system.spawn(storeLogic, { name: 'c' });
    // @ts-expect-error a room has beds
    system.spawn(room, { name: 'd' });
    // @ts-expect-error a chart of a room, too
    system.spawn(chart, { name: 'e' });
    // @ts-expect-error so many beds are no number
    system.spawn(room, { name: 'f', input: { beds: 'two' } });
    // @ts-expect-error the store starts from nothing
    system.spawn(storeLogic, { name: 'g', input: 3 });
  });

  it('of a behaviour demand it as well, and its children take the messages of their logic', () => {
    const logic = behavior<Greeting, null>({
      initial: null,
      receive(_, message, actor) {
        const child = actor.spawn('a', room, { input: { beds: 2 } });
        expectTypeOf(child).toEqualTypeOf<ActorRef<Greeting>>();
        child.tell(message);
        actor.tell(child, message);
        actor.spawn('b', storeLogic);
        actor.spawn('c', storeLogic, { supervision: { restart: 'temporary' } });
        // @ts-expect-error a room takes greetings alone
        actor.tell(child, { type: 'put', key: 'x' });
        // @ts-expect-error a room has beds
        actor.spawn('d', room);
        // @ts-expect-error whatever else is said
        actor.spawn('e', room, { mailbox: { capacity: 8 } });
        // @ts-expect-error a chart of a room, too
        actor.spawn('f', chart, {});
        return null;
      },
    });

    expect(logic.kind).toBe('behavior');
  });

  it('of the action `spawn` demand it as well, as a value or made from context and event', () => {
    const { createMachine } = setup({
      types: { context: {} as Context, events: {} as Events },
      actions: {
        room: spawn('a', room, { beds: 2 }),
        mapped: spawn('b', chart, ({ context, event }) => ({ beds: context.name.length + event.type.length })),
        // @ts-expect-error a room has beds
        bare: spawn('c', room),
        // @ts-expect-error so many beds are no number
        wrong: spawn('d', chart, { beds: 'two' }),
        // @ts-expect-error nor is a name
        wrongMapped: spawn('e', room, ({ context }) => ({ beds: context.name })),
      },
    });

    expect(createMachine).toBeTypeOf('function');
  });
});

describe('the types of the other actions', () => {
  it('take references from the context and names, and no message that the chart does not have', () => {
    const { createMachine } = setup({
      types: { context: {} as Context, events: {} as Events },
      actions: {
        observe: watch(({ context }) => context.peer),
        observeChild: watch('child'),
        forget: unwatch(({ context }) => context.peer),
        forgetChild: unwatch('child'),
        later: stash(),
        back: unstash(),
        answer: reply(({ context }) => context.name),
        answerPlain: reply(42),
        raise: spawn('child', storeLogic, undefined, {
          supervision: { restart: 'transient' },
          mailbox: { capacity: 8 },
        }),
        // @ts-expect-error a name is no reference
        wrongWatch: watch(({ context }) => context.name.length),
        // @ts-expect-error no such rule
        wrongRule: spawn('child', storeLogic, undefined, { supervision: { restart: 'sometimes' } }),
        // @ts-expect-error a behaviour of nothing
        wrongLogic: spawn('child', { kind: 'other' }),
      },
    });

    expect(createMachine).toBeTypeOf('function');
  });
});

describe('the messages of a reference', () => {
  it('are inferred from a machine, from other XState logic, and from a behaviour', () => {
    const system = createSystem({ environment: createManualEnvironment() });
    const machine = setup({ types: { events: {} as Events } }).createMachine({});
    const chart = system.spawn(machine, { name: 'chart' });
    const transition = system.spawn(
      fromTransition((last: string, event: Greeting) => event.to ?? last, ''),
      { name: 'transition' },
    );
    const plain = system.spawn(storeLogic, { name: 'plain' });

    expectTypeOf(chart).toExtend<ActorRef<Events>>();
    expectTypeOf(transition).toExtend<ActorRef<Greeting>>();
    expectTypeOf(plain).toExtend<ActorRef<StoreMessage>>();
    expectTypeOf(plain.snapshot()).toEqualTypeOf<readonly string[]>();
    // @ts-expect-error a chart of other events
    const wrongChart: ActorRef<{ readonly type: 'fly' }> = chart;
    // @ts-expect-error a store takes no greeting
    plain.tell({ type: 'greet', to: 'you' });
    expect(wrongChart).toBe(chart);
  });

  it('are those of the key under which the receptionist finds it', () => {
    const system = createSystem({ environment: createManualEnvironment() });
    const key = serviceKey<StoreMessage>('store');
    const plain = system.spawn(storeLogic, { name: 'plain' });
    system.receptionist.register(key, plain);

    expectTypeOf(system.receptionist.find(key)).toEqualTypeOf<readonly ActorRef<StoreMessage>[]>();
    // @ts-expect-error an actor that takes greetings alone is no store
    expect(() => system.receptionist.register(key, { path: '/x' } as ActorRef<Greeting>)).toThrow('NOT_FOUND');
  });
});

// Helpers

const storeLogic = behavior<StoreMessage, readonly string[]>({
  initial: [],
  receive(keys, message, actor) {
    if (message.type === 'size') actor.reply(keys.length);
    if (message.type === 'keys') actor.reply(keys.filter((key) => key.startsWith(message.prefix)));
    return message.type === 'put' ? [...keys, message.key] : keys;
  },
});
