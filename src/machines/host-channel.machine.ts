// The way from a plugin to its host: dialled at the first emit, kept, and dialled again after it broke.
//
// Invariants:
//   N1. Nothing is dialled before something waits to be sent, and there is never more than one dial at a time.
//   N2. Calls are carried in `ready` only.
//   N3. Waits grow with each failure in a row; only a call that was answered proves the channel and starts them over.
//   N4. A stop closes the channel from every state; from then on nothing is dialled.

import { assign, fromCallback, fromPromise, setup } from 'xstate';
import type { EventObject } from 'xstate';
import { backoffDelay, resolveBackoff } from '../policy/index.ts';
import type { BackoffPolicy } from '../policy/index.ts';

/** What the chart starts from. */
export interface HostChannelInput {
  /** A number from 0 up to 1; the jitter of all waits follows from it. Default 0.5. */
  readonly random?: number | undefined;
  /** Milliseconds that one dial may take. Default 5,000. */
  readonly dialTimeoutMs?: number | undefined;
  /** Default: 250 ms, doubled up to 10 s, with full jitter. */
  readonly backoff?: BackoffPolicy | undefined;
}

/** What the chart remembers. */
export interface HostChannelContext {
  readonly dialTimeoutMs: number;
  readonly backoff: BackoffPolicy;
  /** Failures since a call was answered. */
  readonly attempt: number;
  /** Where the sequence of random numbers stands. */
  readonly seed: number;
}

/** Commands to the chart, and what its data plane tells it. */
export type HostChannelEvent =
  /** Something waits to be sent. */
  | { readonly type: 'emit.waiting' }
  /** The first call since the dial was answered. */
  | { readonly type: 'channel.proven' }
  /** A call failed because the connection did. */
  | { readonly type: 'channel.broken' }
  | { readonly type: 'stop' };

/** Largest seed of the generator below. */
const MODULUS = 2_147_483_647;
const MULTIPLIER = 48_271;

/** Statechart of a plugin's channel to its host; `actors/host-channel` gives it its effects. */
export const hostChannelMachine = setup({
  types: {
    context: {} as HostChannelContext,
    events: {} as HostChannelEvent,
    input: {} as HostChannelInput,
    tags: {} as 'open' | 'terminal',
  },
  actors: {
    /** Connects to what the host announced. */
    dialHost: fromPromise<void>(() => new Promise<void>(() => {})),
    /** Carries calls over the connection for as long as it runs, and closes the connection at its end. */
    carryCalls: fromCallback<EventObject>(() => {}),
  },
  actions: {
    countFailure: assign({
      attempt: ({ context }) => context.attempt + 1,
      seed: ({ context }) => (context.seed * MULTIPLIER) % MODULUS,
    }),
    forgetFailures: assign({ attempt: 0 }),
  },
  delays: {
    dialTimeout: ({ context }) => context.dialTimeoutMs,
    // The number of failures is counted before the wait, so the first wait is attempt 0.
    backoff: ({ context }) => backoffDelay(context.backoff, context.attempt - 1, context.seed / MODULUS),
  },
}).createMachine({
  id: 'host-channel',
  description: 'The channel on which a plugin emits events and reports results to its host.',
  context: ({ input }) => ({
    dialTimeoutMs: input.dialTimeoutMs ?? 5000,
    backoff: input.backoff ?? resolveBackoff({ initialMs: 250, maxMs: 10_000, jitter: 'full' }),
    attempt: 0,
    // A seed of 0 would stay 0.
    seed: 1 + Math.floor((input.random ?? 0.5) * (MODULUS - 2)),
  }),
  initial: 'unbound',
  states: {
    unbound: {
      description: 'Nothing was ever to be sent.',
      on: { 'emit.waiting': 'dialing', stop: 'closed' },
    },
    dialing: {
      description: 'Waits for the announcement of the host, and connects.',
      invoke: {
        src: 'dialHost',
        onDone: 'ready',
        onError: { target: 'backingOff', actions: 'countFailure' },
      },
      after: { dialTimeout: { target: 'backingOff', actions: 'countFailure' } },
      on: { stop: 'closed' },
    },
    ready: {
      description: 'Calls are carried.',
      tags: ['open'],
      invoke: {
        src: 'carryCalls',
        onError: { target: 'backingOff', actions: 'countFailure' },
      },
      on: {
        'channel.proven': { actions: 'forgetFailures' },
        'channel.broken': { target: 'backingOff', actions: 'countFailure' },
        stop: 'closed',
      },
    },
    backingOff: {
      description: 'The connection failed; the wait before the next dial grows with each failure.',
      after: { backoff: 'dialing' },
      on: { stop: 'closed' },
    },
    closed: { type: 'final', tags: ['terminal'] },
  },
});
