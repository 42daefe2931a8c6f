// A job takes a connection and gives it back when it is done. When it fails in between, nobody does. The right pool
// watches who has its connections.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem, TerminatedMessage } from '../../../src/actors/index.ts';
import { RuntimeError } from '../../../src/errors/index.ts';
import { defineRace } from './race.ts';

type PoolMessage =
  | { readonly type: 'take'; readonly job: ActorRef<JobMessage> }
  | { readonly type: 'giveBack' }
  | TerminatedMessage;
type JobMessage =
  | { readonly type: 'begin' }
  | { readonly type: 'input'; readonly isGood: boolean }
  | { readonly type: 'end' };

function open(system: ActorSystem, bug: boolean) {
  // Its state is the number of connections that are out.
  const pool = behavior<PoolMessage, number>({
    initial: 0,
    receive(out, message, actor) {
      if (message.type !== 'take') return out - 1;
      if (!bug) actor.watch(message.job);
      return out + 1;
    },
  });
  const target = system.spawn(pool, { name: 'pool' });
  const job = behavior<JobMessage, undefined>({
    initial: undefined,
    receive(_, message, actor) {
      if (message.type === 'begin') actor.tell(target, { type: 'take', job: actor.self });
      if (message.type === 'input' && !message.isGood) throw new RuntimeError('INVALID_ARGUMENT', 'the input is bad');
      if (message.type !== 'end') return undefined;
      if (bug) actor.tell(target, { type: 'giveBack' });
      actor.finish();
      return undefined;
    },
  });
  return { target, job: system.spawn(job, { name: 'job' }) };
}

export const leakedByFailure = defineRace({
  name: 'leaked-by-failure',
  wrong: 'a job that fails before its end never gives its connection back',
  oracle: 'check',
  constraints: 2,
  shortest: 4,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { target, job } = open(system, bug);
      client('user', (user) => {
        user.tell(job, { type: 'begin' });
        user.tell(job, { type: 'end' });
      });
      client('peer', (peer) => peer.tell(job, { type: 'input', isGood: false }));
      return target;
    },
    check: (target) => target.snapshot() === 0,
    allowFailure: () => true,
  }),
  async unit({ system, settle }, bug) {
    const { target, job } = open(system, bug);

    job.tell({ type: 'begin' });
    job.tell({ type: 'input', isGood: true });
    job.tell({ type: 'end' });
    await settle();

    equal(target.snapshot(), 0);
  },
});
