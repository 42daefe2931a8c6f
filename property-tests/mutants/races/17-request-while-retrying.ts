// Requests are put aside until the connection stands. The wrong chart forgets that between two attempts there is no
// connection either, and ignores them there.

import { equal } from 'node:assert/strict';
import { setup as machine } from 'xstate';
import { ask, behavior, reply, stash, unstash } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type SessionEvent = { readonly type: 'request' } | { readonly type: 'connected' } | { readonly type: 'refused' };
interface Dial {
  readonly type: 'dial';
}
interface Context {
  readonly link: ActorRef<Dial>;
}

const session = machine({
  types: { context: {} as Context, events: {} as SessionEvent, input: {} as Context },
  actions: {
    dial: ask(
      ({ context }) => context.link,
      { type: 'dial' },
      {
        deadlineMs: 1000,
        onReply: (isConnected) => ({ type: isConnected === true ? 'connected' : 'refused' }),
        onFailure: () => ({ type: 'refused' }),
      },
    ),
    putAside: stash(),
    takeUp: unstash(),
    answer: reply('done'),
  },
  delays: { backoff: 10 },
});
const connecting = {
  entry: 'dial',
  on: { connected: 'ready', refused: 'retrying', request: { actions: 'putAside' } },
} as const;
const ready = { entry: 'takeUp', on: { request: { actions: 'answer' } } } as const;

const right = session.createMachine({
  id: 'session',
  context: ({ input }) => input,
  initial: 'connecting',
  states: {
    connecting,
    ready,
    retrying: { after: { backoff: 'connecting' }, on: { request: { actions: 'putAside' } } },
  },
});
const wrong = session.createMachine({
  id: 'session',
  context: ({ input }) => input,
  initial: 'connecting',
  states: { connecting, ready, retrying: { after: { backoff: 'connecting' } } },
});

/** Refuses the first call. */
const network = behavior<Dial, number>({
  initial: 0,
  receive(calls, _, actor) {
    actor.reply(calls > 0);
    return calls + 1;
  },
});

function open(system: ActorSystem, bug: boolean): ActorRef<SessionEvent> {
  const link = system.spawn(network, { name: 'link' });
  return system.spawn(bug ? wrong : right, { name: 'session', input: { link } });
}

export const requestWhileRetrying = defineRace({
  name: 'request-while-retrying',
  wrong: 'a request between two attempts to connect is never answered',
  oracle: 'uncaughtError',
  constraints: 1,
  shortest: 3,
  options: { earlyTimers: 0 },
  scenario: (bug) => ({
    setup({ system, client }) {
      const ref = open(system, bug);
      client('user', (user) => user.ask(ref, { type: 'request' }, { deadlineMs: 1000 }));
      return ref;
    },
    completes: true,
  }),
  async unit({ system, advance }, bug) {
    const ref = open(system, bug);

    const answer = system.ask(ref, { type: 'request' }, { deadlineMs: 1000 });
    await advance(50);

    equal(await answer, 'done');
  },
});
