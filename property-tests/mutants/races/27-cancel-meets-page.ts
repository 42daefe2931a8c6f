// A loop fetches page after page. Cancelled between two pages, its timer goes; cancelled while a page is on its way, the
// wrong version goes on when the page comes.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

interface Fetch {
  readonly type: 'fetch';
  readonly loop: ActorRef<LoopMessage>;
}
type LoopMessage = { readonly type: 'begin' | 'page' | 'due' | 'cancel' };

interface LoopState {
  readonly isCancelled: boolean;
  readonly fetchesAfterCancel: number;
}

const PAUSE_MS = 100;

const server = behavior<Fetch, undefined>({
  initial: undefined,
  receive: (_, { loop }, actor) => actor.tell(loop, { type: 'page' }) as undefined,
});

function start(system: ActorSystem, bug: boolean) {
  const pages = system.spawn(server, { name: 'server' });
  const loop = behavior<LoopMessage, LoopState>({
    initial: { isCancelled: false, fetchesAfterCancel: 0 },
    receive(state, { type }, actor) {
      if (type === 'cancel') {
        actor.cancelTimer('pause');
        return { ...state, isCancelled: true };
      }
      if (type === 'page') {
        if (bug || !state.isCancelled) actor.startTimer('pause', { afterMs: PAUSE_MS }, { type: 'due' });
        return state;
      }
      actor.tell(pages, { type: 'fetch', loop: actor.self });
      return state.isCancelled ? { ...state, fetchesAfterCancel: state.fetchesAfterCancel + 1 } : state;
    },
  });
  return system.spawn(loop, { name: 'loop' });
}

export const cancelMeetsPage = defineRace({
  name: 'cancel-meets-page',
  wrong: 'a loop that is cancelled while a page is on its way never ends',
  oracle: 'invariant',
  constraints: 1,
  shortest: 1,
  scenario: (bug) => ({
    setup({ system, client }) {
      const loop = start(system, bug);
      client('user', (user) => {
        user.tell(loop, { type: 'begin' });
        user.tell(loop, { type: 'cancel' });
      });
      return loop;
    },
    invariant: (loop) => loop.snapshot().fetchesAfterCancel === 0,
  }),
  async unit({ system, settle, advance }, bug) {
    const loop = start(system, bug);

    loop.tell({ type: 'begin' });
    await settle();
    loop.tell({ type: 'cancel' });
    await advance(10 * PAUSE_MS);

    equal(loop.snapshot().fetchesAfterCancel, 0);
  },
});
