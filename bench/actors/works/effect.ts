// What effect has in place of an actor: a fiber that takes from a queue. It has no supervision, no name and no address.

import { Deferred, Effect, Queue } from 'effect';
import { asks, BURST, Gate, tells } from './work.ts';
import type { Add, Work, Works } from './work.ts';

interface Question {
  readonly type: 'get';
  readonly answer: Deferred.Deferred<number>;
}

/** What effect can do. */
export const WORKS: Works = { 'tell-plain': tellPlain, ask };

async function tellPlain(): Promise<Work> {
  const gate = new Gate();
  const queue = await Effect.runPromise(Queue.bounded<Add>(2 * BURST));
  let total = 0;
  // Taking all that waits is its fastest way.
  const receive = Effect.map(Queue.takeAll(queue), (messages) => {
    for (const message of messages) {
      total += message.amount;
      gate.processed(message.amount);
    }
  });
  Effect.runFork(Effect.forever(receive));
  return tells(gate, (message) => Queue.offerUnsafe(queue, message));
}

async function ask(): Promise<Work> {
  const queue = await Effect.runPromise(Queue.bounded<Question>(2 * BURST));
  let count = 0;
  const answer = Effect.flatMap(Queue.take(queue), (question) => Deferred.succeed(question.answer, count++));
  Effect.runFork(Effect.forever(answer));
  return asks(() => {
    const question: Question = { type: 'get', answer: Deferred.makeUnsafe<number>() };
    Queue.offerUnsafe(queue, question);
    return Effect.runPromise(Deferred.await(question.answer));
  });
}
