// Two shops are asked, the first that confirms gets the order and the other one a cancellation, which may come too late.
// The right version sends a second delivery back.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { Actor, ActorRef, ActorSystem, Behavior } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type ShopMessage =
  | { readonly type: 'order'; readonly buyer: ActorRef<BuyerMessage> }
  | { readonly type: 'cancel' | 'giveBack' }
  | { readonly type: 'packed'; readonly buyer: ActorRef<BuyerMessage> };
type BuyerMessage = { readonly type: 'buy' } | { readonly type: 'confirmed'; readonly shop: ActorRef<ShopMessage> };

/** Its state is what it has sold. */
function shop(packMs: number): Behavior<ShopMessage, number> {
  return behavior<ShopMessage, number>({
    initial: 0,
    receive(sold, message, actor) {
      switch (message.type) {
        case 'order':
          actor.startTimer('pack', { afterMs: packMs }, { type: 'packed', buyer: message.buyer });
          return sold;
        case 'cancel':
          actor.cancelTimer('pack');
          return sold;
        case 'packed':
          actor.tell(message.buyer, { type: 'confirmed', shop: actor.self });
          return sold + 1;
        default:
          return sold - 1;
      }
    },
  });
}

function open(system: ActorSystem, bug: boolean, packMs: readonly number[]) {
  const shops = packMs.map((ms, i) => system.spawn(shop(ms), { name: `shop-${i}` }));
  const buyer = behavior<BuyerMessage, boolean>({
    initial: false,
    receive(hasIt, message, actor) {
      if (message.type === 'buy') {
        for (const one of shops) actor.tell(one, { type: 'order', buyer: actor.self });
        return false;
      }
      if (hasIt) {
        if (!bug) actor.tell(message.shop, { type: 'giveBack' });
        return true;
      }
      for (const one of shops) if (one.id !== message.shop.id) actor.tell(one, { type: 'cancel' });
      return true;
    },
  });
  return { shops, buyer: system.spawn(buyer, { name: 'buyer' }) };
}

function soldBy(shops: readonly Actor<Behavior<ShopMessage, number>>[]): number {
  return shops.reduce((sum, one) => sum + one.snapshot(), 0);
}

export const cancelMeetsAnswer = defineRace({
  name: 'cancel-meets-answer',
  wrong: 'an answer that crosses its cancellation is paid for twice',
  oracle: 'check',
  constraints: 1,
  shortest: 6,
  scenario: (bug) => ({
    setup({ system }) {
      const { shops, buyer } = open(system, bug, [20, 20]);
      buyer.tell({ type: 'buy' });
      return shops;
    },
    check: (shops) => soldBy(shops) === 1,
  }),
  async unit({ system, advance }, bug) {
    const { shops, buyer } = open(system, bug, [10, 50]);

    buyer.tell({ type: 'buy' });
    await advance(100);

    equal(soldBy(shops), 1);
  },
});
