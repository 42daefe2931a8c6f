// Several activate one plugin at once. The wrong ones look first and act then; the right registry decides both in one
// message.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem, Expects } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type RegistryMessage =
  | { readonly type: 'look'; readonly from: ActorRef<ActivatorMessage> }
  | { readonly type: 'activate'; readonly from: ActorRef<ActivatorMessage>; readonly isSure: boolean }
  | ({ readonly type: 'isActive' } & Expects<boolean>);
type ActivatorMessage = { readonly type: 'go' } | { readonly type: 'isInactive' | 'won' | 'lost' };

const registry = behavior<RegistryMessage, boolean>({
  initial: false,
  receive(isActive, message, actor) {
    if (message.type === 'isActive') {
      actor.reply(isActive);
      return isActive;
    }
    const { from } = message;
    if (message.type === 'look') {
      actor.tell(from, { type: isActive ? 'lost' : 'isInactive' });
      return isActive;
    }
    actor.tell(from, { type: isActive && !message.isSure ? 'lost' : 'won' });
    return true;
  },
});

function populate(system: ActorSystem, bug: boolean, count: number) {
  const target = system.spawn(registry, { name: 'registry' });
  const winners: string[] = [];
  const activator = behavior<ActivatorMessage, undefined>({
    initial: undefined,
    receive(_, { type }, actor) {
      const activate = (): void => actor.tell(target, { type: 'activate', from: actor.self, isSure: bug });
      if (type === 'go' && bug) actor.tell(target, { type: 'look', from: actor.self });
      else if (type === 'go' || type === 'isInactive') activate();
      else if (type === 'won') winners.push(actor.self.name);
      return undefined;
    },
  });
  const activators = Array.from({ length: count }, (_, i) => system.spawn(activator, { name: `activator-${i}` }));
  return { winners, activators };
}

export const twoWinners = defineRace({
  name: 'two-winners',
  wrong: 'two activations that both looked before either acted both win',
  oracle: 'check',
  constraints: 1,
  shortest: 13,
  scenario: (bug) => ({
    setup({ system }) {
      const { winners, activators } = populate(system, bug, 4);
      for (const one of activators) one.tell({ type: 'go' });
      return winners;
    },
    check: (winners) => winners.length === 1,
  }),
  async unit({ system, settle }, bug) {
    const { winners, activators } = populate(system, bug, 4);

    for (const one of activators) {
      one.tell({ type: 'go' });
      await settle();
    }

    equal(winners.length, 1);
  },
});
