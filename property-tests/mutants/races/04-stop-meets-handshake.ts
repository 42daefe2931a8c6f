// A stop that comes before the handshake is done. The wrong chart knows `stop` only where it is ready.

import { equal } from 'node:assert/strict';
import { setup as machine } from 'xstate';
import { tell, behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type ConnectionEvent = { readonly type: 'handshake.done' } | { readonly type: 'stop' };
interface Close {
  readonly type: 'close';
}

/** True while it is open. */
const socket = behavior<Close, boolean>({ initial: true, receive: () => false });

const { createMachine } = machine({
  types: { context: {} as { socket: ActorRef<Close> }, events: {} as ConnectionEvent, input: {} as ActorRef<Close> },
  actions: { close: tell(({ context }) => context.socket, { type: 'close' as const }) },
});

const right = createMachine({
  id: 'connection',
  context: ({ input }) => ({ socket: input }),
  initial: 'connecting',
  states: {
    connecting: { on: { 'handshake.done': 'ready', stop: 'closed' } },
    ready: { on: { stop: 'closed' } },
    closed: { entry: 'close' },
  },
});

const wrong = createMachine({
  id: 'connection',
  context: ({ input }) => ({ socket: input }),
  initial: 'connecting',
  states: {
    connecting: { on: { 'handshake.done': 'ready' } },
    ready: { on: { stop: 'closed' } },
    closed: { entry: 'close' },
  },
});

function connect(system: ActorSystem, bug: boolean) {
  const peer = system.spawn(socket, { name: 'socket' });
  return { peer, connection: system.spawn(bug ? wrong : right, { name: 'connection', input: peer }) };
}

export const stopMeetsHandshake = defineRace({
  name: 'stop-meets-handshake',
  wrong: 'a stop before the end of the handshake is ignored, and the socket stays open',
  oracle: 'check',
  constraints: 1,
  shortest: 2,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { peer, connection } = connect(system, bug);
      client('peer', (other) => other.tell(connection, { type: 'handshake.done' }));
      client('user', (user) => user.tell(connection, { type: 'stop' }));
      return peer;
    },
    check: (peer) => !peer.snapshot(),
  }),
  async unit({ system, settle }, bug) {
    const { peer, connection } = connect(system, bug);

    connection.tell({ type: 'handshake.done' });
    connection.tell({ type: 'stop' });
    await settle();

    equal(peer.snapshot(), false);
  },
});
