// A stack whose top is replaced by compare-and-set. Between the look and the swap the same top can be there again, over
// another stack. The right version compares a number that never comes again.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type StackMessage =
  | { readonly type: 'look'; readonly from: ActorRef<UserMessage> }
  | {
      readonly type: 'swap';
      readonly seen: Seen;
      readonly next: readonly string[];
      readonly from: ActorRef<UserMessage>;
    };
type UserMessage =
  | { readonly type: 'go' }
  | { readonly type: 'seen'; readonly seen: Seen }
  | { readonly type: 'swapped' | 'refused' };
interface Seen {
  readonly version: number;
  readonly items: readonly string[];
}

function stack(bug: boolean) {
  return behavior<StackMessage, Seen>({
    initial: { version: 0, items: ['x', 'y', 'z'] },
    receive(state, message, actor) {
      if (message.type === 'look') {
        actor.tell(message.from, { type: 'seen', seen: state });
        return state;
      }
      const { seen, next } = message;
      const isSame = bug ? seen.items[0] === state.items[0] : seen.version === state.version;
      actor.tell(message.from, { type: isSame ? 'swapped' : 'refused' });
      return isSame ? { version: state.version + 1, items: next } : state;
    },
  });
}

type Step = (items: readonly string[]) => readonly string[];
const pop: Step = (items) => items.slice(1);
const pushX: Step = (items) => ['x', ...items];

function start(system: ActorSystem, bug: boolean) {
  const target = system.spawn(stack(bug), { name: 'stack' });
  const user = (name: string, steps: readonly Step[]) => {
    const logic = behavior<UserMessage, number>({
      initial: 0,
      receive(done, message, actor) {
        const step = steps[done];
        if (message.type === 'seen' && step !== undefined) {
          const { seen } = message;
          actor.tell(target, { type: 'swap', seen, next: step(seen.items), from: actor.self });
          return done;
        }
        const next = message.type === 'swapped' ? done + 1 : done;
        if (next < steps.length) actor.tell(target, { type: 'look', from: actor.self });
        return next;
      },
    });
    return system.spawn(logic, { name });
  };
  return { target, alice: user('alice', [pop]), bob: user('bob', [pop, pop, pushX]) };
}

export const sameTopAgain = defineRace({
  name: 'same-top-again',
  wrong: 'a swap succeeds because the top is the same again, and brings back what was taken from under it',
  oracle: 'check',
  constraints: 2,
  shortest: 15,
  scenario: (bug) => ({
    setup({ system }) {
      const { target, alice, bob } = start(system, bug);
      alice.tell({ type: 'go' });
      bob.tell({ type: 'go' });
      return target;
    },
    // Three were taken and one was put back.
    check: (target) => target.snapshot().items.length === 1,
  }),
  async unit({ system, settle }, bug) {
    const { target, alice, bob } = start(system, bug);

    alice.tell({ type: 'go' });
    await settle();
    deepEqual(target.snapshot().items, ['y', 'z']);
    bob.tell({ type: 'go' });
    await settle();

    deepEqual(target.snapshot().items, ['x']);
  },
});
