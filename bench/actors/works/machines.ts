// The machines that troupe and bare XState run alike.

import { assign, setup } from 'xstate';
import type { Add, Gate } from './work.ts';

/** The machine of the statechart cells takes these. */
export type CounterEvent = Add | { readonly type: 'mark' };

const HOUR_MS = 3_600_000;

/** Two states, a guard and an `assign` on each `add`; `mark` opens the gate. */
export const counterMachine = setup({
  types: {
    context: {} as { readonly count: number; readonly gate: Gate | undefined },
    events: {} as CounterEvent,
    input: {} as { readonly gate: Gate | undefined },
  },
  guards: { isPositive: (_, { amount }: { readonly amount: number }) => amount > 0 },
  actions: {
    count: assign({
      count: ({ context }, { amount }: { readonly amount: number }) => context.count + amount,
    }),
    mark: ({ context }) => context.gate?.processed(0),
  },
}).createMachine({
  id: 'counter',
  context: ({ input }) => ({ count: 0, gate: input.gate }),
  initial: 'even',
  on: { mark: { actions: 'mark' } },
  states: {
    even: { on: { add: transitionTo('odd') } },
    odd: { on: { add: transitionTo('even') } },
  },
});

/** A machine with a timer that never fires while it is measured. */
export const waitingMachine = setup({
  types: { events: {} as { readonly type: 'touch' } },
  delays: { hour: HOUR_MS },
}).createMachine({
  id: 'waiting',
  initial: 'waiting',
  states: { waiting: { after: { hour: 'late' } }, late: {} },
});

function transitionTo<Target extends string>(target: Target) {
  const params = ({ event }: { readonly event: Add }) => ({ amount: event.amount });
  return { target, guard: { type: 'isPositive', params }, actions: { type: 'count', params } } as const;
}
