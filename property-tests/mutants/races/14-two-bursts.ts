// A burst of changes is saved once, a while after the last one. The wrong version empties its buffer when the save is
// confirmed, and with it what the next burst has brought meanwhile.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace, pause } from './race.ts';

interface Save {
  readonly type: 'save';
  readonly changes: number;
  readonly from: ActorRef<BufferMessage>;
}
type BufferMessage = { readonly type: 'changed' } | { readonly type: 'quiet' } | { readonly type: 'saved' };

const QUIET_MS = 50;

/** Its state is the number of changes that it has saved. */
const disk = behavior<Save, number>({
  initial: 0,
  receive(saved, { changes, from }, actor) {
    actor.tell(from, { type: 'saved' });
    return saved + changes;
  },
});

function open(system: ActorSystem, bug: boolean) {
  const target = system.spawn(disk, { name: 'disk' });
  const buffer = behavior<BufferMessage, number>({
    initial: 0,
    receive(changes, { type }, actor) {
      if (type === 'changed') {
        actor.startTimer('quiet', { afterMs: QUIET_MS }, { type: 'quiet' });
        return changes + 1;
      }
      if (type === 'saved') return bug ? 0 : changes;
      actor.tell(target, { type: 'save', changes, from: actor.self });
      return bug ? changes : 0;
    },
  });
  return { target, buffer: system.spawn(buffer, { name: 'buffer' }) };
}

export const twoBursts = defineRace({
  name: 'two-bursts',
  wrong: 'changes that come between a save and its confirmation are never saved',
  oracle: 'check',
  constraints: 2,
  shortest: 8,
  scenario: (bug) => ({
    setup({ system, client, environment }) {
      const { target, buffer } = open(system, bug);
      client(
        'user',
        (user) => user.tell(buffer, { type: 'changed' }),
        () => pause(environment, QUIET_MS),
        (user) => user.tell(buffer, { type: 'changed' }),
      );
      return target;
    },
    check: (target) => target.snapshot() === 2,
  }),
  async unit({ system, advance }, bug) {
    const { target, buffer } = open(system, bug);

    for (let i = 0; i < 5; i++) buffer.tell({ type: 'changed' });
    await advance(100);
    for (let i = 0; i < 5; i++) buffer.tell({ type: 'changed' });
    await advance(100);

    equal(target.snapshot(), 10);
  },
});
