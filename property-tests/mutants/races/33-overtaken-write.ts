// A write is on its way to the store when the word of it goes round, and comes back to the store as a read. The wrong
// version does not wait for the store to have the write before it passes the word.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type StoreMessage = { readonly type: 'write'; readonly writer: ActorRef<HopMessage> } | { readonly type: 'read' };
interface HopMessage {
  readonly type: 'begin' | 'written' | 'pass';
}

const HOPS = 7;

function open(system: ActorSystem, bug: boolean) {
  const reads: string[] = [];
  const store = system.spawn(
    behavior<StoreMessage, string>({
      initial: 'old',
      receive(text, message, actor) {
        if (message.type === 'read') {
          reads.push(text);
          return text;
        }
        actor.tell(message.writer, { type: 'written' });
        return 'new';
      },
    }),
    { name: 'store' },
  );
  let next: ActorRef<HopMessage> | undefined;
  for (let hop = HOPS; hop > 0; hop--) {
    const to = next;
    const relay = behavior<HopMessage, undefined>({
      initial: undefined,
      receive: (_, __, actor) =>
        (to === undefined ? actor.tell(store, { type: 'read' }) : actor.tell(to, { type: 'pass' })) as undefined,
    });
    next = system.spawn(relay, { name: `hop-${hop}` });
  }
  const first = next;
  const writer = behavior<HopMessage, undefined>({
    initial: undefined,
    receive(_, { type }, actor) {
      if (type === 'begin') actor.tell(store, { type: 'write', writer: actor.self });
      if (first !== undefined && type === (bug ? 'begin' : 'written')) actor.tell(first, { type: 'pass' });
      return undefined;
    },
  });
  return { reads, writer: system.spawn(writer, { name: 'writer' }) };
}

export const overtakenWrite = defineRace({
  name: 'overtaken-write',
  wrong: 'a reader that was told of a write does not find it: the word was faster than the write',
  oracle: 'check',
  constraints: 1,
  shortest: 8,
  scenario: (bug) => ({
    setup({ system }) {
      const { reads, writer } = open(system, bug);
      writer.tell({ type: 'begin' });
      return reads;
    },
    check: (reads) => reads.join() === 'new',
  }),
  async unit({ system, settle }, bug) {
    const { reads, writer } = open(system, bug);

    writer.tell({ type: 'begin' });
    await settle();

    equal(reads.join(), 'new');
  },
});
