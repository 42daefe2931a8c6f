// Votes of an earlier term that come in a later one. The wrong candidate counts them, and two are elected for one term.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem, Behavior } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

interface Request {
  readonly type: 'request';
  readonly term: number;
  readonly candidate: ActorRef<CandidateMessage>;
}
type CandidateMessage =
  | { readonly type: 'stand'; readonly term: number }
  | { readonly type: 'vote'; readonly term: number; readonly voter: string };

interface CandidateState {
  readonly term: number;
  readonly votes: readonly string[];
}

const VOTERS = 3;
const MAJORITY = 2;
const TICKS = 10;

/** Says that the second term begins, after a while. */
function createClock(standers: readonly ActorRef<CandidateMessage>[]) {
  return behavior<{ readonly type: 'tick'; readonly left: number }, undefined>({
    initial: undefined,
    receive(_, { left }, actor) {
      if (left > 0) actor.tell(actor.self, { type: 'tick', left: left - 1 });
      else for (const one of standers) actor.tell(one, { type: 'stand', term: 2 });
      return undefined;
    },
  });
}

/** One vote a term, to whoever asks first. Its state is the last term in which it voted. */
const voter = behavior<Request, number>({
  initial: 0,
  receive(votedIn, { term, candidate }, actor) {
    if (term <= votedIn) return votedIn;
    actor.tell(candidate, { type: 'vote', term, voter: actor.self.name });
    return term;
  },
});

function open(system: ActorSystem, bug: boolean) {
  const elected: string[] = [];
  const voters = Array.from({ length: VOTERS }, (_, i) => system.spawn(voter, { name: `voter-${i}` }));
  const candidate: Behavior<CandidateMessage, CandidateState> = behavior<CandidateMessage, CandidateState>({
    initial: { term: 0, votes: [] },
    receive({ term, votes }, message, actor) {
      if (message.type === 'stand') {
        for (const one of voters) actor.tell(one, { type: 'request', term: message.term, candidate: actor.self });
        return { term: message.term, votes: [] };
      }
      const { voter: from } = message;
      if (votes.includes(from) || (!bug && message.term !== term)) return { term, votes };
      if (votes.length + 1 === MAJORITY) elected.push(`${actor.self.name} in ${term}`);
      return { term, votes: [...votes, from] };
    },
  });
  const [alice, bob] = [system.spawn(candidate, { name: 'alice' }), system.spawn(candidate, { name: 'bob' })];
  return { elected, alice, bob };
}

export const staleVote = defineRace({
  name: 'stale-vote',
  wrong: 'votes of the first term count in the second one, which gets two leaders',
  oracle: 'invariant',
  constraints: 3,
  shortest: 24,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { elected, alice, bob } = open(system, bug);
      const clock = system.spawn(createClock([alice, bob]), { name: 'clock' });
      client('founder', (founder) => {
        founder.tell(alice, { type: 'stand', term: 1 });
        founder.tell(clock, { type: 'tick', left: TICKS });
      });
      return elected;
    },
    invariant: (elected) => elected.filter((one) => one.endsWith('in 2')).length <= 1,
  }),
  async unit({ system, settle }, bug) {
    const { elected, alice, bob } = open(system, bug);

    alice.tell({ type: 'stand', term: 1 });
    await settle();
    bob.tell({ type: 'stand', term: 2 });
    await settle();
    alice.tell({ type: 'stand', term: 2 });
    await settle();

    deepEqual(elected, ['alice in 1', 'bob in 2']);
  },
});
