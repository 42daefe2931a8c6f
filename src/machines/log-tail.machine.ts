// Follows the log of a plugin: reads, waits for more, and goes on where it was after the host was away.
//
// Invariants:
//   T1. What is asked for begins where the last answer ended, also after a failure: no entry is told twice.
//   T2. Waits grow with each failure in a row; only an answer starts them over.
//   T3. An answer without entries is followed by a pause, so that a host that does not wait is not asked all the time.
//   T4. A refusal that the next attempt would meet again ends it.

import { assign, emit, fromPromise, setup } from 'xstate';
import { CODES, RuntimeError } from '../errors/index.ts';
import { backoffDelay, resolveBackoff } from '../policy/index.ts';
import type { BackoffPolicy } from '../policy/index.ts';

/** One entry of a log. */
export interface TailEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: string;
  readonly message: string;
}

/** What was read. */
export interface TailPage {
  readonly entries: readonly TailEntry[];
  /** Where the next page begins. */
  readonly cursor: string;
  /** Entries that were gone before they could be read. */
  readonly lost: number;
}

/** What the chart starts from. */
export interface LogTailInput {
  readonly plugin: string;
  /** Where to begin; default: with what is written from now on. */
  readonly cursor?: string | undefined;
  /** Milliseconds after an answer without entries. Default 200. */
  readonly pauseMs?: number | undefined;
  /** Default: 250 ms, doubled up to 10 s. */
  readonly backoff?: BackoffPolicy | undefined;
}

/** What the chart remembers. */
export interface LogTailContext {
  readonly plugin: string;
  readonly cursor: string | undefined;
  readonly pauseMs: number;
  readonly backoff: BackoffPolicy;
  /** Failures since something was read. */
  readonly attempt: number;
}

/** The only command. */
export interface LogTailEvent {
  readonly type: 'stop';
}

/** What the chart says. */
export type LogTailFact =
  | { readonly type: 'logs.read'; readonly page: TailPage }
  /** Told once for each loss of the host. */
  | { readonly type: 'logs.lost'; readonly error: RuntimeError }
  | { readonly type: 'logs.resumed' }
  | { readonly type: 'logs.refused'; readonly error: RuntimeError };

/** Statechart of the tail of a log; `actors/log-tail.actor.ts` gives it its effect. */
export const logTailMachine = setup({
  types: {
    context: {} as LogTailContext,
    events: {} as LogTailEvent,
    emitted: {} as LogTailFact,
    input: {} as LogTailInput,
    tags: {} as 'waiting' | 'terminal',
  },
  actors: {
    readLogs: fromPromise<TailPage, { readonly plugin: string; readonly cursor: string | undefined }>(
      () => new Promise<TailPage>(() => {}),
    ),
  },
  guards: {
    isEmpty: (_, params: { readonly page: TailPage }) => params.page.entries.length === 0,
    isRefused: (_, params: { readonly reason: unknown }) => !CODES[RuntimeError.from(params.reason).code].retryable,
    hasFailed: ({ context }) => context.attempt > 0,
    isFirstFailure: ({ context }) => context.attempt === 0,
  },
  actions: {
    rememberPage: assign({
      cursor: (_, params: { readonly page: TailPage }) => params.page.cursor,
      attempt: 0,
    }),
    countFailure: assign({ attempt: ({ context }) => context.attempt + 1 }),
    reportPage: emit((_, params: { readonly page: TailPage }) => ({ type: 'logs.read' as const, page: params.page })),
    reportLoss: emit((_, params: { readonly reason: unknown }) => ({
      type: 'logs.lost' as const,
      error: RuntimeError.from(params.reason),
    })),
    reportReturn: emit({ type: 'logs.resumed' }),
    reportRefusal: emit((_, params: { readonly reason: unknown }) => ({
      type: 'logs.refused' as const,
      error: RuntimeError.from(params.reason),
    })),
  },
  delays: {
    pause: ({ context }) => context.pauseMs,
    // The number of failures is counted before the wait, so the first wait is attempt 0.
    backoff: ({ context }) => backoffDelay(context.backoff, context.attempt - 1, 0),
  },
}).createMachine({
  id: 'log-tail',
  description: 'Follows the log of one plugin.',
  context: ({ input }) => ({
    plugin: input.plugin,
    cursor: input.cursor,
    pauseMs: input.pauseMs ?? 200,
    backoff: input.backoff ?? resolveBackoff({ initialMs: 250, maxMs: 10_000, jitter: 'none' }),
    attempt: 0,
  }),
  initial: 'reading',
  states: {
    reading: {
      description: 'The host was asked for what comes next; it answers when there is something.',
      invoke: {
        src: 'readLogs',
        input: ({ context: { plugin, cursor } }) => ({ plugin, cursor }),
        onDone: [
          {
            guard: 'hasFailed',
            target: 'pausing',
            actions: [
              'reportReturn',
              { type: 'rememberPage', params: ({ event }) => ({ page: event.output }) },
              { type: 'reportPage', params: ({ event }) => ({ page: event.output }) },
            ],
          },
          {
            guard: { type: 'isEmpty', params: ({ event }) => ({ page: event.output }) },
            target: 'pausing',
            actions: { type: 'rememberPage', params: ({ event }) => ({ page: event.output }) },
          },
          {
            target: 'reading',
            reenter: true,
            actions: [
              { type: 'rememberPage', params: ({ event }) => ({ page: event.output }) },
              { type: 'reportPage', params: ({ event }) => ({ page: event.output }) },
            ],
          },
        ],
        onError: [
          {
            guard: { type: 'isRefused', params: ({ event }) => ({ reason: event.error }) },
            target: 'refused',
            actions: { type: 'reportRefusal', params: ({ event }) => ({ reason: event.error }) },
          },
          {
            guard: 'isFirstFailure',
            target: 'backingOff',
            actions: [{ type: 'reportLoss', params: ({ event }) => ({ reason: event.error }) }, 'countFailure'],
          },
          { target: 'backingOff', actions: 'countFailure' },
        ],
      },
      on: { stop: 'stopped' },
    },
    pausing: {
      description: 'There is nothing new.',
      tags: ['waiting'],
      after: { pause: 'reading' },
      on: { stop: 'stopped' },
    },
    backingOff: {
      description: 'The host could not be asked; the wait before the next attempt grows with each failure.',
      tags: ['waiting'],
      after: { backoff: 'reading' },
      on: { stop: 'stopped' },
    },
    refused: { description: 'The host will not give the log.', type: 'final', tags: ['terminal'] },
    stopped: { type: 'final', tags: ['terminal'] },
  },
});
