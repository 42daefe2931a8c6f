// A restart ends the modules while the bridge still fans events out to them. In the right version the bridge itself ends
// them, behind the last event that it has sent, and holds back what comes then.

import { deepEqual, equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorSystem } from '../../../src/actors/index.ts';
import { noDeadLetters } from '../../../src/testing/index.ts';
import { defineRace } from './race.ts';

interface ModuleMessage {
  readonly type: 'notice' | 'end';
}
interface BridgeMessage {
  readonly type: 'event' | 'restart' | 'holdBack';
}
interface KeeperMessage {
  readonly type: 'restart';
}

const pluginModule = behavior<ModuleMessage, number>({
  initial: 0,
  receive(notices, { type }, actor) {
    if (type === 'end') actor.finish();
    return notices + 1;
  },
});

function open(system: ActorSystem, bug: boolean) {
  const modules = ['a', 'b'].map((name) => system.spawn(pluginModule, { name }));
  const bridgeLogic = behavior<BridgeMessage, boolean>({
    initial: true,
    receive(isOpen, { type }, actor) {
      if (type === 'event') {
        // Events that are held back would wait for the new modules, which are not part of this.
        if (isOpen) for (const one of modules) actor.tell(one, { type: 'notice' });
        return isOpen;
      }
      if (type === 'restart') for (const one of modules) actor.tell(one, { type: 'end' });
      return false;
    },
  });
  const bridge = system.spawn(bridgeLogic, { name: 'bridge' });
  const keeper = behavior<KeeperMessage, undefined>({
    initial: undefined,
    receive(_, __, actor) {
      if (bug) for (const one of modules) actor.tell(one, { type: 'end' });
      actor.tell(bridge, { type: bug ? 'holdBack' : 'restart' });
      return undefined;
    },
  });
  return { bridge, keeper: system.spawn(keeper, { name: 'keeper' }) };
}

export const teardownMeetsFanOut = defineRace({
  name: 'teardown-meets-fan-out',
  wrong: 'the bridge sends an event to a module that has been ended for the restart',
  oracle: 'noDeadLetters',
  constraints: 1,
  shortest: 5,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { bridge, keeper } = open(system, bug);
      client('peer', (peer) => peer.tell(bridge, { type: 'event' }));
      client('operator', (operator) => operator.tell(keeper, { type: 'restart' }));
    },
    oracles: [noDeadLetters()],
  }),
  async unit({ system, settle }, bug) {
    const { bridge, keeper } = open(system, bug);

    bridge.tell({ type: 'event' });
    await settle();
    keeper.tell({ type: 'restart' });
    await settle();

    deepEqual(system.deadLetters.counts, {});
    equal(system.actors().length, 2);
  },
});
