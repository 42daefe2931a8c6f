// The count of failures starts again when a connection has proved stable. The report comes from somebody else, and may be
// about a connection that is long gone. The wrong version only checks that it is connected when the report comes.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { Actor, ActorRef, ActorSystem, Behavior } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

interface Dial {
  readonly type: 'dial';
  readonly number: number;
  readonly from: ActorRef<LoopMessage>;
}
interface Observe {
  readonly type: 'observe';
  readonly number: number;
  readonly from: ActorRef<LoopMessage>;
}
type LoopMessage =
  | { readonly type: 'begin' }
  | { readonly type: 'connected' | 'refused' | 'lost' | 'stable'; readonly number: number };

const LAST = 6;

interface LoopState {
  readonly number: number;
  readonly isUp: boolean;
  readonly failures: number;
}

/** Reports every connection as stable, as soon as it looks at it. */
const guard = behavior<Observe, undefined>({
  initial: undefined,
  receive: (_, { number, from }, actor) => actor.tell(from, { type: 'stable', number }) as undefined,
});

/** Accepts the first call and the one with the number `last`, and soon loses both; refuses those between. */
function network(last: number): Behavior<Dial, undefined> {
  return behavior<Dial, undefined>({
    initial: undefined,
    receive(_, { number, from }, actor) {
      const isAccepted = number === 1 || number === last;
      if (isAccepted) actor.tell(from, { type: 'connected', number });
      if (number <= last) actor.tell(from, { type: isAccepted ? 'lost' : 'refused', number });
      return undefined;
    },
  });
}

function open(system: ActorSystem, bug: boolean, last: number) {
  const guardian = system.spawn(guard, { name: 'guard' });
  const peer = system.spawn(network(last), { name: 'network' });
  const loop = behavior<LoopMessage, LoopState>({
    initial: { number: 0, isUp: false, failures: 0 },
    receive(state, message, actor) {
      const dial = (number: number): void => actor.tell(peer, { type: 'dial', number, from: actor.self });
      if (message.type === 'begin') {
        dial(1);
        return state;
      }
      const { number } = message;
      if (message.type === 'connected') {
        // Only the first one is watched over: the others are young.
        if (number === 1) actor.tell(guardian, { type: 'observe', number, from: actor.self });
        return { ...state, number, isUp: true };
      }
      if (message.type === 'lost' || message.type === 'refused') {
        dial(number + 1);
        return { ...state, isUp: false, failures: state.failures + 1 };
      }
      return state.isUp && (bug || number === state.number) ? { ...state, failures: 0 } : state;
    },
  });
  return system.spawn(loop, { name: 'loop' });
}

export const staleStable = defineRace<Actor<Behavior<LoopMessage, LoopState>>>({
  name: 'stale-stable',
  wrong: 'the backoff begins anew because an earlier connection was stable',
  oracle: 'check',
  constraints: 2,
  shortest: 13,
  scenario: (bug) => ({
    setup({ system }) {
      const loop = open(system, bug, LAST);
      loop.tell({ type: 'begin' });
      return loop;
    },
    // A report in time comes before the first failure, and one that comes while it is down is ignored.
    check: (loop) => loop.snapshot().failures === LAST,
  }),
  async unit({ system, settle }, bug) {
    const loop = open(system, bug, LAST);

    loop.tell({ type: 'begin' });
    await settle();

    equal(loop.snapshot().failures, LAST);
  },
});
