// A breaker that is half open lets one call through and waits for its outcome. The wrong chart stays half open meanwhile.

import { equal } from 'node:assert/strict';
import { setup as machine } from 'xstate';
import { ask, behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type BreakerEvent = { readonly type: 'call' } | { readonly type: 'succeeded' } | { readonly type: 'failed' };
interface Call {
  readonly type: 'probe' | 'request';
}
interface Context {
  readonly backend: ActorRef<Call>;
}

const outcome = {
  deadlineMs: 1000,
  onReply: () => ({ type: 'succeeded' }) as const,
  onFailure: () => ({ type: 'failed' }) as const,
};

const breaker = machine({
  types: { context: {} as Context, events: {} as BreakerEvent, input: {} as Context },
  actions: {
    probe: ask(({ context }) => context.backend, { type: 'probe' }, outcome),
    request: ask(({ context }) => context.backend, { type: 'request' }, outcome),
  },
});

const right = breaker.createMachine({
  id: 'breaker',
  context: ({ input }) => input,
  initial: 'halfOpen',
  states: {
    halfOpen: { on: { call: { target: 'probing', actions: 'probe' } } },
    probing: { on: { succeeded: 'closed', failed: 'open' } },
    closed: { on: { call: { actions: 'request' }, failed: 'open' } },
    open: { after: { 1000: 'halfOpen' } },
  },
});

const wrong = breaker.createMachine({
  id: 'breaker',
  context: ({ input }) => input,
  initial: 'halfOpen',
  states: {
    halfOpen: { on: { call: { actions: 'probe' }, succeeded: 'closed', failed: 'open' } },
    closed: { on: { call: { actions: 'request' }, failed: 'open' } },
    open: { after: { 1000: 'halfOpen' } },
  },
});

function open(system: ActorSystem, bug: boolean) {
  // Its state is the number of probes that it has seen.
  const logic = behavior<Call, number>({
    initial: 0,
    receive(probes, { type }, actor) {
      actor.reply('done');
      return type === 'probe' ? probes + 1 : probes;
    },
  });
  const backend = system.spawn(logic, { name: 'backend' });
  return { backend, ref: system.spawn(bug ? wrong : right, { name: 'breaker', input: { backend } }) };
}

export const twoProbes = defineRace({
  name: 'two-probes',
  wrong: 'a half-open breaker lets a second probe through before the first one is back',
  oracle: 'invariant',
  constraints: 1,
  shortest: 5,
  // A probe that has timed out may be repeated.
  options: { earlyTimers: 0 },
  scenario: (bug) => ({
    setup({ system, client }) {
      const { backend, ref } = open(system, bug);
      for (const name of ['alice', 'bob']) client(name, (caller) => caller.tell(ref, { type: 'call' }));
      return backend;
    },
    invariant: (backend) => backend.snapshot() <= 1,
  }),
  async unit({ system, settle }, bug) {
    const { backend, ref } = open(system, bug);

    for (let i = 0; i < 3; i++) {
      ref.tell({ type: 'call' });
      await settle();
    }

    equal(backend.snapshot(), 1);
  },
});
