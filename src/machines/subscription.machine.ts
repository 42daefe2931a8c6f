// The life of a subscription: it waits for whoever delivers its events, delivers them, keeps them while the subscriber's
// process is started again, and at its end delivers what waits before time is up.
//
// The queue itself is plain code. It tells this chart what changes its state, and nothing about single events.
//
// Invariants:
//   S1. The queue is closed once, by `closing`: after it was drained, or when the drain deadline has passed.
//   S2. `stop` and `queue.drained` lead towards the end from every state. They stand in each state and not at the top,
//       where they would lead out of the final one too.
//   S3. Two warnings are at least `WARNING_INTERVAL_MS` apart, in whatever states they are given.
//   S4. A subscription without a deliverer keeps its queue; a stop then still waits, as a deliverer may come in time.

import { assign, emit, fromPromise, setup } from 'xstate';
import type {
  OverflowNote,
  SubscriptionContext,
  SubscriptionEvent,
  SubscriptionFact,
  SubscriptionInput,
  SubscriptionOutcome,
  SubscriptionReport,
} from './subscription.types.ts';

/** Least milliseconds between two warnings that a queue overflows. */
export const WARNING_INTERVAL_MS = 1000;

const NOTHING: SubscriptionReport = { delivered: 0, dropped: 0, failed: 0, unknown: 0 };

/** Statechart of a subscription; `actors/subscription.actor.ts` gives it its effect. */
export const subscriptionMachine = setup({
  types: {
    context: {} as SubscriptionContext,
    events: {} as SubscriptionEvent,
    emitted: {} as SubscriptionFact,
    input: {} as SubscriptionInput,
    output: {} as SubscriptionOutcome,
    tags: {} as 'open' | 'delivering' | 'terminal',
  },
  actors: {
    /** Drops what waits, gives up what is in flight, and says what became of all events. */
    closeQueue: fromPromise<SubscriptionReport>(() => new Promise<SubscriptionReport>(() => {})),
  },
  guards: {
    isOverflowing: (_, params: { readonly overflowing: boolean }) => params.overflowing,
    isWarningDue: ({ context }, params: { readonly at: number }) => params.at - context.warnedAt >= WARNING_INTERVAL_MS,
    isImmediate: (_, params: { readonly drainMs: number }) => params.drainMs === 0,
  },
  actions: {
    setDeadline: assign({ drainMs: (_, params: { readonly drainMs: number }) => params.drainMs }),
    rememberWarning: assign({ warnedAt: (_, params: { readonly at: number }) => params.at }),
    rememberReport: assign({ report: (_, params: { readonly report: SubscriptionReport }) => params.report }),
    reportActivated: emit(({ context }) => ({ type: 'subscription.activated' as const, name: context.name })),
    reportSuspended: emit(({ context }) => ({ type: 'subscription.suspended' as const, name: context.name })),
    reportOverflowed: emit(({ context }, { dropped, waiting }: OverflowNote) => ({
      type: 'subscription.overflowed' as const,
      name: context.name,
      dropped,
      waiting,
    })),
    reportRelieved: emit(({ context }, params: { readonly dropped: number }) => ({
      type: 'subscription.relieved' as const,
      name: context.name,
      dropped: params.dropped,
    })),
    reportStopped: emit(({ context }) => ({
      type: 'subscription.stopped' as const,
      name: context.name,
      ...context.report,
    })),
  },
  delays: { drainDeadline: ({ context }) => context.drainMs },
}).createMachine({
  id: 'subscription',
  description: 'The life of a subscription.',
  context: ({ input }) => ({
    name: input.name,
    drainMs: 0,
    warnedAt: Number.NEGATIVE_INFINITY,
    report: NOTHING,
  }),
  output: ({ context }) => context.report,
  initial: 'starting',
  states: {
    starting: {
      description: 'Events are queued; whoever delivers them has not come yet.',
      tags: ['open'],
      on: {
        'deliverer.attached': [
          { guard: { type: 'isOverflowing', params: ({ event }) => event }, target: 'active.overflowing' },
          { target: 'active' },
        ],
        'queue.overflowed': {
          guard: { type: 'isWarningDue', params: ({ event }) => event },
          actions: [
            { type: 'rememberWarning', params: ({ event }) => event },
            { type: 'reportOverflowed', params: ({ event }) => event },
          ],
        },
        'queue.drained': 'closing',
        stop: [
          { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'closing' },
          { target: 'draining', actions: { type: 'setDeadline', params: ({ event }) => event } },
        ],
      },
    },
    active: {
      description: 'Events are queued and delivered.',
      tags: ['open', 'delivering'],
      entry: 'reportActivated',
      initial: 'flowing',
      on: {
        'deliverer.detached': 'suspended',
        'queue.drained': 'closing',
        stop: [
          { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'closing' },
          { target: 'draining', actions: { type: 'setDeadline', params: ({ event }) => event } },
        ],
      },
      states: {
        flowing: {
          description: 'There is room for every event.',
          on: {
            'queue.overflowed': [
              {
                guard: { type: 'isWarningDue', params: ({ event }) => event },
                target: 'overflowing',
                actions: [
                  { type: 'rememberWarning', params: ({ event }) => event },
                  { type: 'reportOverflowed', params: ({ event }) => event },
                ],
              },
              { target: 'overflowing' },
            ],
          },
        },
        overflowing: {
          description: 'An event found no room, and the queue has not fallen to the low water mark since.',
          on: {
            'queue.overflowed': {
              guard: { type: 'isWarningDue', params: ({ event }) => event },
              actions: [
                { type: 'rememberWarning', params: ({ event }) => event },
                { type: 'reportOverflowed', params: ({ event }) => event },
              ],
            },
            'queue.relieved': {
              target: 'flowing',
              actions: { type: 'reportRelieved', params: ({ event }) => event },
            },
          },
        },
      },
    },
    suspended: {
      description: 'Nobody delivers, since the process of the subscriber is being started again; the queue keeps (S4).',
      tags: ['open'],
      entry: 'reportSuspended',
      on: {
        'deliverer.attached': [
          { guard: { type: 'isOverflowing', params: ({ event }) => event }, target: 'active.overflowing' },
          { target: 'active' },
        ],
        'queue.overflowed': {
          guard: { type: 'isWarningDue', params: ({ event }) => event },
          actions: [
            { type: 'rememberWarning', params: ({ event }) => event },
            { type: 'reportOverflowed', params: ({ event }) => event },
          ],
        },
        'queue.drained': 'closing',
        stop: [
          { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'closing' },
          { target: 'draining', actions: { type: 'setDeadline', params: ({ event }) => event } },
        ],
      },
    },
    draining: {
      description: 'No event is taken any more; those that wait are delivered until time is up.',
      tags: ['delivering'],
      after: { drainDeadline: 'closing' },
      on: {
        'queue.drained': 'closing',
        stop: { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'closing' },
      },
    },
    closing: {
      description: 'The queue is closed: what is left in it is dropped, what is in flight is unknown.',
      invoke: {
        src: 'closeQueue',
        onDone: {
          target: 'stopped',
          actions: { type: 'rememberReport', params: ({ event }) => ({ report: event.output }) },
        },
        onError: 'stopped',
      },
    },
    stopped: {
      description: 'Over for good.',
      type: 'final',
      tags: ['terminal'],
      entry: 'reportStopped',
    },
  },
});
