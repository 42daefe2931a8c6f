// Numbered events come by a stream. When it is lost, whatever is not acknowledged comes again by single calls, and so may
// what the stream had still delivered. The wrong sink trusts that a call brings what it does not have.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

interface Carried {
  readonly type: 'carry' | 'event';
  readonly number: number;
  readonly by: 'stream' | 'call';
}
type ProducerMessage =
  | { readonly type: 'produce'; readonly count: number }
  | { readonly type: 'acknowledged'; readonly number: number }
  | { readonly type: 'streamLost' };

function open(system: ActorSystem, bug: boolean) {
  const log: number[] = [];
  const source = { ref: undefined as ActorRef<ProducerMessage> | undefined };
  const sink = system.spawn(
    behavior<Carried, ReadonlyMap<number, undefined>>({
      initial: new Map(),
      receive(early, { number, by }, actor) {
        const waiting = new Map(early);
        if (bug && by === 'call') log.push(number);
        else if (number > log.length) waiting.set(number, undefined);
        while (waiting.delete(log.length + 1)) log.push(log.length + 1);
        if (source.ref !== undefined) actor.tell(source.ref, { type: 'acknowledged', number });
        return waiting;
      },
    }),
    { name: 'sink' },
  );
  const [stream, call] = ['stream', 'call'].map((name) => {
    const forward = behavior<Carried, undefined>({
      initial: undefined,
      receive: (_, message, actor) => actor.tell(sink, { ...message, type: 'event' }) as undefined,
    });
    return system.spawn(forward, { name });
  });
  const producer = behavior<ProducerMessage, readonly number[]>({
    initial: [],
    receive(open_, message, actor) {
      if (message.type === 'acknowledged') return open_.filter((number) => number !== message.number);
      const by = message.type === 'produce' ? 'stream' : 'call';
      const path = by === 'stream' ? stream : call;
      const numbers = message.type === 'produce' ? Array.from({ length: message.count }, (_, i) => i + 1) : open_;
      for (const number of numbers) if (path !== undefined) actor.tell(path, { type: 'carry', number, by });
      return numbers;
    },
  });
  source.ref = system.spawn(producer, { name: 'producer' });
  return { log, producer: source.ref };
}

export const streamThenUnary = defineRace({
  name: 'stream-then-unary',
  wrong: 'an event that the lost stream had delivered is taken again from the call',
  oracle: 'check',
  constraints: 1,
  shortest: 7,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { log, producer } = open(system, bug);
      client('network', (network) => {
        network.tell(producer, { type: 'produce', count: 2 });
        network.tell(producer, { type: 'streamLost' });
      });
      return log;
    },
    check: (log) => log.join() === '1,2',
  }),
  async unit({ system, settle }, bug) {
    const { log, producer } = open(system, bug);

    producer.tell({ type: 'produce', count: 3 });
    await settle();
    producer.tell({ type: 'streamLost' });
    await settle();

    deepEqual(log, [1, 2, 3]);
  },
});
