import { describe, expect, expectTypeOf, it } from 'vitest';
import { fromTransition, setup } from 'xstate';
import { createSystem, spawn, stop, tell } from '../../src/actors/index.ts';
import type { Actor, ActorOutcome, ActorRef } from '../../src/actors/index.ts';
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
