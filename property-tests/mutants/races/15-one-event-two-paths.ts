// An event comes by the stream, and once more by the heartbeat. The wrong inbox remembers it when the sink has taken it,
// the right one when it arrives.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type InboxMessage = { readonly type: 'event' | 'taken'; readonly id: string };
interface Take {
  readonly type: 'take';
  readonly id: string;
  readonly inbox: ActorRef<InboxMessage>;
}

function open(system: ActorSystem, bug: boolean) {
  const sink = system.spawn(
    behavior<Take, readonly string[]>({
      initial: [],
      receive(taken, { id, inbox }, actor) {
        actor.tell(inbox, { type: 'taken', id });
        return [...taken, id];
      },
    }),
    { name: 'sink' },
  );
  const inbox = behavior<InboxMessage, readonly string[]>({
    initial: [],
    receive(seen, { type, id }, actor) {
      if (type === 'taken') return bug ? [...seen, id] : seen;
      if (seen.includes(id)) return seen;
      actor.tell(sink, { type: 'take', id, inbox: actor.self });
      return bug ? seen : [...seen, id];
    },
  });
  return { sink, inbox: system.spawn(inbox, { name: 'inbox' }) };
}

export const oneEventTwoPaths = defineRace({
  name: 'one-event-two-paths',
  wrong: 'an event that comes by the second path before the first one is through is taken twice',
  oracle: 'invariant',
  constraints: 1,
  shortest: 5,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { sink, inbox } = open(system, bug);
      for (const path of ['stream', 'heartbeat']) client(path, (peer) => peer.tell(inbox, { type: 'event', id: 'a' }));
      return sink;
    },
    invariant: (sink) => sink.snapshot().length <= 1,
  }),
  async unit({ system, settle }, bug) {
    const { sink, inbox } = open(system, bug);

    for (const id of ['a', 'b', 'a']) {
      inbox.tell({ type: 'event', id });
      await settle();
    }

    deepEqual(sink.snapshot(), ['a', 'b']);
  },
});
