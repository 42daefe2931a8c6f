// Carries the audit from the store to one sink: links what is new to the chain, hands it to the sink, and tries again
// after a wait that grows when the store or the sink fails.
//
// Invariants:
//   A1. Nothing is delivered before a step of sealing has gone well: what a sink gets is sealed.
//   A2. There is one step at a time. One that takes longer than `stepMs` is given up and counts as failed.
//   A3. Entries that were written during a step are looked for right after it: none waits for the next poll.
//   A4. Only a step that went well starts the waits over.
//   A5. A stop is heard in every state: what waits is sealed and delivered until time is up, whatever failed before.

import { assign, emit, fromPromise, setup } from 'xstate';
import { RuntimeError } from '../errors/index.ts';
import { backoffDelay, resolveBackoff } from '../policy/index.ts';
import type {
  AuditFailure,
  AuditRelayContext,
  AuditRelayEvent,
  AuditRelayFact,
  AuditRelayInput,
  AuditRelayOutcome,
  AuditStep,
} from './audit-relay.types.ts';

/** Largest seed of the generator below. */
const MODULUS = 2_147_483_647;
const MULTIPLIER = 48_271;

/** Statechart of a relay of the audit; `actors/audit-relay.actor.ts` gives it its effects. */
export const auditRelayMachine = setup({
  types: {
    context: {} as AuditRelayContext,
    events: {} as AuditRelayEvent,
    emitted: {} as AuditRelayFact,
    input: {} as AuditRelayInput,
    output: {} as AuditRelayOutcome,
    tags: {} as 'waiting' | 'terminal',
  },
  actors: {
    /** Links all entries that have no link. */
    sealEntries: fromPromise<void>(() => new Promise<void>(() => {})),
    /** Hands one batch of entries to the sink. */
    deliverBatch: fromPromise<AuditStep>(() => new Promise<AuditStep>(() => {})),
    /** Seals and delivers all that is left. */
    finish: fromPromise<AuditRelayOutcome>(() => new Promise<AuditRelayOutcome>(() => {})),
  },
  guards: {
    hasMore: (_, params: { readonly step: AuditStep }) => params.step.more,
    hasHeard: ({ context }) => context.hasHeard,
    isImmediate: (_, params: { readonly drainMs: number }) => params.drainMs === 0,
  },
  actions: {
    rememberHeard: assign({ hasHeard: true }),
    forgetHeard: assign({ hasHeard: false }),
    countFailure: assign({
      attempt: ({ context }) => context.attempt + 1,
      seed: ({ context }) => (context.seed * MULTIPLIER) % MODULUS,
    }),
    forgetFailures: assign({ attempt: 0 }),
    setDeadline: assign({ drainMs: (_, params: { readonly drainMs: number }) => params.drainMs }),
    rememberOutcome: assign({ isCaughtUp: (_, params: AuditRelayOutcome) => params.isCaughtUp }),
    reportFailed: emit(({ context }, params: { readonly error: unknown }) => ({
      type: 'relay.failed' as const,
      sink: context.sink,
      attempt: context.attempt,
      failure: failureOf(params.error),
    })),
    reportTimeout: emit(({ context }) => ({
      type: 'relay.failed' as const,
      sink: context.sink,
      attempt: context.attempt,
      failure: { code: 'DEADLINE_EXCEEDED', message: `a step of the audit took longer than ${context.stepMs} ms` },
    })),
    reportCaughtUp: emit(({ context }) => ({ type: 'relay.caughtUp' as const, sink: context.sink })),
    reportStopped: emit(({ context: { sink, isCaughtUp } }) => ({ type: 'relay.stopped' as const, sink, isCaughtUp })),
  },
  delays: {
    poll: ({ context }) => context.pollMs,
    settle: ({ context }) => context.settleMs,
    stepDeadline: ({ context }) => context.stepMs,
    drainDeadline: ({ context }) => context.drainMs,
    // The number of failures is counted before the wait, so the first wait is attempt 0.
    backoff: ({ context }) => backoffDelay(context.backoff, context.attempt - 1, context.seed / MODULUS),
  },
}).createMachine({
  id: 'audit-relay',
  description: 'The way of the audit from the store to a sink.',
  context: ({ input }) => ({
    sink: input.sink,
    pollMs: input.pollMs ?? 5000,
    settleMs: input.settleMs ?? 50,
    stepMs: input.stepMs ?? 30_000,
    drainMs: 0,
    backoff: input.backoff ?? resolveBackoff({ initialMs: 250, maxMs: 30_000 }),
    attempt: 0,
    // A seed of 0 would stay 0.
    seed: 1 + Math.floor((input.random ?? 0.5) * (MODULUS - 2)),
    hasHeard: false,
    isCaughtUp: false,
  }),
  output: ({ context }) => ({ isCaughtUp: context.isCaughtUp }),
  // What a former host has left is carried first.
  initial: 'sealing',
  states: {
    idle: {
      tags: ['waiting'],
      after: { poll: 'sealing' },
      on: {
        'entries.written': 'collecting',
        stop: [
          { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'stopped' },
          { target: 'stopping', actions: { type: 'setDeadline', params: ({ event }) => event } },
        ],
      },
    },
    collecting: {
      description: 'An entry was written; the next ones are waited for, so that one step takes them all.',
      tags: ['waiting'],
      after: { settle: 'sealing' },
      on: {
        stop: [
          { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'stopped' },
          { target: 'stopping', actions: { type: 'setDeadline', params: ({ event }) => event } },
        ],
      },
    },
    sealing: {
      description: 'Entries without a link get theirs.',
      entry: 'forgetHeard',
      invoke: {
        src: 'sealEntries',
        onDone: 'delivering',
        onError: {
          target: 'backingOff',
          actions: ['countFailure', { type: 'reportFailed', params: ({ event }) => event }],
        },
      },
      after: { stepDeadline: { target: 'backingOff', actions: ['countFailure', 'reportTimeout'] } },
      on: {
        'entries.written': { actions: 'rememberHeard' },
        stop: [
          { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'stopped' },
          { target: 'stopping', actions: { type: 'setDeadline', params: ({ event }) => event } },
        ],
      },
    },
    delivering: {
      description: 'The sink has a batch of entries.',
      invoke: {
        src: 'deliverBatch',
        onDone: [
          {
            guard: { type: 'hasMore', params: ({ event }) => ({ step: event.output }) },
            target: 'delivering',
            reenter: true,
            actions: 'forgetFailures',
          },
          { guard: 'hasHeard', target: 'sealing', actions: 'forgetFailures' },
          { target: 'idle', actions: ['forgetFailures', 'reportCaughtUp'] },
        ],
        onError: {
          target: 'backingOff',
          actions: ['countFailure', { type: 'reportFailed', params: ({ event }) => event }],
        },
      },
      after: { stepDeadline: { target: 'backingOff', actions: ['countFailure', 'reportTimeout'] } },
      on: {
        'entries.written': { actions: 'rememberHeard' },
        stop: [
          { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'stopped' },
          { target: 'stopping', actions: { type: 'setDeadline', params: ({ event }) => event } },
        ],
      },
    },
    backingOff: {
      description: 'The store or the sink failed; the wait before the next try grows with each failure.',
      tags: ['waiting'],
      after: { backoff: 'sealing' },
      on: {
        stop: [
          { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'stopped' },
          { target: 'stopping', actions: { type: 'setDeadline', params: ({ event }) => event } },
        ],
      },
    },
    stopping: {
      description: 'All that is left is sealed and delivered until time is up.',
      invoke: {
        src: 'finish',
        onDone: { target: 'stopped', actions: { type: 'rememberOutcome', params: ({ event }) => event.output } },
        onError: {
          target: 'stopped',
          actions: ['countFailure', { type: 'reportFailed', params: ({ event }) => event }],
        },
      },
      after: { drainDeadline: 'stopped' },
      on: { stop: { guard: { type: 'isImmediate', params: ({ event }) => event }, target: 'stopped' } },
    },
    stopped: { type: 'final', tags: ['terminal'], entry: 'reportStopped' },
  },
});

function failureOf(error: unknown): AuditFailure {
  const { code, rawMessage } = RuntimeError.from(error);
  return { code, message: rawMessage };
}
