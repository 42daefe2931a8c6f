// A cashier that is restarted goes through its journal and repeats what it does not know to be done. The charge may have
// been made. The right bank knows each payment by its number.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { RuntimeError } from '../../../src/errors/index.ts';
import { defineRace } from './race.ts';

interface Charge {
  readonly type: 'charge';
  readonly id: string;
  readonly cashier: ActorRef<CashierMessage>;
}
type CashierMessage =
  | { readonly type: 'pay'; readonly id: string }
  | { readonly type: 'charged'; readonly id: string }
  | { readonly type: 'noise' };

function open(system: ActorSystem, bug: boolean) {
  const bank = system.spawn(
    behavior<Charge, readonly string[]>({
      initial: [],
      receive(charged, { id, cashier }, actor) {
        actor.tell(cashier, { type: 'charged', id });
        return !bug && charged.includes(id) ? charged : [...charged, id];
      },
    }),
    { name: 'bank' },
  );
  // Outlives the cashier, as a database would.
  const journal = new Set<string>();
  const cashier = behavior<CashierMessage, undefined>({
    initial: (_, actor) => {
      for (const id of journal) actor.tell(bank, { type: 'charge', id, cashier: actor.self });
      return undefined;
    },
    receive(_, message, actor) {
      if (message.type === 'noise') throw new RuntimeError('INVALID_ARGUMENT', 'nobody understands this');
      if (message.type === 'charged') {
        journal.delete(message.id);
        return undefined;
      }
      journal.add(message.id);
      actor.tell(bank, { type: 'charge', id: message.id, cashier: actor.self });
      return undefined;
    },
  });
  return { bank, ref: system.spawn(cashier, { name: 'cashier', supervision: { restart: 'permanent' } }) };
}

export const chargedTwice = defineRace({
  name: 'charged-twice',
  wrong: 'a payment is made again by a restart between the charge and its confirmation',
  oracle: 'check',
  constraints: 2,
  shortest: 7,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { bank, ref } = open(system, bug);
      client('user', (user) => user.tell(ref, { type: 'pay', id: 'a' }));
      client('peer', (peer) => peer.tell(ref, { type: 'noise' }));
      return bank;
    },
    check: (bank) => bank.snapshot().join() === 'a',
  }),
  async unit({ system, settle, advance }, bug) {
    const { bank, ref } = open(system, bug);

    ref.tell({ type: 'pay', id: 'a' });
    await settle();
    ref.tell({ type: 'noise' });
    await advance(10_000);

    equal(bank.snapshot().join(), 'a');
  },
});
