// Reservations are taken back because the payment failed, by somebody else than made them, so that an undo may come first.
// The warehouse remembers it. The wrong one remembers only the last.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

interface WarehouseMessage {
  readonly type: 'reserve' | 'undo';
  readonly order: string;
}
interface OrderMessage {
  readonly type: 'order' | 'undo' | 'ask';
  readonly order: string;
}

interface Stock {
  readonly reserved: readonly string[];
  readonly undone: readonly string[];
}

function open(system: ActorSystem, bug: boolean) {
  const warehouse = system.spawn(
    behavior<WarehouseMessage, Stock>({
      initial: { reserved: [], undone: [] },
      receive({ reserved, undone }, { type, order }) {
        if (type === 'reserve') {
          return undone.includes(order) ? { reserved, undone } : { reserved: [...reserved, order], undone };
        }
        const isKnown = reserved.includes(order);
        return {
          reserved: reserved.filter((one) => one !== order),
          undone: isKnown ? undone : [...(bug ? [] : undone), order],
        };
      },
    }),
    { name: 'warehouse' },
  );
  const pass = (name: string, to: ActorRef<OrderMessage> | ActorRef<WarehouseMessage>, type: 'undo' | 'ask') =>
    system.spawn(
      behavior<OrderMessage, undefined>({
        initial: undefined,
        receive: (_, { order }, actor) => actor.tell(to as ActorRef<OrderMessage>, { type, order }) as undefined,
      }),
      { name },
    );
  const undoer = pass('undoer', warehouse, 'undo');
  const bank = pass('bank', pass('fraud', undoer, 'ask'), 'ask');
  const shop = behavior<OrderMessage, undefined>({
    initial: undefined,
    receive(_, { order }, actor) {
      actor.tell(warehouse, { type: 'reserve', order });
      actor.tell(bank, { type: 'ask', order });
      return undefined;
    },
  });
  return {
    warehouse,
    shops: ['a', 'b'].map((order) => ({ order, shop: system.spawn(shop, { name: `shop-${order}` }) })),
  };
}

export const undoComesFirst = defineRace({
  name: 'undo-comes-first',
  wrong: 'of two reservations that come after their own undo, one stays for ever',
  oracle: 'check',
  constraints: 3,
  shortest: 11,
  scenario: (bug) => ({
    setup({ system }) {
      const { warehouse, shops } = open(system, bug);
      for (const { order, shop } of shops) shop.tell({ type: 'order', order });
      return warehouse;
    },
    check: (warehouse) => warehouse.snapshot().reserved.length === 0,
  }),
  async unit({ system, settle }, bug) {
    const { warehouse, shops } = open(system, bug);

    for (const { order, shop } of shops) shop.tell({ type: 'order', order });
    await settle();

    deepEqual(warehouse.snapshot().reserved, []);
  },
});
