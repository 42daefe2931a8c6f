// A stop while the connection is being opened. The wrong dialer ends at once, and the connection that comes afterwards
// belongs to nobody; the right one waits for it and closes it.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type NetworkMessage = { readonly type: 'open'; readonly dialer: ActorRef<DialerMessage> } | { readonly type: 'close' };
type DialerMessage = { readonly type: 'dial' } | { readonly type: 'opened' } | { readonly type: 'stop' };
type DialerState = 'idle' | 'opening' | 'open' | 'stopping';

/** Its state is the number of open connections. */
const network = behavior<NetworkMessage, number>({
  initial: 0,
  receive(open, message, actor) {
    if (message.type === 'close') return open - 1;
    actor.tell(message.dialer, { type: 'opened' });
    return open + 1;
  },
});

function start(system: ActorSystem, bug: boolean) {
  const target = system.spawn(network, { name: 'network' });
  const dialer = behavior<DialerMessage, DialerState>({
    initial: 'idle',
    receive(state, { type }, actor) {
      if (type === 'dial') {
        actor.tell(target, { type: 'open', dialer: actor.self });
        return 'opening';
      }
      if (type === 'stop' && state === 'opening' && !bug) return 'stopping';
      if (type === 'opened' && state !== 'stopping') return 'open';
      if (state === 'open' || state === 'stopping') actor.tell(target, { type: 'close' });
      actor.finish();
      return state;
    },
  });
  return { target, dialer: system.spawn(dialer, { name: 'dialer' }) };
}

export const leakedByStop = defineRace({
  name: 'leaked-by-stop',
  wrong: 'a connection that opens after the stop is never closed',
  oracle: 'check',
  constraints: 1,
  shortest: 1,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { target, dialer } = start(system, bug);
      client('user', (user) => {
        user.tell(dialer, { type: 'dial' });
        user.tell(dialer, { type: 'stop' });
      });
      return target;
    },
    check: (target) => target.snapshot() === 0,
  }),
  async unit({ system, settle }, bug) {
    const { target, dialer } = start(system, bug);

    dialer.tell({ type: 'dial' });
    await settle();
    equal(target.snapshot(), 1);
    dialer.tell({ type: 'stop' });
    await settle();

    equal(target.snapshot(), 0);
  },
});
