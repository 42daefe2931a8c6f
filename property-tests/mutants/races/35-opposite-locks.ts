// Two need the same two locks, and take them in opposite orders: each waits for the other. The right ones agree on an
// order.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

interface LockMessage {
  readonly type: 'acquire' | 'release';
  readonly from: ActorRef<WorkerMessage>;
}
interface WorkerMessage {
  readonly type: 'go' | 'granted';
}

/** Its state is who has it and who waits. */
const lock = behavior<LockMessage, readonly ActorRef<WorkerMessage>[]>({
  initial: [],
  receive(queue, { type, from }, actor) {
    const next = type === 'acquire' ? [...queue, from] : queue.slice(1);
    const [holder] = next;
    if (holder !== undefined && holder !== queue[0]) actor.tell(holder, { type: 'granted' });
    return next;
  },
});

function open(system: ActorSystem, bug: boolean) {
  const done: string[] = [];
  const [first, second] = ['first', 'second'].map((name) => system.spawn(lock, { name }));
  const worker = (name: string, locks: readonly (ActorRef<LockMessage> | undefined)[]) => {
    const logic = behavior<WorkerMessage, number>({
      initial: 0,
      receive(held, { type }, actor) {
        const next = type === 'go' ? 0 : held + 1;
        const wanted = locks[next];
        if (wanted !== undefined) actor.tell(wanted, { type: 'acquire', from: actor.self });
        else {
          done.push(name);
          for (const one of locks) if (one !== undefined) actor.tell(one, { type: 'release', from: actor.self });
        }
        return next;
      },
    });
    return system.spawn(logic, { name });
  };
  return { done, workers: [worker('alice', [first, second]), worker('bob', bug ? [second, first] : [first, second])] };
}

export const oppositeLocks = defineRace({
  name: 'opposite-locks',
  wrong: 'each of two workers holds one lock and waits for the other one',
  oracle: 'deadlock',
  constraints: 2,
  shortest: 6,
  scenario: (bug) => ({
    setup({ system }) {
      const { done, workers } = open(system, bug);
      for (const one of workers) one.tell({ type: 'go' });
      return done;
    },
    completes: (done) => done.length === 2,
  }),
  async unit({ system, settle }, bug) {
    const { done, workers } = open(system, bug);

    for (const one of workers) {
      one.tell({ type: 'go' });
      await settle();
    }

    equal(done.length, 2);
  },
});
