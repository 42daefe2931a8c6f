import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, createActor, setup } from 'xstate';
import type { AnyActor } from 'xstate';
import { createVirtualClock } from '../../src/ports/index.ts';

describe('an XState actor on a virtual clock', () => {
  it('re-enters a state after 1 s ten times in one advance of 10 s', () => {
    const clock = createVirtualClock();
    const ticker = setup({ types: { context: {} as { ticks: number } } }).createMachine({
      id: 'ticker',
      context: { ticks: 0 },
      initial: 'waiting',
      states: {
        waiting: {
          after: {
            1000: {
              target: 'waiting',
              reenter: true,
              actions: assign({ ticks: ({ context }) => context.ticks + 1 }),
            },
          },
        },
      },
    });
    const actor = started(createActor(ticker, { clock }));

    clock.advance(10_000);

    expect(actor.getSnapshot().context.ticks).toBe(10);
    expect(clock.pending).toBe(1);
  });

  it('waits 30 days in a state with a delay above 2^31 ms', () => {
    const month = 30 * 86_400_000;
    const clock = createVirtualClock();
    const waiter = setup({}).createMachine({
      id: 'waiter',
      initial: 'waiting',
      states: { waiting: { after: { [month]: 'done' } }, done: {} },
    });
    const actor = started(createActor(waiter, { clock }));

    clock.advance(month - 1);
    expect(actor.getSnapshot().value).toBe('waiting');
    clock.advance(1);

    expect(actor.getSnapshot().value).toBe('done');
  });

  it('leaves no timer behind when it is stopped', () => {
    const clock = createVirtualClock();
    const machine = setup({}).createMachine({ id: 'm', initial: 'a', states: { a: { after: { 50: 'a' } } } });
    const actor = started(createActor(machine, { clock }));

    actor.stop();

    expect(clock.pending).toBe(0);
  });
});

// Helpers

function started<A extends AnyActor>(actor: A): A {
  onTestFinished(() => void actor.stop());
  actor.start();
  return actor;
}
