// A job that is cancelled while it runs. The wrong gate forgets it, and with it the credit that it holds.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

interface Run {
  readonly type: 'run';
  readonly id: string;
  readonly gate: ActorRef<GateMessage>;
}
type GateMessage = { readonly type: 'start' | 'cancel' | 'done'; readonly id: string };

interface GateState {
  readonly credits: number;
  readonly wanted: readonly string[];
}

const CREDITS = 2;

const worker = behavior<Run, undefined>({
  initial: undefined,
  receive: (_, { id, gate }, actor) => actor.tell(gate, { type: 'done', id }) as undefined,
});

function openGate(system: ActorSystem, bug: boolean) {
  const runner = system.spawn(worker, { name: 'worker' });
  const gate = behavior<GateMessage, GateState>({
    initial: { credits: CREDITS, wanted: [] },
    receive({ credits, wanted }, { type, id }, actor) {
      const without = wanted.filter((one) => one !== id);
      if (type === 'start') {
        actor.tell(runner, { type: 'run', id, gate: actor.self });
        return { credits: credits - 1, wanted: [...wanted, id] };
      }
      // The worker is still busy with it, so that the credit comes back with `done`.
      if (type === 'cancel') return { credits, wanted: without };
      if (bug && !wanted.includes(id)) return { credits, wanted };
      return { credits: credits + 1, wanted: without };
    },
  });
  return system.spawn(gate, { name: 'gate' });
}

export const creditLeak = defineRace({
  name: 'credit-leak',
  wrong: 'the credit of a job that is cancelled while it runs never comes back',
  oracle: 'check',
  constraints: 1,
  shortest: 3,
  scenario: (bug) => ({
    setup({ system, client }) {
      const gate = openGate(system, bug);
      client('user', (user) => {
        user.tell(gate, { type: 'start', id: 'a' });
        user.tell(gate, { type: 'start', id: 'b' });
        user.tell(gate, { type: 'cancel', id: 'a' });
      });
      return gate;
    },
    check: (gate) => gate.snapshot().credits === CREDITS,
  }),
  async unit({ system, settle }, bug) {
    const gate = openGate(system, bug);

    gate.tell({ type: 'start', id: 'a' });
    await settle();
    gate.tell({ type: 'cancel', id: 'a' });
    await settle();

    equal(gate.snapshot().credits, CREDITS);
  },
});
