// The same four actors under the race kernel and without it.

import { assign, createActor, setup } from 'xstate';
import { behavior, createSystem, tell } from 'troupe/actors';
import type { ActorRef, ActorSystem } from 'troupe/actors';
import { explore } from 'troupe/testing';
import { Gate, rateOf } from '../actors/works/work.ts';
import type { Add, Work, Works } from '../actors/works/work.ts';

interface Go {
  readonly type: 'go';
}

const SENDERS = ['a', 'b', 'c'];
const MESSAGES_EACH = 3;
/** Rounds between two looks at the clock. */
const ROUNDS = 20;
const MESSAGE: Add = { type: 'add', amount: 1 };

/** Both ways to run the actors. */
export const WORKS: Works = {
  'explore-charts': () => exploring(startCharts),
  'bare-charts': bareCharts,
  'explore-plain': () => exploring((system) => startPlain(system, undefined)),
  'bare-plain': barePlain,
};

const receiverMachine = setup({
  types: { context: {} as { readonly count: number }, events: {} as Add },
  actions: {
    count: assign({ count: ({ context }, { amount }: { readonly amount: number }) => context.count + amount }),
  },
}).createMachine({
  id: 'receiver',
  context: { count: 0 },
  on: { add: { actions: { type: 'count', params: ({ event }) => ({ amount: event.amount }) } } },
});

const senderMachine = setup({
  types: {
    context: {} as { readonly to: ActorRef<Add> },
    events: {} as Go,
    input: {} as { readonly to: ActorRef<Add> },
  },
  actions: { send: tell(({ context }) => context.to, MESSAGE) },
}).createMachine({
  id: 'sender',
  context: ({ input }) => ({ to: input.to }),
  on: { go: { actions: ['send', 'send', 'send'] } },
});

interface XStateTarget {
  send(message: Add): void;
}

/** The sender without a system: its actions send themselves. */
const bareSenderMachine = setup({
  types: {
    context: {} as { readonly to: XStateTarget },
    events: {} as Go,
    input: {} as { readonly to: XStateTarget },
  },
  actions: { send: ({ context }) => context.to.send(MESSAGE) },
}).createMachine({
  id: 'sender',
  context: ({ input }) => ({ to: input.to }),
  on: { go: { actions: ['send', 'send', 'send'] } },
});

/** Schedules a second, in random orders; each run goes on with seeds of its own. */
function exploring(start: (system: ActorSystem) => unknown): Work {
  let seed = 0;
  return {
    async run(durationMs) {
      seed += 1;
      const startedAt = performance.now();
      const setUp = ({ system }: { readonly system: ActorSystem }) => start(system);
      const { schedules } = await explore({ setup: setUp }, { strategy: 'random', seed, timeMs: durationMs });
      return (schedules / (performance.now() - startedAt)) * 1_000;
    },
  };
}

function startCharts(system: ActorSystem): void {
  const to = system.spawn(receiverMachine, { name: 'receiver' });
  for (const name of SENDERS) system.spawn(senderMachine, { name, input: { to } }).tell({ type: 'go' });
}

function bareCharts(): Work {
  return rateOf(() => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const to = createActor(receiverMachine).start();
      const senders = SENDERS.map(() => createActor(bareSenderMachine, { input: { to } }).start());
      for (const sender of senders) sender.send({ type: 'go' });
      for (const actor of [...senders, to]) actor.stop();
    }
    return Promise.resolve(ROUNDS);
  });
}

function startPlain(system: ActorSystem, gate: Gate | undefined): void {
  const receiver = behavior<Add, number>({
    initial: 0,
    receive(count, { amount }) {
      gate?.processed(amount);
      return count + amount;
    },
  });
  const to = system.spawn(receiver, { name: 'receiver' });
  const sender = behavior<Go, undefined>({
    initial: undefined,
    receive(_state, _message, actor) {
      for (let sent = 0; sent < MESSAGES_EACH; sent += 1) actor.tell(to, MESSAGE);
      return undefined;
    },
  });
  for (const name of SENDERS) system.spawn(sender, { name }).tell({ type: 'go' });
}

function barePlain(): Work {
  const gate = new Gate();
  return rateOf(async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const system = createSystem();
      const done = gate.expect(SENDERS.length * MESSAGES_EACH);
      startPlain(system, gate);
      await done;
      await system.stop();
    }
    return ROUNDS;
  });
}
