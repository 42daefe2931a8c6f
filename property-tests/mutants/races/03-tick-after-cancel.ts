// An alarm that rings while it is cancelled and set again: the old ring is taken for the new one. The right version
// numbers what it sets.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { Actor, ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace, pause } from './race.ts';

type AlarmMessage =
  | { readonly type: 'set'; readonly number: number; readonly owner: ActorRef<OwnerMessage> }
  | { readonly type: 'cancel' }
  | { readonly type: 'due'; readonly number: number; readonly owner: ActorRef<OwnerMessage> };
type OwnerMessage =
  | { readonly type: 'begin' }
  | { readonly type: 'cancel' }
  | { readonly type: 'ring'; readonly number: number };

interface OwnerState {
  readonly number: number;
  readonly setAt: number | undefined;
  readonly rangAfterMs: number | undefined;
}

const AFTER_MS = 100;

const alarm = behavior<AlarmMessage, undefined>({
  initial: undefined,
  receive(_, message, actor) {
    if (message.type === 'set') actor.startTimer('alarm', { afterMs: AFTER_MS }, { ...message, type: 'due' });
    else if (message.type === 'cancel') actor.cancelTimer('alarm');
    else actor.tell(message.owner, { type: 'ring', number: message.number });
    return undefined;
  },
});

function startOwner(system: ActorSystem, bug: boolean) {
  const clock = system.spawn(alarm, { name: 'alarm' });
  const owner = behavior<OwnerMessage, OwnerState>({
    initial: { number: 0, setAt: undefined, rangAfterMs: undefined },
    receive(state, message, actor) {
      if (message.type === 'begin') {
        const number = state.number + 1;
        actor.tell(clock, { type: 'set', number, owner: actor.self });
        return { ...state, number, setAt: actor.now() };
      }
      if (message.type === 'cancel') {
        actor.tell(clock, { type: 'cancel' });
        return { ...state, setAt: undefined };
      }
      if (state.setAt === undefined || (!bug && message.number !== state.number)) return state;
      return { ...state, setAt: undefined, rangAfterMs: actor.now() - state.setAt };
    },
  });
  return system.spawn(owner, { name: 'owner' });
}

function isOnTime(owner: Actor<ReturnType<typeof behavior<OwnerMessage, OwnerState>>>): boolean {
  const { rangAfterMs } = owner.snapshot();
  return rangAfterMs === undefined || rangAfterMs >= AFTER_MS;
}

export const tickAfterCancel = defineRace({
  name: 'tick-after-cancel',
  wrong: 'a ring that was on its way when the alarm was cancelled counts for the next alarm',
  oracle: 'invariant',
  constraints: 2,
  shortest: 9,
  scenario: (bug) => ({
    setup({ system, client, environment }) {
      const owner = startOwner(system, bug);
      client(
        'user',
        (user) => user.tell(owner, { type: 'begin' }),
        () => pause(environment, AFTER_MS),
        (user) => {
          user.tell(owner, { type: 'cancel' });
          user.tell(owner, { type: 'begin' });
        },
      );
      return owner;
    },
    invariant: isOnTime,
  }),
  async unit({ system, advance }, bug) {
    const owner = startOwner(system, bug);

    owner.tell({ type: 'begin' });
    await advance(AFTER_MS / 2);
    owner.tell({ type: 'cancel' });
    owner.tell({ type: 'begin' });
    await advance(AFTER_MS);

    equal(owner.snapshot().rangAfterMs, AFTER_MS);
  },
});
