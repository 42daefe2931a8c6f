// Holding a lease: it is renewed well before its end, and given up before somebody else can have it.
//
// Invariants:
//   K1. The chart ends before the lease does, by the holder's own clock, whatever the store does or does not answer.
//   K2. A renewal counts from before it was asked for, so that the end is never thought to be later than it is.
//   K3. One renewal at a time.

import { assign, fromPromise, setup } from 'xstate';
import type { LeasePolicy } from './plugin-lifecycle.types.ts';

/** What the chart starts from: a lease that was just granted. */
export interface PluginLeaseInput {
  readonly policy: LeasePolicy;
  /** Milliseconds between the question and now. */
  readonly elapsedMs: number;
}

/** What the chart remembers. */
export interface PluginLeaseContext {
  readonly policy: LeasePolicy;
  readonly elapsedMs: number;
}

/** What became of a renewal. */
export type RenewalReport = { readonly kind: 'renewed'; readonly elapsedMs: number } | { readonly kind: 'lost' };

/** Statechart of a lease that is held; its end means that it is lost. */
export const pluginLeaseMachine = setup({
  types: {
    context: {} as PluginLeaseContext,
    events: {} as { readonly type: 'lease.lost' },
    input: {} as PluginLeaseInput,
    tags: {} as 'terminal',
  },
  actors: {
    /** Asks the store for more time. */
    renewLease: fromPromise<RenewalReport>(() => new Promise<RenewalReport>(() => {})),
  },
  guards: { isRenewed: (_, params: { readonly report: RenewalReport }) => params.report.kind === 'renewed' },
  actions: {
    noteRenewal: assign({
      elapsedMs: (_, { report }: { readonly report: RenewalReport }) =>
        report.kind === 'renewed' ? report.elapsedMs : 0,
    }),
  },
  delays: {
    // K1, K2.
    deadline: ({ context: { policy, elapsedMs } }) => Math.max(0, policy.ttlMs - policy.marginMs - elapsedMs),
    renewal: ({ context }) => context.policy.renewMs,
    retry: ({ context }) => context.policy.retryMs,
  },
}).createMachine({
  id: 'plugin-lease',
  description: 'The right of a host to a plugin, for as long as it can be sure of it.',
  context: ({ input }) => ({ policy: input.policy, elapsedMs: input.elapsedMs }),
  initial: 'held',
  states: {
    held: {
      description: 'Nobody else can have it.',
      after: { deadline: 'lost' },
      on: { 'lease.lost': 'lost' },
      initial: 'resting',
      states: {
        resting: { description: 'Until the next renewal.', after: { renewal: 'renewing' } },
        renewing: {
          description: 'The store is asked for more time.',
          invoke: {
            src: 'renewLease',
            onDone: [
              {
                guard: { type: 'isRenewed', params: ({ event }) => ({ report: event.output }) },
                target: '#plugin-lease.held',
                reenter: true,
                actions: { type: 'noteRenewal', params: ({ event }) => ({ report: event.output }) },
              },
              { target: '#plugin-lease.lost' },
            ],
            onError: 'retrying',
          },
        },
        retrying: {
          description: 'The store did not answer; there is time left to ask again.',
          after: { retry: 'renewing' },
        },
      },
    },
    lost: { description: 'It has passed on, or may have.', type: 'final', tags: ['terminal'] },
  },
});
