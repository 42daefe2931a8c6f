// The news of an end, sent as a message like any other, to a mailbox that drops the oldest when it is full. The right
// version watches: what the system says, no bound evicts.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem, TerminatedMessage } from '../../../src/actors/index.ts';
import { eventually } from '../../../src/testing/index.ts';
import { defineRace } from './race.ts';

type OwnerMessage = { readonly type: 'line' } | { readonly type: 'left' } | TerminatedMessage;
interface WorkerMessage {
  readonly type: 'quit';
  readonly owner: ActorRef<OwnerMessage> | undefined;
}

const CAPACITY = 7;

const worker = behavior<WorkerMessage, undefined>({
  initial: undefined,
  receive(_, { owner }, actor) {
    if (owner !== undefined) actor.tell(owner, { type: 'left' });
    actor.finish();
    return undefined;
  },
});

function open(system: ActorSystem, bug: boolean) {
  const hired = system.spawn(worker, { name: 'worker' });
  // True once it knows that the worker has left.
  const owner = behavior<OwnerMessage, boolean>({
    initial: (_, actor) => {
      if (!bug) actor.watch(hired);
      return false;
    },
    receive: (knows, { type }) => knows || type !== 'line',
  });
  const mailbox = { capacity: CAPACITY, overflow: 'dropOldest' } as const;
  const ref = system.spawn(owner, { name: 'owner', mailbox });
  return { ref, quit: () => hired.tell({ type: 'quit', owner: bug ? ref : undefined }) };
}

export const evictedNotice = defineRace({
  name: 'evicted-notice',
  wrong: 'a burst of log lines drives the news of an end out of the mailbox',
  oracle: 'eventually',
  constraints: 2,
  shortest: 13,
  scenario: (bug) => ({
    setup({ system, client, expect }) {
      const { ref, quit } = open(system, bug);
      const line = (name: string, lines: number): void => {
        client(name, ...Array.from({ length: lines }, () => () => void ref.tell({ type: 'line' })));
      };
      client('operator', () => void quit());
      line('stdout', 5);
      line('stderr', 4);
      expect(eventually(() => ref.snapshot()));
    },
  }),
  async unit({ system, settle }, bug) {
    const { ref, quit } = open(system, bug);

    await settle();
    quit();
    for (let i = 0; i < CAPACITY; i++) ref.tell({ type: 'line' });
    await settle();

    equal(ref.snapshot(), true);
  },
});
