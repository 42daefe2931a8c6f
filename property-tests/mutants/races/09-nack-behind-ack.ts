// Two workers acknowledge out of order. The wrong sender takes an acknowledgement for all numbers up to it, and has
// nothing to send again when a refusal of a lower one follows.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

interface Job {
  readonly type: 'job';
  readonly number: number;
  readonly from: ActorRef<SenderMessage>;
}
type SenderMessage =
  | { readonly type: 'send'; readonly numbers: readonly number[] }
  | { readonly type: 'ack' | 'nack'; readonly number: number };

function hire(system: ActorSystem, bug: boolean) {
  const done: number[] = [];
  const worker = behavior<Job, readonly number[]>({
    // Refuses 1 once.
    initial: [1],
    receive(refuses, { number, from }, actor) {
      const isRefused = refuses.includes(number);
      if (!isRefused) done.push(number);
      actor.tell(from, { type: isRefused ? 'nack' : 'ack', number });
      return isRefused ? [] : refuses;
    },
  });
  const workers = [0, 1].map((i) => system.spawn(worker, { name: `worker-${i}` }));
  const sender = behavior<SenderMessage, readonly number[]>({
    initial: [],
    receive(open, message, actor) {
      const send = (number: number): void => {
        const to = workers[number % workers.length];
        if (to !== undefined) actor.tell(to, { type: 'job', number, from: actor.self });
      };
      if (message.type === 'send') {
        message.numbers.forEach(send);
        return message.numbers;
      }
      if (message.type === 'nack' && open.includes(message.number)) send(message.number);
      if (message.type === 'nack') return open;
      return open.filter((number) => (bug ? number > message.number : number !== message.number));
    },
  });
  return { done, sender: system.spawn(sender, { name: 'sender' }) };
}

export const nackBehindAck = defineRace({
  name: 'nack-behind-ack',
  wrong: 'a refusal behind the acknowledgement of a higher number is forgotten, and its job never done',
  oracle: 'check',
  constraints: 1,
  shortest: 2,
  scenario: (bug) => ({
    setup({ system }) {
      const { done, sender } = hire(system, bug);
      sender.tell({ type: 'send', numbers: [1, 2] });
      return done;
    },
    check: (done) => done.length === 2,
  }),
  async unit({ system, settle }, bug) {
    const { done, sender } = hire(system, bug);

    sender.tell({ type: 'send', numbers: [1, 2] });
    await settle();

    deepEqual(new Set(done), new Set([1, 2]));
  },
});
