// Who asks a worker to report its own end must ask while it lives. The right version watches: the end of an actor that
// has ended already is told too.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem, TerminatedMessage } from '../../../src/actors/index.ts';
import { eventually } from '../../../src/testing/index.ts';
import { defineRace } from './race.ts';

type WorkerMessage = { readonly type: 'report'; readonly to: ActorRef<OwnerMessage> } | { readonly type: 'quit' };
type OwnerMessage =
  | { readonly type: 'hire'; readonly worker: ActorRef<WorkerMessage> }
  | { readonly type: 'worker.left' }
  | TerminatedMessage;

const worker = behavior<WorkerMessage, readonly ActorRef<OwnerMessage>[]>({
  initial: [],
  receive(listeners, message, actor) {
    if (message.type === 'report') return [...listeners, message.to];
    for (const listener of listeners) actor.tell(listener, { type: 'worker.left' });
    actor.finish();
    return listeners;
  },
});

function employ(system: ActorSystem, bug: boolean) {
  // True once it knows that the worker has left.
  const owner = behavior<OwnerMessage, boolean>({
    initial: false,
    receive(knows, message, actor) {
      if (message.type !== 'hire') return true;
      if (bug) actor.tell(message.worker, { type: 'report', to: actor.self });
      else actor.watch(message.worker);
      return knows;
    },
  });
  return { owner: system.spawn(owner, { name: 'owner' }), worker: system.spawn(worker, { name: 'worker' }) };
}

export const watchTooLate = defineRace({
  name: 'watch-too-late',
  wrong: 'a worker that leaves before it is told to report leaves without a word',
  oracle: 'eventually',
  constraints: 1,
  shortest: 2,
  scenario: (bug) => ({
    setup({ system, client, expect }) {
      const { owner, worker: hired } = employ(system, bug);
      client('office', (office) => office.tell(owner, { type: 'hire', worker: hired }));
      client('market', (market) => market.tell(hired, { type: 'quit' }));
      expect(eventually(() => owner.snapshot()));
    },
  }),
  async unit({ system, settle }, bug) {
    const { owner, worker: hired } = employ(system, bug);

    owner.tell({ type: 'hire', worker: hired });
    await settle();
    hired.tell({ type: 'quit' });
    await settle();

    equal(owner.snapshot(), true);
  },
});
